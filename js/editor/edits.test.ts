import { describe, expect, it } from "vitest";
import { asKind, boxBetween, describeEdit, lassoThrough, makeEdit, ofSegments, toggled, WHOLE, withEdit, writeStrength } from "./edits";

describe("edits of regions", () => {
  it("make a box of two corners in any order, on the image, and none of a mere click", () => {
    expect(boxBetween({ x: 0.8, y: -0.5 }, { x: 0.2, y: 0.5 })?.box).toEqual([0.2, 0, 0.8, 0.5]);
    expect(boxBetween({ x: 0.5, y: 0.5 }, { x: 0.501, y: 0.9 })).toBeNull();
  });

  it("make a lasso of few corners, however long the hand drew", () => {
    const circle = Array.from({ length: 5000 }, (_, i) => ({ x: 0.5 + 0.3 * Math.cos(i / 800), y: 0.5 + 0.3 * Math.sin(i / 800) }));
    const lasso = lassoThrough(circle);
    expect(lasso?.points.length).toBeGreaterThan(100);
    expect(lasso?.points.length).toBeLessThanOrEqual(400);
    expect(lassoThrough(circle.slice(0, 2))).toBeNull();
    expect(lassoThrough([0.1, 0.2, 0.3].map((x) => ({ x, y: 0.5 })))).toBeNull();
  });

  it("keep one crop", () => {
    const grey = makeEdit("grey", WHOLE);
    const crop = makeEdit("crop", { ...WHOLE, region: "box", box: [0, 0, 0.5, 0.5] });
    const other = makeEdit("crop", { ...WHOLE, region: "box", box: [0, 0, 0.7, 0.7] });
    expect(withEdit(withEdit(withEdit([], crop), grey), other)).toEqual([grey, other]);
  });

  it("have strengths that their kind can have", () => {
    const darker = { ...makeEdit("brighten", WHOLE), strength: -0.4 };
    expect(asKind(darker, "warm").strength).toBe(-0.4);
    expect(asKind(darker, "grey").strength).toBe(1);
    expect(writeStrength(darker)).toBe("40 % darker");
  });

  it("are described with their place", () => {
    expect(describeEdit({ ...makeEdit("warm", WHOLE), strength: -0.5 })).toBe("Cooler: whole picture, 50 %");
    expect(describeEdit(makeEdit("grey", ofSegments([9, 2])))).toBe("Grey out: 2 segments, 100 %");
    expect(describeEdit(makeEdit("crop", { ...WHOLE, region: "box", box: [0, 0, 1, 1] }))).toBe("Crop to: box");
  });

  it("take segments in and out, in order", () => {
    expect(toggled([3, 20], 4)).toEqual([3, 4, 20]);
    expect(toggled([3, 4, 20], 4)).toEqual([3, 20]);
  });
});
