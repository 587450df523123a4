import { describe, expect, it } from "vitest";
import { centre, dragCorner, dragTurn, fromLocal, handles, hit, keyed, LARGEST, partAt, place, type Placement, resize, SMALLEST, toLocal, turn } from "./placement";

const image = { width: 400, height: 200 };
const ball: Placement = { ...place("ball", { x: 200, y: 100 }, image), height: 0.5 };
const aspects = new Map([["ball", 2], ["pole", 0.1]]);

describe("a placement", () => {
  it("is relative to the image and keeps its centre on it", () => {
    expect(place("ball", { x: 100, y: 50 }, image)).toMatchObject({ x: 0.25, y: 0.25, height: 0.2, rotation: 0, flip: false, opacity: 1 });
    expect(place("ball", { x: -90, y: 900 }, image)).toMatchObject({ x: 0, y: 1 });
    expect(centre(ball, image)).toEqual({ x: 200, y: 100 });
  });

  it("turns clockwise: its top goes to the right", () => {
    const turned = { ...ball, rotation: 90 };
    const top = fromLocal(turned, image, { x: 0, y: -50 });
    expect(top.x).toBeCloseTo(250);
    expect(top.y).toBeCloseTo(100);
    const back = toLocal(turned, image, top);
    expect(back.x).toBeCloseTo(0);
    expect(back.y).toBeCloseTo(-50);
  });

  it("is hit inside its turned outline only, the topmost first", () => {
    const turned = { ...ball, rotation: 90 };
    expect(hit([ball], aspects, image, { x: 290, y: 100 }, 0)).toBe(0);
    expect(hit([turned], aspects, image, { x: 290, y: 100 }, 0)).toBe(-1);
    expect(hit([turned], aspects, image, { x: 200, y: 190 }, 0)).toBe(0);
    expect(hit([ball, turned], aspects, image, { x: 200, y: 100 }, 0)).toBe(1);
    expect(hit([], aspects, image, { x: 200, y: 100 }, 0)).toBe(-1);
  });

  it("shows its handles where they can be taken", () => {
    const found = handles(ball, 2, image, 10);
    expect(found.corners[2]).toEqual({ x: 300, y: 150 });
    expect(partAt(ball, 2, image, { x: 300, y: 150 }, 10)).toBe("corner");
    expect(partAt(ball, 2, image, found.turn, 10)).toBe("turn");
    expect(partAt(ball, 2, image, found.remove, 10)).toBe("remove");
    expect(partAt(ball, 2, image, { x: 200, y: 100 }, 10)).toBe("body");
    expect(partAt(ball, 2, image, { x: 20, y: 20 }, 10)).toBeNull();
    expect(partAt({ ...ball, height: 0.05 }, 2, image, { x: 200, y: 100 }, 10)).toBe("body");
  });

  it("grows about its centre and stays within reason", () => {
    expect(dragCorner(ball, image, { x: 300, y: 150 }, { x: 250, y: 125 }).height).toBeCloseTo(0.25);
    expect(resize(ball, 1000).height).toBe(LARGEST);
    expect(resize(ball, 0).height).toBe(SMALLEST);
  });

  it("turns by its handle, and the quarters hold on", () => {
    expect(dragTurn(ball, image, { x: 300, y: 0 }).rotation).toBeCloseTo(45);
    expect(dragTurn(ball, image, { x: 203, y: 0 }).rotation).toBe(0);
    expect(dragTurn(ball, image, { x: 100, y: 101 }).rotation).toBe(-90);
    expect(turn({ ...ball, rotation: 175 }, 15).rotation).toBe(-170);
  });

  it("follows the keys", () => {
    expect(keyed(ball, "ArrowRight", false, image)?.x).toBeCloseTo(0.505);
    expect(keyed(ball, "ArrowUp", true, image)?.y).toBeCloseTo(0.45);
    expect(keyed(ball, "+", false, image)?.height).toBeCloseTo(0.55);
    expect(keyed(ball, "r", false, image)?.rotation).toBe(15);
    expect(keyed(ball, "f", false, image)?.flip).toBe(true);
    expect(keyed(ball, "q", false, image)).toBeNull();
  });
});
