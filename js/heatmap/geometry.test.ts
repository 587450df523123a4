import { describe, expect, it } from "vitest";
import { angleFor, geometry, ROW_MIN } from "./geometry";
import { drawnFor, rowsFor, ROWS_AT_ONCE } from "./window";

const labels = [56, 128, 66, 42, 28, 52, 60, 46, 44, 90, 78, 66, 26, 36, 44, 20, 60, 48, 86, 50];
const names = (rows: number): { classes: number[]; labels: number[] } => ({ classes: Array.from({ length: rows }, (_, i) => 40 + (i % 70)), labels });

describe("geometry", () => {
  it("stays inside the width and leaves most of a low pane to the rows", () => {
    const found = geometry(names(25), { width: 620, height: 300 }, 0);
    expect(found.width).toBeLessThanOrEqual(620);
    expect(found.head).toBeLessThanOrEqual(0.3 * 300 + 4);
    expect(found.row).toBe(ROW_MIN);
    expect(Math.floor((300 - found.head) / found.row)).toBeGreaterThanOrEqual(13);
  });

  it("gives rows and columns the room there is", () => {
    const found = geometry(names(10), { width: 1200, height: 900 }, 0);
    expect(found.cell).toBeGreaterThan(40);
    expect(found.row).toBe(30);
    expect(found.text).toBe(128); // no name is cut off
  });

  it("takes the size that was asked for, though it does not fit", () => {
    const found = geometry(names(100), { width: 620, height: 300 }, 40);
    expect([found.row, found.cell]).toEqual([40, 56]);
    expect(found.width).toBeGreaterThan(620);
  });

  it("lays neighbouring names as flat as they do not touch", () => {
    for (const cell of [17, 20, 25, 40]) {
      const angle = angleFor(cell);
      expect(cell * Math.sin((angle * Math.PI) / 180)).toBeGreaterThanOrEqual(13.9);
    }
    expect(angleFor(25)).toBeLessThan(angleFor(20));
    expect(angleFor(14)).toBe(90);
  });
});

describe("rows that exist", () => {
  it("are all of a short heatmap", () => expect(rowsFor(null, 30, 50, 100)).toEqual({ start: 0, end: 100 }));

  it("are those near sight of a long one, and stay the same until others come into sight", () => {
    const first = rowsFor(null, 0, 20, 601);
    expect(first).toEqual({ start: 0, end: ROWS_AT_ONCE });
    expect(rowsFor(first, 60, 80, 601)).toBe(first);
    const later = rowsFor(first, 300, 320, 601);
    expect(later.start).toBeLessThanOrEqual(300);
    expect(later.end).toBeGreaterThanOrEqual(320);
    expect(later.end - later.start).toBe(ROWS_AT_ONCE);
    expect(rowsFor(later, 590, 620, 601).end).toBe(601);
  });
});

describe("what is drawn", () => {
  it("is all of a small heatmap", () => expect(drawnFor(null, 0, 500, 20, 50)).toEqual({ start: 0, end: 50 }));

  it("is what is in sight and as much around it, and stays the same until other rows come into sight", () => {
    const first = drawnFor(null, 0, 500, 15, 100); // 34 rows and a part of one are in sight
    expect(first).toEqual({ start: 0, end: 70 });
    expect(drawnFor(first, 300, 500, 15, 100)).toBe(first);
    const last = drawnFor(first, 1000, 500, 15, 100);
    expect(last).toEqual({ start: 30, end: 100 });
    expect(drawnFor(last, 1000, 700, 15, 100).end).toBe(100); // a higher window
  });
});
