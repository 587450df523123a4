import { describe, expect, it } from "vitest";
import { findLabels, labelOfKey } from "./annotator";
import { pairRanking } from "./compareBars";
import { stretch, toggled } from "./picking";

describe("selecting", () => {
  it("adds and takes away one, without changing what was", () => {
    const before = new Set([1, 2]);
    expect([...toggled(before, 3)]).toEqual([1, 2, 3]);
    expect([...toggled(before, 2)]).toEqual([1]);
    expect(before.size).toBe(2);
  });

  it("takes a stretch in either direction", () => {
    expect([...stretch(3, 5)]).toEqual([3, 4, 5]);
    expect([...stretch(5, 3)]).toEqual([3, 4, 5]);
    expect([...stretch(4, 4)]).toEqual([4]);
  });
});

describe("labels", () => {
  const labels = ["Awe", "Joy", "Sad joy", ...Array.from({ length: 9 }, (_, i) => `more ${i}`)];

  it("are on the number keys, the tenth on 0", () => {
    expect(labelOfKey("1", labels)).toBe("Awe");
    expect(labelOfKey("0", labels)).toBe(labels[9]);
    expect(labelOfKey("3", ["Awe"])).toBeNull();
    expect([labelOfKey("a", labels), labelOfKey("10", labels), labelOfKey("", labels)]).toEqual([null, null, null]);
  });

  it("are found by what is typed, those that begin so first", () => {
    expect(findLabels("jo", labels)).toEqual(["Joy", "Sad joy"]);
    expect(findLabels("", labels)).toEqual(labels);
    expect(findLabels("none", labels)).toEqual([]);
  });
});

describe("two images' probabilities", () => {
  it("are ranked by the greater of each", () => {
    expect(pairRanking([0.1, 0.7, 0.2], [0.8, 0.1, 0.1])).toEqual([0, 1, 2]);
  });
});
