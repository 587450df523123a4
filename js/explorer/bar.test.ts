import { expect, it } from "vitest";
import { writeProgress, writeSeconds } from "./bar";

it("says how far a run is and how long it still takes", () => {
  const progress = { done: 214, total: 600, failures: 0, running: true, seconds_left: 40.2 };
  expect(writeProgress(progress)).toBe("analysing 214 of 600, 40 s left");
  expect(writeProgress({ ...progress, seconds_left: null })).toBe("analysing 214 of 600");
  expect(writeProgress({ ...progress, running: false })).toBe("214 of 600 images so far");
});

it("writes times that one can read", () => {
  expect([0.2, 89, 100, 7200].map(writeSeconds)).toEqual(["1 s", "89 s", "2 min", "2.0 h"]);
});
