// Label probabilities as bars, most probable first, with the change to an original where there is one. A row that changes
// rank slides to its new place (the style sheet says how fast, and not at all with reduced motion).
import { css, labelColour } from "./colour";
import { type Disposer, h, isDark, onThemeChange } from "./dom";

const ROW = 28;
const CHANGE_SHOWN = 0.0005;

interface Row {
  element: HTMLElement;
  bar: HTMLElement;
  mark: HTMLElement;
  value: HTMLElement;
  change: HTMLElement;
}

/** "92.9 %"; tiny ones are not called zero. */
export function writePercent(probability: number): string {
  if (probability > 0 && probability < 0.0005) return "< 0.1 %";
  return `${(100 * probability).toFixed(1)} %`;
}

/** A signed difference in percentage points: "+64.3", "−2.0", "0.0". */
export function writeChange(change: number): string {
  const points = (100 * change).toFixed(1);
  if (Number(points) === 0) return "0.0";
  return change > 0 ? `+${points}` : points.replace("-", "−");
}

/** Positions of `probabilities`, greatest first; equal ones keep their order. */
export function ranking(probabilities: ArrayLike<number>): number[] {
  return Array.from(probabilities, (_, i) => i).sort((a, b) => probabilities[b] - probabilities[a] || a - b);
}

export class LabelBars {
  readonly el: HTMLElement;
  private readonly list = h("div", { class: "ec-bars-list", role: "list", "aria-label": "label probabilities" });
  private readonly more = h("button", { class: "ec-button ec-bars-more", type: "button", "data-testid": "all-labels" });
  private labels: string[] = [];
  private rows: Row[] = [];
  private all = false;

  constructor(
    private readonly top: number,
    disposer: Disposer,
  ) {
    const head = h("div", { class: "ec-bar-head ec-muted", "aria-hidden": "true" }, h("span", {}), h("span", {}), h("span", {}, "now"), h("span", { title: "against the original picture, in percentage points" }, "change"));
    this.el = h("div", { class: "ec-bars" }, head, this.list, this.more);
    this.more.hidden = true;
    disposer.listen(this.more, "click", () => {
      this.all = !this.all;
      this.size();
    });
    onThemeChange(disposer, () => this.paintColours());
  }

  setLabels(labels: string[]): void {
    this.labels = labels;
    this.rows = labels.map((label) => this.makeRow(label));
    this.list.replaceChildren(...this.rows.map((row) => row.element));
    this.paintColours();
    this.size();
  }

  /** `original` null: nothing to compare with, no marks and no changes are shown. */
  update(probabilities: Float32Array, original: Float32Array | null): void {
    this.el.classList.toggle("ec-bars-compared", original !== null);
    ranking(probabilities).forEach((label, rank) => this.updateRow(label, rank, probabilities[label], original?.[label] ?? null));
  }

  private updateRow(label: number, rank: number, probability: number, original: number | null): void {
    const row = this.rows[label];
    if (row === undefined) return;
    const change = original === null ? 0 : probability - original;
    row.element.style.transform = `translateY(${rank * ROW}px)`;
    row.element.classList.toggle("ec-bar-winner", rank === 0);
    row.bar.style.transform = `scaleX(${Math.max(0, Math.min(1, probability))})`;
    row.value.textContent = writePercent(probability);
    row.mark.hidden = original === null;
    if (original !== null) row.mark.style.left = `${100 * original}%`;
    row.change.textContent = original === null ? "" : writeChange(change);
    row.change.dataset.direction = Math.abs(change) < CHANGE_SHOWN ? "none" : change > 0 ? "up" : "down";
    row.element.dataset.probability = probability.toFixed(6);
    row.element.dataset.change = change.toFixed(6);
    row.element.dataset.rank = String(rank);
    const moved = original === null ? "" : `, change ${writeChange(change)} percentage points`;
    row.element.setAttribute("aria-label", `${this.labels[label]} ${writePercent(probability)}${moved}`);
  }

  private makeRow(label: string): Row {
    const bar = h("div", { class: "ec-bar-fill" });
    const mark = h("div", { class: "ec-bar-mark", title: "the original picture" });
    const value = h("span", { class: "ec-bar-value ec-number" });
    const change = h("span", { class: "ec-bar-change ec-number" });
    const element = h(
      "div",
      { class: "ec-bar", role: "listitem", "data-testid": "bar", "data-label": label },
      h("span", { class: "ec-bar-label", title: label }, label),
      h("div", { class: "ec-bar-track" }, bar, mark),
      value,
      change,
    );
    return { element, bar, mark, value, change };
  }

  private paintColours(): void {
    const dark = isDark(this.el);
    this.rows.forEach((row, i) => (row.bar.style.background = css(labelColour(this.labels[i], dark))));
  }

  private size(): void {
    const shown = this.all ? this.labels.length : Math.min(this.top, this.labels.length);
    this.list.style.height = `${shown * ROW}px`;
    this.more.hidden = this.labels.length <= this.top;
    this.more.textContent = this.all ? `Top ${this.top} labels` : `All ${this.labels.length} labels`;
    this.more.setAttribute("aria-expanded", String(this.all));
  }
}
