import { describe, expect, it } from "vitest";
import { absoluteView, relativeView } from "./linkedView";
import { fit, toImage, zoomAt } from "./viewport";

const area = { width: 400, height: 300 };
const wide = { width: 800, height: 400 };
const tall = { width: 300, height: 900 };

describe("a linked view", () => {
  it("shows the same part of a picture of another size", () => {
    const view = zoomAt(fit(wide, area), 4, { x: 300, y: 200 }, wide, area);
    const relative = relativeView(view, wide, area);
    expect(relative.zoom).toBeCloseTo(4);
    const other = absoluteView(relative, tall, area);
    const middle = toImage(other, { x: 200, y: 150 });
    expect(middle.y / tall.height).toBeCloseTo(relative.centre.y);
    expect(other.scale / fit(tall, area).scale).toBeCloseTo(4);
    expect(absoluteView(relative, wide, area).scale).toBeCloseTo(view.scale);
    expect(absoluteView(relative, wide, area).x).toBeCloseTo(view.x);
  });

  it("of a fitted picture is fitted, and leaves no gap at an edge", () => {
    expect(absoluteView(relativeView(fit(wide, area), wide, area), tall, area)).toEqual(fit(tall, area));
    const corner = absoluteView({ zoom: 8, centre: { x: 0, y: 0 } }, wide, area);
    expect([corner.x, corner.y]).toEqual([0, 0]);
  });
});
