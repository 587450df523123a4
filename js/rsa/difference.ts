// Where two methods differ: the classes with the greatest difference by all labels, in percentage points, as a diverging heatmap.
import { classColour, css, diverging, divergingDark, ink, labelColour, type Rgb } from "../shared/colour";
import { type Disposer, h, isDark, onThemeChange, percent } from "../shared/dom";

/** Images of a label below which a share of them is not pointed at. */
const ENOUGH = 5;

export interface DifferenceContent {
  pair: [string, string];
  classes: string[];
  labels: string[];
}

export class Difference {
  readonly el = h("section", { class: "rs-difference", "aria-label": "Where the two methods differ", hidden: true, "data-testid": "difference" });
  private readonly head = h("div", { class: "rs-difference-head" });
  private readonly legend = h("div", { class: "rs-legend" });
  private readonly scroll = h("div", { class: "rs-scroll" });
  private readonly says = h("div", { class: "rs-says ec-number", role: "status", "data-testid": "difference-says" });
  private readonly close = h("button", { class: "ec-icon-button", type: "button", "aria-label": "Close the difference", title: "Close (Esc)" }, "×");
  private content: DifferenceContent | null = null;
  private first: Float32Array = new Float32Array(0);
  private second: Float32Array = new Float32Array(0);
  private images: Int32Array = new Int32Array(0);
  private active = 0;
  private table: HTMLElement | null = null;

  constructor(close: () => void, disposer: Disposer) {
    this.el.append(h("div", { class: "rs-difference-bar" }, this.head, this.close), this.legend, this.scroll, this.says);
    disposer.listen(this.close, "click", close);
    disposer.listen(this.scroll, "pointerover", (event) => this.point(indexOf(event)));
    disposer.listen(this.scroll, "pointerleave", () => this.point(-1));
    disposer.listen(this.scroll, "focusin", (event) => this.point(indexOf(event)));
    disposer.listen<KeyboardEvent>(this.scroll, "keydown", (event) => this.key(event));
    onThemeChange(disposer, () => this.draw());
  }

  /** A button beside the words. */
  offer(button: HTMLElement): void {
    this.close.before(button);
  }

  /** While it is asked for: what was there before is of another pair. */
  wait(pair: [string, string] | null): void {
    this.el.hidden = pair === null;
    this.el.dataset.pair = "";
    if (pair === null) {
      this.content = null;
      return;
    }
    if (this.content === null) {
      this.head.replaceChildren(`Comparing ${pair[0]} with ${pair[1]}…`);
      this.legend.replaceChildren();
      this.scroll.replaceChildren();
      this.says.textContent = "";
    }
  }

  show(content: DifferenceContent, first: Float32Array, second: Float32Array, images: Int32Array): void {
    Object.assign(this, { content, first, second, images });
    this.active = 0;
    this.draw();
    this.el.dataset.pair = content.pair.join("|");
  }

  private draw(): void {
    const { content } = this;
    if (content === null) return;
    const [a, b] = content.pair;
    const dark = isDark(this.el);
    // As in the heatmap: more in blue, less in orange.
    const paint = (d: number): Rgb => (dark ? divergingDark(-d) : diverging(-d));
    this.head.replaceChildren("Highlighted more often under ", h("b", {}, a), " (positive) or under ", h("b", {}, b), " (negative), percentage points");
    if (content.classes.length === 0) {
      this.legend.replaceChildren();
      this.scroll.replaceChildren(h("div", { class: "ec-empty" }, "The two methods highlight every class equally often."));
      this.says.textContent = "";
      return;
    }
    const most = this.first.reduce((greatest, value, i) => Math.max(greatest, Math.abs(value - this.second[i])), 0) || 1;
    const stops = Array.from({ length: 9 }, (_, i) => css(paint(i / 4 - 1))).join(", ");
    this.legend.replaceChildren(h("span", {}, `${b} ${Math.round(100 * most)}`), h("i", { style: { background: `linear-gradient(to right, ${stops})` } }), h("span", {}, `${Math.round(100 * most)} ${a}`));
    const n = content.labels.length;
    const dot = (colour: string): HTMLElement => h("i", { class: "rs-dot", "aria-hidden": "true", style: { background: colour } });
    const head = h("div", { class: "rs-row rs-head", role: "row" }, h("div", { class: "rs-name", role: "columnheader" }),
      ...content.labels.map((label, j) => h("div", { class: `rs-column${this.images[j] === 0 ? " rs-empty" : ""}`, role: "columnheader", title: `${label}: ${this.images[j]} images` }, h("span", {}, label), dot(css(labelColour(label, dark))))));
    const rows = content.classes.map((name, i) => h("div", { class: "rs-row", role: "row" },
      h("div", { class: "rs-name", role: "rowheader", title: name }, h("span", {}, name), dot(css(classColour(name)))),
      ...content.labels.map((_, j) => {
        const at = i * n + j;
        const none = this.images[j] === 0;
        const difference = this.first[at] - this.second[at];
        const colour = paint(difference / most);
        const points = Math.round(100 * difference);
        const text = none || points === 0 ? "" : points > 0 ? `+${points}` : `−${-points}`;
        return h("div", { class: `rs-cell${none ? " rs-none" : ""}`, role: "gridcell", tabindex: at === this.active ? 0 : -1, "data-index": at, "aria-label": this.sentence(at), style: none ? {} : { background: css(colour), color: ink(colour) } }, h("span", {}, text));
      })));
    this.table = h("div", { class: "rs-grid rs-small", role: "grid", "aria-label": `Difference of ${a} and ${b}` }, head, ...rows);
    this.scroll.replaceChildren(this.table);
    this.point(-1);
  }

  private sentence(at: number): string {
    const { content } = this;
    if (content === null) return "";
    const n = content.labels.length;
    const [name, label] = [content.classes[Math.floor(at / n)], content.labels[at % n]];
    if (this.images[at % n] === 0) return `${label}: no image has this label.`;
    const points = 100 * (this.first[at] - this.second[at]);
    return `${name} in ${label}: ${percent(this.first[at])} of ${this.images[at % n]} images under ${content.pair[0]}, ${percent(this.second[at])} under ${content.pair[1]} (${points >= 0 ? "+" : "−"}${Math.abs(points).toFixed(0)} points).`;
  }

  private point(index: number): void {
    const { content } = this;
    if (content === null || content.classes.length === 0) return;
    if (index >= 0) {
      this.says.textContent = this.sentence(index);
      return;
    }
    const n = content.labels.length;
    const gap = (i: number): number => (this.images[i % n] < ENOUGH ? 0 : Math.abs(this.first[i] - this.second[i]));
    let greatest = 0;
    this.first.forEach((_, i) => {
      if (gap(i) > gap(greatest)) greatest = i;
    });
    this.says.textContent = `The greatest difference: ${this.sentence(greatest)}`;
  }

  private key(event: KeyboardEvent): void {
    const { content } = this;
    if (content === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const n = content.labels.length;
    const by: Record<string, number> = { ArrowUp: -n, ArrowDown: n, ArrowLeft: -1, ArrowRight: 1 };
    const to = this.active + (by[event.key] ?? 0);
    if (!(event.key in by) || to < 0 || to >= n * content.classes.length) return;
    this.active = to;
    for (const cell of this.scroll.querySelectorAll<HTMLElement>("[data-index]")) cell.tabIndex = Number(cell.dataset.index) === to ? 0 : -1;
    this.scroll.querySelector<HTMLElement>(`[data-index="${to}"]`)?.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}

function indexOf(event: Event): number {
  const cell = (event.target as HTMLElement).closest<HTMLElement>("[data-index]");
  return cell === null ? -1 : Number(cell.dataset.index);
}
