import { describe, expect, it } from "vitest";
import { visibleRows } from "../shared/virtualGrid";
import { justify, justifyLargest, verticalNeighbour } from "./layout";

const spacing = { rowHeight: 130, gap: 8, caption: 22 };
const mixed = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => [1.5, 0.75, 1, 1.78, 1.33][i % 5]);

describe("justify", () => {
  it("fills the width in every row but the last, and overlaps nothing", () => {
    const layout = justify(mixed(103), 720, spacing);
    for (const row of layout.rows.slice(0, -1)) {
      const end = row.last - 1;
      expect(layout.x[end] + layout.width[end]).toBeCloseTo(720, 1);
      expect(row.height).toBeGreaterThan(130 / 1.6);
      expect(row.height).toBeLessThan(130 * 1.41);
    }
    for (const row of layout.rows) {
      for (let i = row.first + 1; i < row.last; i++) expect(layout.x[i]).toBeGreaterThanOrEqual(layout.x[i - 1] + layout.width[i - 1]);
    }
    const last = layout.rows[layout.rows.length - 1];
    expect(last.last).toBe(103);
    expect(last.height).toBeLessThanOrEqual(130);
    expect(layout.height).toBeCloseTo(last.y + last.height + 22, 3);
  });

  it("places 25,000 images and finds the visible rows among them", () => {
    const layout = justify(mixed(25_000), 1100, spacing);
    const middle = layout.height / 2;
    const [from, to] = visibleRows(layout, middle, middle + 600);
    expect(to - from).toBeGreaterThan(3);
    expect(to - from).toBeLessThan(8);
    expect(layout.rows[from].y).toBeLessThanOrEqual(middle);
    expect(layout.rows[to - 1].y).toBeLessThan(middle + 600);
  });

  it("copes with nothing, one extreme picture, broken sizes and a narrow pane", () => {
    expect(justify(new Float32Array(0), 500, spacing)).toMatchObject({ height: 0, rows: [] });
    expect(visibleRows(justify(new Float32Array(0), 500, spacing), 0, 100)).toEqual([0, 0]);
    expect(justify(Float32Array.of(40), 500, spacing).width[0]).toBeLessThanOrEqual(500);
    expect(justify(Float32Array.of(Number.NaN), 500, spacing).width[0]).toBe(130);
    const narrow = justify(Float32Array.of(2.5, 2.5), 100, spacing);
    expect(narrow.rows.length).toBe(2);
    expect(narrow.width[0]).toBeLessThanOrEqual(100.001);
  });
});

describe("justifyLargest", () => {
  it("shows few images larger and many at the usual height", () => {
    const rest = { gap: 8, caption: 22 };
    expect(justifyLargest(mixed(4), 1200, 500, [200, 160, 128], rest).rows[0].height).toBe(200);
    const some = justifyLargest(mixed(10), 1200, 420, [200, 160, 128], rest);
    expect(some.height).toBeLessThanOrEqual(420);
    expect(some.rows[0].height).toBeGreaterThan(140);
    const many = justifyLargest(mixed(400), 1200, 500, [200, 160, 128], rest);
    expect(many.height).toBe(justify(mixed(400), 1200, { ...rest, rowHeight: 128 }).height);
  });
});

describe("verticalNeighbour", () => {
  const layout = justify(new Float32Array(20).fill(1), 552, { rowHeight: 130, gap: 8, caption: 0 });
  it("goes to the picture above or below, and to the ends beyond the first and last row", () => {
    expect(layout.rows[0].last).toBe(4);
    expect(verticalNeighbour(layout, 5, 1)).toBe(9);
    expect(verticalNeighbour(layout, 5, -1)).toBe(1);
    expect(verticalNeighbour(layout, 1, -1)).toBe(0);
    expect(verticalNeighbour(layout, 18, 1)).toBe(19);
    expect(verticalNeighbour(layout, 2, 100)).toBe(18);
  });
});
