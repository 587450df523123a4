import { describe, expect, it } from "vitest";
import { pinched } from "./pinch";
import { place } from "./placement";
import { nearestBox, onto, over } from "./snap";

const image = { width: 400, height: 200 };
const box = (name: string, x0: number, y0: number, x1: number, y1: number) => ({ name, objectClass: name, x0, y0, x1, y1 });
const boxes = [box("face", 100, 50, 140, 90), box("head", 90, 40, 152, 100), box("ball", 300, 100, 340, 180)];

describe("snapping", () => {
  it("takes the nearest centre within reach, or none", () => {
    expect(nearestBox(boxes, { x: 122, y: 70 }, 8)).toBe(1);
    expect(nearestBox(boxes, { x: 119, y: 70 }, 8)).toBe(0);
    expect(nearestBox(boxes, { x: 320, y: 130 }, 8)).toBe(-1);
    expect(nearestBox(boxes, { x: 320, y: 133 }, 8)).toBe(2);
  });

  it("puts a thing on the centre, or covers the box with it", () => {
    const ball = { ...place("ball", { x: 10, y: 10 }, image), rotation: 30 };
    expect(onto(ball, boxes[2], image)).toEqual({ ...ball, x: 0.8, y: 0.7 });
    expect(over(ball, boxes[2], 2, image)).toMatchObject({ x: 0.8, y: 0.7, height: 0.4, rotation: 0 });
    expect(over(ball, boxes[0], 0.25, image).height).toBeCloseTo(0.8); // a narrow thing has to be high to be as wide
  });
});

describe("two fingers", () => {
  const ball = { ...place("ball", { x: 200, y: 100 }, image), height: 0.2 };
  const start = { one: { x: 180, y: 100 }, other: { x: 220, y: 100 } };

  it("scale about their middle", () => {
    expect(pinched(ball, image, start, { one: { x: 160, y: 100 }, other: { x: 240, y: 100 } })).toMatchObject({ x: 0.5, y: 0.5, height: 0.4, rotation: 0 });
  });

  it("turn, and carry along", () => {
    const turned = pinched(ball, image, start, { one: { x: 240, y: 80 }, other: { x: 240, y: 120 } });
    expect(turned.rotation).toBeCloseTo(90);
    expect(turned.height).toBeCloseTo(0.2);
    expect(turned.x).toBeCloseTo(0.6);
  });
});
