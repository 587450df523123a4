import { expect, it } from "vitest";
import { Matrix, type RawMatrix } from "./matrix";

const view = (values: Float32Array | Int32Array): DataView => new DataView(values.buffer);

const raw: RawMatrix = {
  classes: ["Sports equipment", "Food"],
  labels: ["Excitement", "Joy", "Sexual Desire"],
  images: view(new Int32Array([108, 50, 0])),
  counts: view(new Int32Array([36, 0, 0, 2, 50, 0])),
  fractions: view(new Float32Array([36 / 108, 0, 0, 2 / 108, 1, 0])),
  lift: view(new Float32Array([8.1, 0, 0, 0.02, 54, 0])),
  strongest: null,
};
const matrix = new Matrix(raw);

it("says a cell in words", () => {
  expect(matrix.sentence(0)).toBe("36 of 108 images labelled Excitement (33 %), lift 8.1");
  expect(matrix.sentence(1)).toBe("0 of 50 images labelled Joy (0 %)");
  expect(matrix.sentence(2)).toBe("no image labelled Sexual Desire");
});

it("finds a cell by its names and back", () => {
  expect(matrix.index(["Food", "Joy"])).toBe(4);
  expect(matrix.cell(4)).toEqual(["Food", "Joy"]);
  expect(matrix.index(["Plant", "Joy"])).toBe(-1);
});

it("writes what fits the measure, and nothing for nothing", () => {
  expect(matrix.text(0, "fraction")).toBe("33");
  expect(matrix.text(0, "count")).toBe("36");
  expect(matrix.text(0, "lift")).toBe("8.1");
  expect(matrix.text(4, "lift")).toBe("54");
  expect(matrix.text(1, "fraction")).toBe("");
});

it("colours more as more, and a label without images as neutral", () => {
  expect(matrix.colour(4, "fraction", false)).not.toEqual(matrix.colour(3, "fraction", false));
  const [r, g, b] = matrix.colour(2, "lift", false);
  expect(Math.max(r, g, b) - Math.min(r, g, b)).toBeLessThan(6);
});

it("keeps the order of its rows while the classes stay the same", () => {
  const kept = new Matrix(raw, ["Food", "Sports equipment"]);
  expect(kept.classes).toEqual(["Food", "Sports equipment"]);
  for (const cell of [["Food", "Joy"], ["Sports equipment", "Excitement"]] as const) {
    expect(kept.sentence(kept.index([...cell]))).toBe(matrix.sentence(matrix.index([...cell])));
  }
  expect(new Matrix(raw, ["Food", "Plant"]).classes).toEqual(raw.classes);
});
