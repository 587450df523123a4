import { expect, it } from "vitest";
import { describeReport, type ReportState } from "./reportPanel";

const made: ReportState = { state: "done", number: 1, max_mb: 15, done: 600, total: 600, name: "demo-report.html", size: 13_940_000, images: 600, left_out: 0, notes: [] };

it("says what a report holds, and what had no room in it", () => {
  expect(describeReport(made)).toEqual(["All 600 images are in it, 13.9 MB."]);
  const full = describeReport({ ...made, images: 25_000, left_out: 24_100, notes: ["Shows 900 of 25,000 images; all counts are of the whole run."] });
  expect(full).toEqual(["It is full at 15 MB: those behind the strongest cells came first.", "Shows 900 of 25,000 images; all counts are of the whole run."]);
});
