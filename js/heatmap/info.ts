// The line over the heatmap: what is under the pointer, else what is selected, else what stands out; and what the colours mean.
import { css } from "../shared/colour";
import { h, isDark, setHidden, setText, type Disposer } from "../shared/dom";
import { setTraits, type Model } from "../shared/model";
import type { Place, Selected } from "./grid";
import type { Matrix } from "./matrix";
import type { Marks } from "./protocol";

export class InfoLine {
  readonly el: HTMLElement;
  /** What can be done with what is selected; it stays where it is while the pointer is on the heatmap. */
  private readonly actions = h("div", { class: "hm-actions" });
  private readonly clear = h("button", { class: "ec-icon-button", type: "button", title: "Show everything again (Escape)", "aria-label": "Clear the selection", "data-testid": "clear-selection" }, "×");
  private readonly rest = h("div", { class: "hm-rest", "data-testid": "heatmap-info", "aria-live": "polite" });
  private readonly hover = h("div", { class: "hm-hover", "data-testid": "hover-info", "aria-hidden": "true", hidden: true });
  private readonly low = h("span", { class: "ec-number" });
  private readonly high = h("span", { class: "ec-number" });
  private readonly bar = h("span", { class: "hm-scale-bar" });
  private readonly marksKey: HTMLElement;
  private stops = "";
  /** What stands in `rest`. */
  private said = "";

  constructor(
    private readonly model: Model,
    private readonly tryIt: HTMLElement,
    disposer: Disposer,
  ) {
    this.marksKey = h("span", { class: "hm-marks-key", "data-testid": "marks-key", hidden: true },
      h("i", { class: "hm-key hm-more" }), "more", h("i", { class: "hm-key hm-less" }), "less");
    const scale = h("span", { class: "hm-scale" }, this.low, this.bar, this.high, this.marksKey);
    this.el = h("div", { class: "hm-info" }, h("div", { class: "hm-said" }, this.rest, this.hover), this.actions, scale);
    disposer.listen(this.clear, "click", () => setTraits(this.model, { cell: null, object_class: null, label: null }));
  }

  /** `marking`: cells are marked, as soon as it is known which. */
  legend(matrix: Matrix, marks: Marks | null, marking: boolean): void {
    const dark = isDark(this.el);
    const stops = Array.from({ length: 9 }, (_, i) => css(matrix.legendColour(i / 8, dark))).join(", ");
    if (stops !== this.stops) this.bar.style.background = `linear-gradient(90deg, ${stops})`;
    this.stops = stops;
    const [low, high] = matrix.legendEnds;
    setText(this.low, low);
    setText(this.high, high);
    // Between two settings nothing is marked for moments; what the marks mean stays said, so that nothing beside it moves.
    setHidden(this.marksKey, !marks && !(marking && this.marksKey.title));
    if (!marks) return;
    const words = `Marked: significantly more or less often than under all other labels (Fisher's exact test, false discovery rate ${100 * marks.rate} % over all cells)`;
    this.marksKey.title = words;
    this.marksKey.setAttribute("aria-label", words);
    this.marksKey.setAttribute("role", "note");
  }

  /** What is under the pointer or the keyboard's focus; null takes it back. */
  point(matrix: Matrix | null, place: Place | null, marks: Marks | null): void {
    const said = matrix && place ? pointed(matrix, place, marks) : null;
    this.hover.hidden = !said;
    if (said) this.hover.replaceChildren(h("span", { class: "hm-sentence" }, h("strong", {}, `${said[0]}: `), said[1]));
  }

  /** What is selected, or what stands out. */
  describe(matrix: Matrix, selected: Selected, marks: Marks | null, searched: string): void {
    const { cell, object_class: objectClass, label } = selected;
    const nothing = !cell && objectClass === null && label === null;
    if (nothing) this.actions.replaceChildren();
    if (cell) {
      const index = matrix.index(cell);
      const what = index >= 0 ? matrix.sentence(index, marks) : `${cell[1]}, not among the ${matrix.classes.length} classes shown`;
      this.say(cell[0], what, this.tryIt);
    } else if (objectClass !== null || label !== null) {
      const row = matrix.classes.indexOf(objectClass ?? "");
      const column = matrix.labels.indexOf(label ?? "");
      if (objectClass !== null && label !== null) this.say(objectClass, `and the label ${label}`);
      else if (objectClass !== null) this.say(objectClass, row >= 0 ? ofClass(matrix, row) : "not among the classes shown");
      else this.say(label!, column >= 0 ? `${matrix.images[column]} images` : "not among the labels shown");
    } else if (searched) {
      const n = matrix.classes.length;
      this.put(`${n === 1 ? "1 class" : `${n} classes`} with “${searched}” in the name`, "");
    } else if (matrix.strongest) {
      const { cell: strongest, sentence } = matrix.strongest;
      if (this.said === `hint ${sentence}`) return;
      this.said = `hint ${sentence}`;
      const button = h("button", { class: "hm-hint", type: "button", "data-testid": "strongest-hint", title: sentence }, h("i", { class: "hm-hint-mark" }), h("span", {}, sentence));
      button.addEventListener("click", () => setTraits(this.model, { cell: strongest, object_class: null, label: null }));
      this.rest.replaceChildren(button);
    } else if (matrix.isDifference) this.put(`Each number: this less ${matrix.other}.`);
    else this.put(matrix.classes.length ? "Click a cell to see its images." : "");
  }

  /** A sentence, written only where it is another than before: a slider that moves says the same all the time. */
  private put(text: string, look = "ec-muted"): void {
    if (this.said === `text ${text}`) return;
    this.said = `text ${text}`;
    this.rest.replaceChildren(h("span", { class: look }, text));
  }

  private say(name: string, what: string, ...more: HTMLElement[]): void {
    this.said = "";
    this.rest.replaceChildren(h("span", { class: "hm-sentence", title: `${name}: ${what}` }, h("strong", {}, `${name}: `), what));
    // Only where they differ: putting a button back takes the keyboard's focus from it.
    const wanted = [this.clear, ...more];
    if (this.actions.children.length !== wanted.length || wanted.some((each, i) => this.actions.children[i] !== each)) this.actions.replaceChildren(...wanted);
  }
}

function pointed(matrix: Matrix, { row, column }: Place, marks: Marks | null): [string, string] {
  if (row < 0) return [matrix.labels[column], `${matrix.images[column]} images. Click: all of them`];
  if (column < 0) return [matrix.classes[row], `${ofClass(matrix, row)}. Click: all images that show it`];
  const index = row * matrix.labels.length + column;
  return [matrix.classes[row], matrix.sentence(index, marks)];
}

function ofClass(matrix: Matrix, row: number): string {
  const n = matrix.labels.length;
  const sum = (values: Int32Array, from: number, to: number): number => values.slice(from, to).reduce((total, each) => total + each, 0);
  return `highlighted in ${sum(matrix.counts, row * n, (row + 1) * n)} of ${sum(matrix.images, 0, n)} images`;
}
