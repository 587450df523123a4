import { expect, it } from "vitest";
import { Disposer } from "./dom";
import { LabelBars } from "./labelBars";

const ROW = 28;

function made(labels: number): { bars: LabelBars; shown: () => number; more: HTMLButtonElement } {
  const bars = new LabelBars(8, new Disposer());
  bars.setLabels(Array.from({ length: labels }, (_, i) => `label ${i}`));
  const list = bars.el.querySelector<HTMLElement>(".ec-bars-list")!;
  return { bars, shown: () => parseFloat(list.style.height) / ROW, more: bars.el.querySelector<HTMLButtonElement>('[data-testid="all-labels"]')! };
}

it("shows as many labels as there is room for, no more than its top, and never fewer than three", () => {
  const { bars, shown, more } = made(20);
  expect(shown()).toBe(8);
  bars.fit(5 * ROW + 36);
  expect([shown(), more.hidden, more.textContent]).toEqual([5, false, "All 20 labels"]);
  bars.fit(10);
  expect(shown()).toBe(3);
  more.click();
  expect([shown(), more.textContent]).toEqual([20, "Top 3 labels"]);
  bars.fit(1000);
  more.click();
  expect(shown()).toBe(8);
});

it("needs no button where all labels fit", () => {
  const { bars, shown, more } = made(4);
  bars.fit(4 * ROW);
  expect([shown(), more.hidden]).toEqual([4, true]);
  bars.fit(4 * ROW - 1);
  expect([shown(), more.hidden]).toEqual([3, false]);
});
