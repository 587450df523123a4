// The label probabilities of two images beside each other, with the difference, greatest of either first.
import { css, labelColour } from "../shared/colour";
import { type Disposer, h, isDark, onThemeChange } from "../shared/dom";
import { writeChange, writePercent } from "../shared/labelBars";

const TOP = 8;

/** Positions of the labels by the greater of their two probabilities, greatest first. */
export function pairRanking(one: ArrayLike<number>, other: ArrayLike<number>): number[] {
  const greater = Array.from(one, (value, i) => Math.max(value, other[i]));
  return greater.map((_, i) => i).sort((a, b) => greater[b] - greater[a] || a - b);
}

export class CompareBars {
  readonly el = h("table", { class: "ec-pair", "data-testid": "compare-bars" });
  private last: [string[], Float32Array, Float32Array] | null = null;

  constructor(disposer: Disposer) {
    onThemeChange(disposer, () => this.last && this.update(...this.last));
  }

  update(labels: string[], left: Float32Array, right: Float32Array): void {
    this.last = [labels, left, right];
    const dark = isDark(this.el);
    const head = h("tr", {}, ...["label", "left", "right", "right − left"].map((name) => h("th", { scope: "col" }, name)));
    const rows = pairRanking(left, right).slice(0, TOP).map((label) => {
      const colour = css(labelColour(labels[label], dark));
      const change = right[label] - left[label];
      return h("tr", { "data-testid": "pair", "data-label": labels[label], "data-difference": change.toFixed(6) },
        h("th", { scope: "row", title: labels[label] }, labels[label]),
        ...[left[label], right[label]].map((value) =>
          h("td", {}, h("span", { class: "ec-pair-bar", style: { background: colour, width: `${(100 * value).toFixed(1)}%` } }), h("span", { class: "ec-number" }, writePercent(value)))),
        h("td", { class: "ec-number", title: "percentage points" }, writeChange(change)));
    });
    this.el.replaceChildren(h("thead", {}, head), h("tbody", {}, ...rows));
  }
}
