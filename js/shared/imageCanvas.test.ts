import { describe, expect, it } from "vitest";
import { type Box, boxAt, describeBox } from "./boxes";
import { type CamOverlay, colourise, upsample } from "./cam";
import { ranking, steadyRanking, writeChange, writePercent } from "./labelBars";
import { clampPan, fit, recentre, toImage, toScreen, zoomAt } from "./viewport";

const image = { width: 400, height: 300 };
const area = { width: 800, height: 800 };

describe("viewport", () => {
  it("fits the whole picture in the centre", () => {
    expect(fit(image, area)).toEqual({ scale: 2, x: 0, y: 100 });
    expect(fit({ width: 10, height: 10 }, area).scale).toBe(4);
    expect(fit({ width: 0, height: 0 }, area).scale).toBe(1);
  });

  it("keeps the point under the pointer while zooming, and stops at the fitted size and at the maximum", () => {
    const start = fit(image, area);
    const at = { x: 300, y: 420 };
    const before = toImage(start, at);
    const after = zoomAt(start, 2, at, image, area);
    expect(toScreen(after, before).x).toBeCloseTo(at.x);
    expect(toScreen(after, before).y).toBeCloseTo(at.y);
    expect(zoomAt(after, 0.01, at, image, area)).toEqual(start);
    expect(zoomAt(after, 1e6, at, image, area).scale).toBe(16);
  });

  it("never leaves a gap beside a picture that is larger than the area", () => {
    const view = clampPan({ scale: 4, x: 900, y: -9000 }, image, area);
    expect(view.x).toBe(0);
    expect(view.y).toBe(area.height - 300 * 4);
  });

  it("keeps the same image point in the centre when the area changes", () => {
    const view = zoomAt(fit(image, area), 4, { x: 500, y: 400 }, image, area);
    const smaller = { width: 500, height: 600 };
    const centre = toImage(view, { x: 400, y: 400 });
    const moved = toImage(recentre(view, image, area, smaller), { x: 250, y: 300 });
    expect(moved.x).toBeCloseTo(centre.x);
    expect(moved.y).toBeCloseTo(centre.y);
  });
});

describe("cam", () => {
  const cam: CamOverlay = { grid: Float32Array.of(0, 1, 0, 1), height: 2, width: 2, view: { x0: 0, y0: 0, x1: 4, y1: 4 } };

  it("is upsampled as torch and Pillow do: half-pixel centres, clamped edges", () => {
    expect(Array.from(upsample(cam, 1, 4))).toEqual([0, 0.25, 0.75, 1]);
    const big = upsample(cam, 8, 8);
    expect(big.reduce((a, b) => a + b) / 64).toBeCloseTo(0.5, 6);
    expect(Math.max(...big)).toBe(1);
    expect(upsample({ ...cam, grid: Float32Array.of(0.3), height: 1, width: 1 }, 3, 3).every((v) => Math.abs(v - 0.3) < 1e-6)).toBe(true);
  });

  it("is more opaque where it is greater", () => {
    const pixels = new Uint8ClampedArray(12);
    colourise(Float32Array.of(0, 0.5, 1), () => [10, 20, 30], pixels);
    expect(pixels[0]).toBe(10);
    expect(pixels[3]).toBeLessThan(pixels[7]);
    expect(pixels[11]).toBe(255);
  });
});

describe("boxes", () => {
  const box = (x0: number, y0: number, x1: number, y1: number, strong = true): Box => ({
    x0, y0, x1, y1, strong, objectClass: "Person", confidence: 0.9, importance: 0.5, colour: "red",
  });

  it("are hit smallest first, strong ones before faint ones", () => {
    const whole = box(0, 0, 100, 100);
    const part = box(40, 40, 60, 60);
    expect(boxAt([whole, part], { x: 50, y: 50 })).toBe(part);
    expect(boxAt([part, whole], { x: 10, y: 10 })).toBe(whole);
    expect(boxAt([whole, box(40, 40, 60, 60, false)], { x: 50, y: 50 })).toBe(whole);
    expect(boxAt([whole, part], { x: 101, y: 50 })).toBeNull();
    expect(boxAt([whole, part], { x: 101, y: 50 }, 2)).toBe(whole);
  });

  it("are described with class, confidence, importance and size", () => {
    expect(describeBox(box(0, 0, 40, 30), image)).toBe("Person: confidence 0.90, importance 0.50, 1 % of the image");
    expect(describeBox({ ...box(0, 0, 4, 3), importance: null }, image)).toBe("Person: confidence 0.90, under 1 % of the image");
  });
});

describe("label bars", () => {
  it("write numbers as people read them", () => {
    expect([0.929, 0.0001, 0, 1].map(writePercent)).toEqual(["92.9 %", "< 0.1 %", "0.0 %", "100.0 %"]);
    expect([0.6434, -0.02, 0, 0.0001, -0.0001].map(writeChange)).toEqual(["+64.3", "−2.0", "0.0", "0.0", "0.0"]);
  });

  it("keep their places while a hand moves, unless one is clearly greater or first", () => {
    const before = [0, 1, 2, 3];
    expect(steadyRanking(Float32Array.of(0.5, 0.1, 0.102, 0.298), before)).toEqual([0, 3, 1, 2]);
    expect(steadyRanking(Float32Array.of(0.4, 0.401, 0.1, 0.1), before)).toEqual([1, 0, 2, 3]);
    expect(steadyRanking(Float32Array.of(0.1, 0.2), [-1, -1])).toEqual([1, 0]);
  });

  it("rank the greatest first and keep the order of equals", () => {
    expect(ranking(Float32Array.of(0.1, 0.5, 0.1, 0.3))).toEqual([1, 3, 0, 2]);
  });
});
