import { expect, it } from "vitest";
import { axisTop, type Bar, byObject, describe, initials, keyOf, sameKey } from "./state";

const bar = (variant: string, position: number, share: number, more: Partial<Bar> = {}): Bar => ({
  object: "rugby ball", variant, position, at: null, x: 0.5, y: 0.5, n: 40, switched: Math.round(40 * share), share, low: null, high: null, to_label: share > 0 ? "Joy" : null, to_count: 1, ...more,
});

it("puts an object's bar before its controls, and places on boxes behind those of the grid", () => {
  const bars = [bar("grey", 0, 0.1), bar("object", -3, 0.2, { at: "Person" }), bar("object", 1, 0.3), bar("object", 0, 0.4)];
  const places = byObject(bars).get("rugby ball")!;
  expect(places.map((place) => place.position)).toEqual([0, 1, -3]);
  expect(places[0].bars.map((each) => each.variant)).toEqual(["object", "grey"]);
});

it("has room for every interval on its axis, in round shares", () => {
  expect(axisTop([bar("object", 0, 0.12)])).toBeCloseTo(0.15);
  expect(axisTop([bar("object", 0, 0.12, { high: 0.33 })])).toBeCloseTo(0.4);
  expect(axisTop([bar("object", 0, 0)])).toBeCloseTo(0.05);
  expect(axisTop([bar("object", 0, 0.99, { high: 1 })])).toBe(1);
});

it("says what a bar means", () => {
  expect(describe(bar("object", 4, 0.1, { low: 0.04, high: 0.23 }))).toBe("rugby ball, position 5: 10 % (4 of 40) switched, 95 % interval 4 to 23 %; most often to Joy (1)");
  expect(describe(bar("grey", -2, 0, { at: "Food" }))).toBe("grey silhouette of rugby ball, on Food: 0 % (0 of 40) switched");
  expect([initials("Empathetic Pain"), initials("Joy")]).toEqual(["EP", "Jo"]);
  expect(sameKey(keyOf(bar("object", 1, 0)), ["rugby ball", "object", 1])).toBe(true);
  expect(sameKey(null, ["rugby ball", "object", 1])).toBe(false);
});
