import { expect, it } from "vitest";
import { drawing, fileName, source, table } from "./export";
import { Matrix } from "./matrix";
import type { RawMatrix } from "./protocol";

const NASTY = "<img src=x onerror=alert(1)>";
const raw: RawMatrix = {
  classes: ["Food, cooked", '=HYPERLINK("x")'],
  labels: ["Joy", NASTY],
  rows: new Int32Array([0, 1]),
  columns: new Int32Array([0, 1]),
  images: new Int32Array([10, 3]),
  counts: new Int32Array([5, 1, 0, 3]),
  present: new Int32Array([5, 2, 0, 3]),
  other: null,
  strongest: null,
};

it("writes a table that a spreadsheet takes for numbers and text, never for a formula", () => {
  const lines = table(new Matrix(raw, "fraction"), ",").split("\r\n");
  expect(lines).toEqual([`object_class,Joy,${NASTY}`, '"Food, cooked",0.5,0.333333', `"'=HYPERLINK(""x"")",0,1`, ""]);
  expect(table(new Matrix(raw, "presence"), "\t").split("\r\n")[2]).toBe(`"'=HYPERLINK(""x"")"\t\t1`);
});

it("draws vectors with the numbers, and names only as text", () => {
  const root = drawing(new Matrix(raw, "count"), { title: NASTY, subtitle: "settings" });
  const text = source(root);
  expect(root.querySelectorAll("rect").length).toBeGreaterThan(4);
  expect(text).toContain("&lt;img src=x");
  expect(text).not.toContain("<img");
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
  expect(parsed.querySelector("img")).toBeNull();
  expect([...root.querySelectorAll("text")].map((each) => each.textContent)).toContain("5");
});

it("names files without anything that a folder could be", () => {
  expect(fileName(["../my run", "grad-cam", "0.30"])).toBe("association-my-run-grad-cam-0.30");
});
