// The heatmap's own bar: what is shown and in which order, the search, and behind "More" what is needed less often.
import { selectControl, type Option } from "../shared/controls";
import { h, type Disposer } from "../shared/dom";
import { setTraits, type Model } from "../shared/model";
import { SIZES } from "./geometry";
import type { Measure } from "./protocol";
import type { Store } from "./store";

const MEASURES = [
  { value: "fraction", label: "% of images", title: "M'_A: share of the label's images in which the class is highlighted" },
  { value: "count", label: "images", title: "M_A: number of the label's images in which the class is highlighted" },
  { value: "lift", label: "lift", title: "How many times as often as in the images of all other labels" },
  { value: "presence", label: "% where present", title: "Of the label's images that show the class, the share in which it is highlighted" },
];
const ORDERS = [
  { value: "mean", label: "most first", title: "By the mean over the labels (where two are compared: by the mean difference)" },
  { value: "clusters", label: "alike together", title: "Classes that go with the same labels stand together, and such labels too (Ward's clustering)" },
  { value: "alphabet", label: "A to Z", title: "By name" },
  { value: "hierarchy", label: "by kind", title: "A class under what it is a kind of, by Open Images' hierarchy" },
];
const TOPS = [10, 25, 50, 100];
const ALL = "all";
const TYPING = 120;

export interface ToolbarEvents {
  /** Height of a row in pixels, 0 for as much as fits. */
  zoom(size: number): void;
  /** Enter in the search field. */
  toGrid(): void;
  export(kind: "copy" | "csv" | "png" | "svg"): void;
}

export class Toolbar {
  /** What stands in the bar, from left to right. */
  readonly items: HTMLElement[];
  readonly panel: HTMLElement;
  private readonly measure;
  private readonly top;
  private readonly order;
  private readonly compare;
  private readonly search = h("input", { class: "hm-search", type: "search", placeholder: "Find a class  /", "aria-label": "Find an object class", "data-testid": "search", spellcheck: "false" });
  private readonly more = h("button", { class: "ec-button", type: "button", "aria-expanded": "false", "data-testid": "more" }, "More");
  private readonly rollUp = h("input", { type: "checkbox", "data-testid": "roll-up" });
  private readonly marks = h("input", { type: "checkbox", "data-testid": "marks" });
  private readonly size = h("input", { type: "range", min: SIZES.min - 1, max: SIZES.max, step: 1, value: SIZES.min - 1, "aria-label": "cell size", "data-testid": "cell-size" });
  private readonly sizeText = h("output", { class: "ec-number" });
  private readonly rollUpField: HTMLElement;
  private readonly marksField: HTMLElement;
  private readonly sizeField: HTMLElement;

  constructor(
    private readonly model: Model,
    private readonly store: Store,
    disposer: Disposer,
    private readonly events: ToolbarEvents,
  ) {
    this.measure = selectControl(disposer, "show", "measure", (value) => setTraits(model, { measure: value }));
    this.top = selectControl(disposer, "top", "top", (value) => store.change({ top: value === ALL ? null : Number(value) }));
    this.order = selectControl(disposer, "order", "order", (value) => store.change({ order: value }));
    this.compare = selectControl(disposer, "minus", "compare", (value) => store.change({ compare: value || null }));
    this.rollUpField = h("label", { class: "ec-field hm-check", title: "A box also counts under what its class is a kind of: a Rugby ball as a Ball and as Sports equipment" }, this.rollUp, "roll up kinds");
    this.marksField = h("label", { class: "ec-field hm-check" }, this.marks, "mark what differs from chance");
    this.sizeField = h("label", { class: "ec-field" }, h("span", {}, "cell size"), this.size, this.sizeText);
    const exports = h("span", { class: "hm-exports", role: "group", "aria-label": "Take it with you" },
      ...(["copy", "csv", "png", "svg"] as const).map((kind) => this.exportButton(kind, disposer)));
    this.panel = h("div", { class: "hm-extra", role: "group", "aria-label": "More", "data-testid": "more-panel", hidden: true },
      this.compare.el, this.rollUpField, this.marksField, this.sizeField, exports);
    this.items = [this.measure.el, this.top.el, this.order.el, this.search, this.more];
    this.listen(disposer);
    this.refresh();
  }

  /** Text of the search field, as it stands. */
  get searched(): string {
    return this.search.value.trim();
  }

  focusSearch(): void {
    if (!this.search.hidden) this.search.select();
  }

  /** Shows all again; the field is where one goes on. */
  clearSearch(): void {
    this.search.value = "";
    this.store.search("");
    this.search.focus();
  }

  /** One step larger (1) or smaller (-1) than what is shown, or as much as fits (0). */
  step(direction: number, shown: number): void {
    const size = direction ? Math.min(SIZES.max, Math.max(SIZES.min, shown + 3 * direction)) : 0;
    this.size.value = String(size || SIZES.min - 1);
    this.resized();
  }

  /** Everything as traits and the last answer say. */
  refresh(): void {
    const { model, store } = this;
    const { top, order, compare, method, roll_up } = store.settings;
    const view = store.offers("view");
    this.measure.options(MEASURES, model.get<Measure>("measure"));
    const tops = [...new Set([...TOPS, top ?? TOPS[0]])].sort((a, b) => a - b);
    this.top.options(view ? [...tops.map((n) => ({ value: String(n), label: `${n} classes` })), { value: ALL, label: "all classes" }] : [], top === null ? ALL : String(top));
    this.order.options(view ? ORDERS : [], order);
    const others: Option[] = model.get<Option[]>("comparisons").filter((each) => each.value !== method);
    this.compare.options(view && others.length ? [{ value: "", label: "nothing" }, ...others] : [], compare ?? "");
    this.rollUp.checked = roll_up;
    this.rollUpField.hidden = !store.offers("roll-up");
    this.marks.checked = model.get<boolean>("marks");
    this.marksField.hidden = !store.offers("marks");
    this.search.hidden = !store.offers("search");
    this.resized(false);
  }

  private exportButton(kind: "copy" | "csv" | "png" | "svg", disposer: Disposer): HTMLElement {
    const titles = { copy: "Copy the numbers: for a spreadsheet, or as a DataFrame with pandas.read_clipboard(index_col=0)", csv: "Save the numbers", png: "Save as a picture", svg: "Save as a drawing, for a paper" };
    const button = h("button", { class: "ec-button", type: "button", title: titles[kind], "data-testid": `export-${kind}` }, kind === "copy" ? "Copy" : kind.toUpperCase());
    disposer.listen(button, "click", () => this.events.export(kind));
    return button;
  }

  private listen(disposer: Disposer): void {
    let timer = 0;
    const search = (): void => this.store.search(this.searched);
    disposer.add(() => clearTimeout(timer));
    disposer.listen(this.search, "input", () => {
      clearTimeout(timer);
      timer = window.setTimeout(search, TYPING);
    });
    disposer.listen<KeyboardEvent>(this.search, "keydown", (event) => {
      if (event.key === "Escape" && this.search.value) {
        this.search.value = "";
        clearTimeout(timer);
        search();
      } else if (event.key === "Enter" || event.key === "ArrowDown") this.events.toGrid();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    disposer.listen(this.more, "click", () => this.open(this.panel.hidden === true));
    disposer.listen<KeyboardEvent>(this.panel, "keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      this.open(false);
      this.more.focus();
    });
    disposer.listen(this.rollUp, "change", () => this.store.change({ roll_up: this.rollUp.checked }));
    disposer.listen(this.marks, "change", () => setTraits(this.model, { marks: this.marks.checked }));
    disposer.listen(this.size, "input", () => this.resized());
  }

  private open(open: boolean): void {
    this.panel.hidden = !open;
    this.more.setAttribute("aria-expanded", String(open));
    this.more.setAttribute("aria-pressed", String(open));
  }

  private resized(tell = true): void {
    const size = this.size.valueAsNumber < SIZES.min ? 0 : this.size.valueAsNumber;
    const text = size ? `${size} px` : "fit";
    this.sizeText.textContent = text;
    this.size.setAttribute("aria-valuetext", text);
    if (tell) this.events.zoom(size);
  }
}
