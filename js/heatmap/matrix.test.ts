import { expect, it } from "vitest";
import { Matrix } from "./matrix";
import type { Marks, RawMatrix } from "./protocol";

const raw: RawMatrix = {
  classes: ["Sports equipment", "Food"],
  labels: ["Excitement", "Joy", "Sexual Desire"],
  rows: new Int32Array([0, 1]),
  columns: new Int32Array([0, 1, 2]),
  images: new Int32Array([108, 50, 0]),
  counts: new Int32Array([36, 0, 0, 2, 50, 0]),
  present: new Int32Array([72, 0, 0, 4, 50, 0]),
  other: null,
  strongest: null,
};
const matrix = new Matrix(raw, "fraction");

it("says a cell in words", () => {
  // nothing in Joy: half an image is taken to count there, so (36 / 108) / (0.5 / 50)
  expect(matrix.sentence(0)).toBe("36 of 108 images labelled Excitement (33 %), lift 33.3");
  expect(matrix.sentence(1)).toBe("0 of 50 images labelled Joy (0 %)");
  expect(matrix.sentence(2)).toBe("no image labelled Sexual Desire");
});

it("says what is known of chance", () => {
  const marks: Marks = { rate: 0.05, sign: new Int8Array([1, 0, 0, -1, 0, 0]), rates: new Float32Array([1e-5, 0.2, Number.NaN, 0.012, 0, 0]) };
  expect(matrix.sentence(0, marks)).toContain("significantly more (q < 0.001)");
  expect(matrix.sentence(1, marks)).toContain("not significant (q = 0.200)");
  expect(matrix.sentence(3, marks)).toContain("significantly less (q = 0.012)");
});

it("finds a cell by its names and back", () => {
  expect(matrix.index(["Food", "Joy"])).toBe(4);
  expect(matrix.cell(4)).toEqual(["Food", "Joy"]);
  expect(matrix.index(["Plant", "Joy"])).toBe(-1);
});

it("writes what fits the measure, and nothing for nothing", () => {
  expect(matrix.text(0)).toBe("33");
  expect(matrix.text(1)).toBe("");
  expect(new Matrix(raw, "count").text(0)).toBe("36");
  const lift = new Matrix(raw, "lift");
  expect(lift.text(4)).toBe("54"); // 1 / (2 / 108)
  expect(lift.text(1)).toBe("0");
  const presence = new Matrix(raw, "presence");
  expect(presence.text(0)).toBe("50");
  expect(presence.isEmpty(1)).toBe(true);
  expect(presence.sentence(0)).toContain("50 % of the 72 that show it");
});

it("colours more as more, and a label without images as neutral", () => {
  expect(matrix.colour(4, false)).not.toEqual(matrix.colour(3, false));
  const [r, g, b] = new Matrix(raw, "lift").colour(2, false);
  expect(Math.max(r, g, b) - Math.min(r, g, b)).toBeLessThan(6);
});

it("writes a difference with its sign, in colours that are told apart without red and green", () => {
  const other = { name: "lift-cam", images: raw.images, counts: new Int32Array([9, 0, 0, 2, 30, 0]), present: raw.present, lift: new Float32Array([3, 0, 0, 1, 1, 0]) };
  const less = new Matrix({ ...raw, other }, "fraction");
  expect(less.isDifference).toBe(true);
  expect(less.text(0)).toBe("+25");
  expect(less.text(3)).toBe("");
  expect(new Matrix({ ...raw, other }, "lift").text(4)).toBe("+53"); // 54 less the 1 that was told
  expect(new Matrix({ ...raw, other: { ...other, lift: null } }, "lift").text(4)).toBe("+22"); // less 0.6 / (2 / 108)
  const turned = new Matrix({ ...raw, counts: other.counts, other: { ...other, counts: raw.counts } }, "count");
  expect(turned.text(0)).toBe("−27");
  expect(turned.sentence(0)).toBe("9 of 108 images labelled Excitement (8 %), 36 of 108 (33 %) by lift-cam: −27 images");
  const [more, fewer] = [less.colour(0, false), turned.colour(0, false)];
  expect(more[2]).toBeGreaterThan(more[0]); // blue
  expect(fewer[0]).toBeGreaterThan(fewer[2]); // orange
  expect(less.legendEnds).toEqual(["−40", "+40"]);
});
