import { describe, expect, it } from "vitest";
import type { Box } from "../shared/boxes";
import { cellAt, cellRectangle, cellsBetween, coveredShare, type Grid, Marks, outline } from "./marks";

const GRID: Grid = { rows: 4, columns: 5, view: { x0: 10, y0: 0, x1: 60, y1: 40 } };
const SIZE = { width: 100, height: 40 };

describe("cells", () => {
  it("are found under a point, and nothing outside what the classifier saw", () => {
    for (const cell of [0, 4, 7, 19]) {
      const { x0, y0, x1, y1 } = cellRectangle(GRID, cell);
      expect(cellAt(GRID, { x: (x0 + x1) / 2, y: (y0 + y1) / 2 })).toBe(cell);
    }
    expect(cellAt(GRID, { x: 9, y: 5 })).toBe(-1);
    expect(cellAt(GRID, { x: 60, y: 5 })).toBe(-1);
    expect(cellAt(GRID, { x: 20, y: -1 })).toBe(-1);
  });

  it("of a quick stroke leave no gap", () => {
    expect(cellsBetween(GRID, { x: 12, y: 5 }, { x: 58, y: 5 })).toEqual([0, 1, 2, 3, 4]);
    expect(cellsBetween(GRID, { x: 15, y: 5 }, { x: 15, y: 5 })).toEqual([0]);
  });

  it("are outlined together, not one by one, and not across the edge", () => {
    expect(outline(GRID, new Set([0]))).toHaveLength(4);
    expect(outline(GRID, new Set([0, 1]))).toHaveLength(6);
    expect(outline(GRID, new Set([4, 5]))).toHaveLength(8);
  });
});

it("what overlaps covers the picture once", () => {
  const square = { x0: 0, y0: 0, x1: 20, y1: 20 };
  expect(coveredShare([square, square], SIZE)).toBeCloseTo(0.1);
  expect(coveredShare([square, { x0: 10, y0: 10, x1: 30, y1: 30 }], SIZE)).toBeCloseTo(700 / 4000);
  expect(coveredShare([{ x0: -50, y0: -50, x1: 500, y1: 500 }], SIZE)).toBe(1);
  expect(coveredShare([], SIZE)).toBe(0);
});

it("marks are toggled, brushed, put in words and sent in order", () => {
  const marks = new Marks();
  const box: Box = { objectClass: "Person", confidence: 1, importance: null, strong: false, colour: "red", x0: 0, y0: 0, x1: 20, y1: 20 };
  expect(marks.words([box], GRID, SIZE)).toBe("");
  marks.toggleBox(0);
  marks.setCells([7, 3], true);
  expect(marks.chosen).toEqual({ boxes: [0], cells: [3, 7] });
  expect(marks.words([box], GRID, SIZE)).toBe("1 thing and 2 cells marked, 15 % of the picture");
  marks.toggleBox(0);
  marks.setCells([7, 3], false);
  expect(marks.empty).toBe(true);
});
