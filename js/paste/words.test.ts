import { expect, it } from "vitest";
import { type Trial, writeCost, writeTrial } from "./words";

const trial: Trial = { state: "running", objects: ["rugby ball"], control: true, label: null, places: 17, images: 50, available: 600, pastes: 1700, done: 12, unreadable: 0, found: [["object", 37, 850], ["grey", 8, 850]], seconds_left: 31.6, seed: 0, note: "" };

it("says beforehand what it costs", () => {
  expect(writeCost({ images: 50, available: 600, pastes: 1700, seconds: 41 })).toBe("50 of 600 images, chosen at random: 1,700 predictions, about 41 s.");
  expect(writeCost({ images: 12, available: 12, pastes: 12, seconds: null })).toBe("all 12 images: 12 predictions.");
  expect(writeCost({ problem: "Choose at least one thing to paste." })).toBe("Choose at least one thing to paste.");
});

it("says how far it is and how it ended", () => {
  expect(writeTrial(trial)).toBe("12 of 50 images, 32 s left");
  expect(writeTrial({ ...trial, done: 0 })).toBe("0 of 50 images");
  expect(writeTrial({ ...trial, state: "cancelled", unreadable: 1 })).toBe("Stopped after 12 of 50 images, 1 could not be opened; the bars are of those.");
  expect(writeTrial({ ...trial, state: "done", done: 50, label: "Joy" })).toBe("Rugby ball and its grey silhouette, at 17 places, where the label was Joy, on 50 of 600 images. The thing switched 37 of 850 pastes (4 %), its silhouette 8 of 850 (1 %).");
  expect(writeTrial({ ...trial, state: "failed", sentence: "None of these images opens: nothing was pasted." })).toBe("None of these images opens: nothing was pasted.");
});
