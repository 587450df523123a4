import { describe as suite, expect, it } from "vitest";
import { Segments } from "./segments";
import { byStrength, describe, describeRegion, isClear, largest, type LimeMap, median, readMap, writeWeight } from "./state";

const buffer = (values: Int32Array | Float32Array): DataView => new DataView(values.buffer);
// 4 x 2: region 0 the left half, 1 the upper and 2 the lower right
const RUNS = new Int32Array([2, 0, 2, 1, 2, 0, 2, 2]);
const content = { scene: 1, targets: ["Joy", "Awe"], regions: 3, width: 4, height: 2, samples: 400, total: 1000, r2: [0.99, 0.5], output: "probabilities", covered: false };
const weights = new Float32Array([0.1, -0.5, 0, 0.02, 0.01, -0.03]);
const errors = new Float32Array([0.01, 0.02, 0.03, NaN, NaN, NaN]);
const read = (before: LimeMap | null = null): LimeMap => readMap(content, [buffer(RUNS), buffer(weights), buffer(errors)], before)!;

suite("segments", () => {
  const segments = new Segments(RUNS, 4, 2, 3);

  it("knows which region lies where, how large it is and where its middle is", () => {
    expect([...segments.ids]).toEqual([0, 0, 1, 1, 0, 0, 2, 2]);
    expect([...segments.areas]).toEqual([0.5, 0.25, 0.25]);
    expect(segments.centres[0]).toEqual({ x: 0.25, y: 0.5 });
    expect(segments.at({ x: 0.9, y: 0.2 })).toBe(1);
    expect(segments.at({ x: 0.9, y: 0.8 })).toBe(2);
    expect(segments.at({ x: 1.1, y: 0.5 })).toBe(-1);
  });

  it("reads from top to bottom, whatever the weights", () => {
    expect(segments.reading()).toEqual([1, 0, 2]);
  });
});

suite("a map", () => {
  it("is read label by label from the buffers", () => {
    const map = read();
    expect(map.explained.map((each) => each.target)).toEqual(["Joy", "Awe"]);
    expect([...map.explained[1].weights]).toEqual([...weights.slice(3)]);
    expect(largest(map)).toBeCloseTo(0.5);
    expect(largest(map, map.explained[1])).toBeCloseTo(0.03);
    expect(byStrength(map.explained[0].weights)).toEqual([1, 0, 2]);
  });

  it("keeps the same regions, so that their outlines are traced once", () => {
    const first = read();
    expect(read(first).segments).toBe(first.segments);
    expect(readMap({ ...content, scene: 2 }, [buffer(RUNS), buffer(weights), buffer(errors)], first)!.segments).not.toBe(first.segments);
  });

  it("is nothing before there are regions", () => {
    expect(readMap({ ...content, regions: 0 }, [], null)).toBeNull();
  });

  it("has its labels and says how far it is while it is covered, and no weight", () => {
    const covered = (samples: number): LimeMap => readMap({ ...content, samples, r2: [], covered: true }, [buffer(RUNS), new DataView(new ArrayBuffer(0)), new DataView(new ArrayBuffer(0))], read())!;
    expect(covered(400).explained.map((each) => [each.target, ...each.weights])).toEqual([["Joy", 0, 0, 0], ["Awe", 0, 0, 0]]);
    expect(describe(covered(400), "running")).toBe("400 of 1,000 samples, 3 regions: the map is made meanwhile, and shown when you lock");
    expect(describe(covered(400), "cancelled")).toBe("400 of 1,000 samples, 3 regions, cancelled");
    expect(describe(covered(1000), "done")).toBe("1,000 samples, 3 regions: the map is ready, and shown when you lock");
  });

  it("is told in words at every stage", () => {
    expect(describe(null, "running")).toContain("Cutting");
    expect(describe(read(), "running")).toBe("400 of 1,000 samples, 3 regions, weights ± 0.020");
    expect(describe(read(), "cancelled")).toContain("cancelled");
    const stored = { ...read(), explained: [{ ...read().explained[1] }] };
    expect(describe(stored, "stored")).toBe("400 samples, 3 regions, stored in the run");
  });

  it("says of a region what it does, and whether that is sure yet", () => {
    const map = read();
    expect(describeRegion(map, map.explained[0], 1)).toBe("−0.500 ± 0.020, against Joy, 25.0 % of the image");
    expect(describeRegion(map, map.explained[0], 2)).toContain("not told from 0 yet");
    expect(isClear(0.1, NaN)).toBe(true);
  });
});

suite("numbers", () => {
  it("have as many digits as the greatest needs", () => {
    expect(writeWeight(0.132, 0.5)).toBe("+0.132");
    expect(writeWeight(-1.416, 4)).toBe("−1.42");
    expect(writeWeight(0.00001, 0.5)).toBe("0.000");
    expect(writeWeight(-0.0123, 0.05)).toBe("−0.0123");
  });

  it("have a median that leaves out what is not known", () => {
    expect(median(new Float32Array([3, NaN, 1, 2]))).toBe(2);
    expect(median(new Float32Array([NaN]))).toBeNaN();
  });
});
