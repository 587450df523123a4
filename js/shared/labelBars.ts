// Label probabilities as bars, most probable first, with the change to an original where there is one. A row that changes
// rank slides to its new place (the style sheet says how fast, and not at all with reduced motion).
import { css, labelColour } from "./colour";
import { type Disposer, h, isDark, onThemeChange } from "./dom";

const ROW = 28;
const CHANGE_SHOWN = 0.0005;
/** Of the style sheet: between the list, its head (which comes nearer) and the button for all labels. */
const GAP = 8;
const HEAD_NEARER = 4;
const MORE = 28;
const FEWEST = 3;

interface Row {
  element: HTMLElement;
  bar: HTMLElement;
  mark: HTMLElement;
  value: Text;
  change: Text;
  changeCell: HTMLElement;
  rank: number;
}

/** While a hand moves things, labels closer than this (in probability) keep their places: the small ones would only shuffle. */
const CLOSE = 0.005;

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

/** As `ranking`, but a label passes another one of `before` (each label's rank, -1: none) only where it is clearly greater. */
export function steadyRanking(probabilities: ArrayLike<number>, before: number[]): number[] {
  const order = ranking(probabilities);
  if (before.some((rank) => rank < 0) || order.length === 0) return order;
  const steady = Array.from(before, (_, i) => i).sort((a, b) => before[a] - before[b]);
  // Insertion: each goes up past those that it clearly beats, the first place to whoever is really first.
  for (let i = 1; i < steady.length; i++) {
    for (let j = i; j > 0 && probabilities[steady[j]] > probabilities[steady[j - 1]] + CLOSE; j--) {
      [steady[j - 1], steady[j]] = [steady[j], steady[j - 1]];
    }
  }
  return [order[0], ...steady.filter((label) => label !== order[0])];
}

export class LabelBars {
  readonly el: HTMLElement;
  private readonly list = h("div", { class: "ec-bars-list", role: "list", "aria-label": "label probabilities" });
  private readonly more = h("button", { class: "ec-button ec-bars-more", type: "button", "data-testid": "all-labels" });
  private labels: string[] = [];
  private rows: Row[] = [];
  private original: Float32Array | null = null;
  private all = false;
  private readonly head = h("div", { class: "ec-bar-head ec-muted", "aria-hidden": "true" }, h("span", {}), h("span", {}), h("span", {}, "now"), h("span", { title: "against the original picture, in percentage points" }, "change"));
  private fitting = Infinity;

  constructor(
    private readonly top: number,
    disposer: Disposer,
  ) {
    this.el = h("div", { class: "ec-bars" }, this.head, this.list, this.more);
    this.more.hidden = true;
    disposer.listen(this.more, "click", () => {
      this.all = !this.all;
      this.size();
    });
    onThemeChange(disposer, () => this.paintColours());
  }

  setLabels(labels: string[]): void {
    this.labels = labels;
    this.original = null;
    this.rows = labels.map((label) => this.makeRow(label));
    this.list.replaceChildren(...this.rows.map((row) => row.element));
    this.paintColours();
    this.size();
  }

  /** With room for so many CSS pixels: as many labels as fit into them, a few at least, until all are asked for. */
  fit(room: number): void {
    const head = this.head.offsetHeight;
    const list = room - (head > 0 ? head + GAP - HEAD_NEARER : 0);
    const few = Math.floor((list - GAP - MORE) / ROW);
    const fitting = this.labels.length * ROW <= list ? this.labels.length : Math.max(FEWEST, few);
    if (fitting === this.fitting) return;
    this.fitting = fitting;
    this.size();
  }

  /**
   * `original` null: nothing to compare with, no marks and no changes are shown. `live`: more will follow at once, so labels
   * that are about as probable keep their places.
   */
  update(probabilities: Float32Array, original: Float32Array | null, live = false): void {
    this.el.classList.toggle("ec-bars-compared", original !== null);
    if (original !== this.original) {
      this.original = original;
      this.rows.forEach((row, i) => {
        row.mark.hidden = original === null;
        if (original !== null) row.mark.style.left = `${100 * original[i]}%`;
      });
    }
    const ranks = live ? steadyRanking(probabilities, this.rows.map((row) => row.rank)) : ranking(probabilities);
    ranks.forEach((label, rank) => this.updateRow(label, rank, probabilities[label], original?.[label] ?? null, live));
  }

  private updateRow(label: number, rank: number, probability: number, original: number | null, live: boolean): void {
    const row = this.rows[label];
    if (row === undefined) return;
    if (rank !== row.rank) {
      row.rank = rank;
      row.element.style.transform = `translateY(${rank * ROW}px)`;
      row.element.classList.toggle("ec-bar-winner", rank === 0);
      row.element.dataset.rank = String(rank);
    }
    // What is out of sight is told when the hand rests.
    if (live && rank >= this.shown) return;
    const value = writePercent(probability);
    const change = original === null ? "" : writeChange(probability - original);
    row.element.dataset.probability = probability.toFixed(6);
    row.element.dataset.change = (original === null ? 0 : probability - original).toFixed(6);
    row.bar.style.backgroundSize = `${(100 * Math.max(0, Math.min(1, probability))).toFixed(2)}% 100%`;
    if (value === row.value.data && change === row.change.data) return;
    row.value.data = value;
    row.change.data = change;
    const moved = Math.abs(probability - (original ?? probability));
    row.changeCell.dataset.direction = moved < CHANGE_SHOWN ? "none" : change.startsWith("+") ? "up" : "down";
    row.element.setAttribute("aria-label", `${this.labels[label]} ${value}${original === null ? "" : `, change ${change} percentage points`}`);
  }

  private makeRow(label: string): Row {
    const bar = h("div", { class: "ec-bar-fill" });
    const mark = h("div", { class: "ec-bar-mark", hidden: true, title: "the original picture" });
    const value = document.createTextNode("");
    const change = document.createTextNode("");
    const changeCell = h("span", { class: "ec-bar-change ec-number" }, change);
    const element = h(
      "div",
      { class: "ec-bar", role: "listitem", "data-testid": "bar", "data-label": label },
      h("span", { class: "ec-bar-label", title: label }, label),
      h("div", { class: "ec-bar-track" }, bar, mark),
      h("span", { class: "ec-bar-value ec-number" }, value),
      changeCell,
    );
    return { element, bar, mark, value, change, changeCell, rank: -1 };
  }

  private paintColours(): void {
    const dark = isDark(this.el);
    this.rows.forEach((row, i) => row.bar.style.setProperty("--ec-label", css(labelColour(this.labels[i], dark))));
  }

  private get shown(): number {
    return this.all ? this.labels.length : Math.min(this.most, this.labels.length);
  }

  private get most(): number {
    return Math.min(this.top, this.fitting);
  }

  private size(): void {
    this.list.style.height = `${this.shown * ROW}px`;
    this.more.hidden = this.labels.length <= this.most;
    this.more.textContent = this.all ? `Top ${this.most} labels` : `All ${this.labels.length} labels`;
    this.more.setAttribute("aria-expanded", String(this.all));
  }
}
