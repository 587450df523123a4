import { expect, it } from "vitest";
import { describePair, readTables, type RsaTables, summary, write, writeP } from "./state";

const view = (...values: number[]): DataView => new DataView(new Float32Array(values).buffer);
const raw = { methods: ["a", "b"], rho: view(1, 0.8, 0.8, 1), p_value: view(0, 1e-9, 1e-9, 0), low: view(1, 0.7, 0.7, 1), high: view(1, 0.9, 0.9, 1), shuffled: view(0.6, 0.5, 0.7, 0.65), uniform: view(0.75, 0.7), images: 1200, values: 480, whole: true };

it("says everything of a pair, the controls beside it", () => {
  const tables = readTables(raw)!;
  expect(describePair(tables, 0, 1)).toBe("a and b: ρ 0.80 (95 % 0.70 to 0.90 over resampled images); with one's maps exchanged between the images 0.60; p < 0.0001.");
  expect(describePair(tables, 1, 1)).toContain("uniform map reaches 0.70");
  expect(summary(tables)).toBe("The methods agree at ρ 0.80; a uniform map reaches 0.70 to 0.75, their own maps, exchanged between the images, 0.60 to 0.65.");
});

it("says what is not there yet, or not defined", () => {
  const early: RsaTables = { ...readTables(raw)!, low: new Float32Array(4).fill(NaN), shuffled: new Float32Array(4).fill(NaN) };
  expect(describePair(early, 0, 1)).toBe("a and b: ρ 0.80; p < 0.0001.");
  expect(describePair({ ...early, rho: new Float32Array([1, NaN, NaN, NaN]) }, 0, 1)).toContain("nothing to rank");
  expect(readTables({ ...raw, methods: undefined })).toBeNull();
});

it("writes numbers so that none is more than it is", () => {
  expect([write(-0.001), write(-0.55), write(NaN)]).toEqual(["0.00", "−0.55", "–"]);
  expect([writeP(0.00001), writeP(0.0312), writeP(NaN)]).toEqual(["< 0.0001", "0.0312", "–"]);
});
