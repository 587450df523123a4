import { describe, expect, it } from "vitest";
import { SweepMap } from "./sweepMap";

describe("the sweep's map", () => {
  it("keeps what comes in any order and knows its extremes", () => {
    const map = new SweepMap(3, 2, 2);
    expect(map.range(0)).toEqual([0, 0]);
    map.take([5, 1], Float32Array.of(0.25, 0.75, 0.5, 0.125));
    expect([map.done, map.count]).toEqual([2, 6]);
    expect(map.value(5, 1)).toBe(0.75);
    expect(map.value(0, 1)).toBeNull();
    expect(map.range(0)).toEqual([0.25, 0.5]);
    expect(map.best(1)).toBe(5);
    expect(map.worst(1)).toBe(1);
    map.take([1], Float32Array.of(0.9, 0.1));
    expect(map.done).toBe(2);
    expect(map.best(0)).toBe(1);
  });

  it("finds the cell of a point and the middle of a cell, row by row", () => {
    const map = new SweepMap(4, 2, 1);
    expect(map.cellAt({ x: 0.9, y: 0.1 })).toBe(3);
    expect(map.cellAt({ x: 1, y: 1 })).toBe(7);
    expect(map.cellAt({ x: -0.1, y: 0.5 })).toBe(-1);
    expect(map.centre(6)).toEqual({ x: 0.625, y: 0.75 });
    expect(map.cellAt(map.centre(6))).toBe(6);
  });
});
