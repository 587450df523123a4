// Above the grid: what is shown and how many (chips, breadcrumb), in which order, what is selected, what is drawn over it.
import { type Disposer, h } from "../shared/dom";
import { FailureList, type Failures } from "../shared/failureList";
import { KeysHelp } from "../shared/keys";
import { type Model, setTraits } from "../shared/model";
import type { Rpc } from "../shared/rpc";
import { FilterPanel } from "./filterPanel";
import { overlayControls } from "./overlays";
import { type Conditions, NO_CONDITIONS, type Sort } from "./protocol";
import type { BrowserStore } from "./store";
import { breadcrumb, chips, type Chip, CLEARED, isFiltered } from "./words";

/** Each order with the words for its direction and for the other one. */
const SORTS: [Sort, string, string, string][] = [
  ["corpus", "corpus order", "first to last", "last to first"],
  ["name", "name", "A to Z", "Z to A"],
  ["probability", "probability", "most probable first", "least probable first"],
  ["importance", "importance", "most important first", "least important first"],
  ["disagreement", "disagreement", "furthest from the annotation first", "nearest to the annotation first"],
];

/** What does nothing where labels cannot be given. */
const LABELLING = ["1 … 9, 0", "Ctrl+Z"];
const KEYS: [string, string][] = [
  ["← → ↑ ↓", "move (with Shift: select)"],
  ["Home End PgUp PgDn", "first, last, a page"],
  ["Enter", "open large"],
  ["Space, Ctrl+click", "select or not"],
  ["Ctrl+A", "select all shown"],
  ["v", "compare two selected"],
  ["1 … 9, 0", "label the image"],
  ["Ctrl+Z", "take a label back"],
  ["/", "search"],
  ["f", "filter"],
  ["b", "boxes"],
  ["c", "CAM"],
  ["Esc", "back, nothing selected, no filter"],
];

export class Toolbar {
  readonly el: HTMLElement;
  readonly keys: KeysHelp;
  readonly filters: FilterPanel;
  readonly search = h("input", { class: "ec-input ec-search", type: "search", placeholder: "Search", "aria-label": "search names and labels", title: "Words in the name, the label or the annotation (/)", "data-testid": "search" });
  private readonly chips = h("div", { class: "ec-browser-chips", role: "group", "aria-label": "filters set" });
  private readonly sort = h("select", { class: "ec-select", "aria-label": "sort", "data-testid": "sort" });
  private readonly direction = h("button", { class: "ec-icon-button", type: "button", "data-testid": "sort-direction" });
  private readonly crumb = h("span", { class: "ec-crumb-text ec-number", role: "status", "data-testid": "breadcrumb" });
  private readonly back = h("button", { class: "ec-button ec-clear", type: "button", title: "Show all images", "data-testid": "clear-filter" }, "Clear all");
  private readonly picked = h("span", { class: "ec-picked ec-number", role: "status", "data-testid": "selected-count" });
  private readonly compare = h("button", { class: "ec-button", type: "button", title: "Two images beside each other (v)", "data-testid": "compare" }, "Compare");
  private readonly badge = h("span", { class: "ec-badge", title: "Drawn by emocam-widgets, not photographed" }, "synthetic images");
  private readonly failures: FailureList;
  private typing = 0;

  constructor(
    private readonly model: Model,
    private readonly store: BrowserStore,
    rpc: Rpc,
    within: HTMLElement,
    private readonly embedded: boolean,
    private readonly events: { compare: () => void },
    private readonly disposer: Disposer,
  ) {
    const keys = model.get("annotatable") === false ? KEYS.filter(([key]) => !LABELLING.includes(key)) : KEYS;
    this.keys = new KeysHelp(keys, within, disposer);
    this.filters = new FilterPanel(model, store, disposer);
    this.failures = new FailureList(async () => (await rpc.request<Failures & Record<string, unknown>>("failures", {}, [], { own: true })).content, disposer);
    this.sort.append(...SORTS.map(([value, text]) => h("option", { value }, text)));
    this.el = h(
      "div",
      { class: "ec-browser-bar" },
      h("div", { class: "ec-browser-row" }, this.filters.button, this.search, this.chips, h("span", { class: "ec-spring" }), h("span", { class: "ec-sort" }, this.sort, this.direction), this.keys.button),
      this.filters.el,
      h("div", { class: "ec-browser-row ec-browser-row-crumb" }, h("div", { class: "ec-crumb" }, this.crumb), this.picked, this.compare, this.failures.el, this.badge, h("span", { class: "ec-spring" }), ...overlayControls(model, disposer)),
      this.keys.panel,
    );
    this.badge.hidden = true;
    this.listen();
    this.update();
    this.selectionChanged();
  }

  private listen(): void {
    const { disposer, model } = this;
    disposer.listen(this.sort, "change", () => setTraits(model, { sort: this.sort.value, sort_reverse: false }));
    disposer.listen(this.direction, "click", () => setTraits(model, { sort_reverse: !model.get<boolean>("sort_reverse") }));
    disposer.listen(this.back, "click", () => setTraits(model, CLEARED));
    disposer.listen(this.compare, "click", () => this.events.compare());
    disposer.listen(this.search, "input", () => {
      clearTimeout(this.typing);
      this.typing = window.setTimeout(() => {
        this.typing = 0;
        setTraits(model, { text: this.search.value });
      }, 120);
    });
    disposer.add(() => clearTimeout(this.typing));
    disposer.listen<KeyboardEvent>(this.search, "keydown", (event) => this.searchKey(event));
    disposer.listen<KeyboardEvent>(this.chips, "keydown", (event) => this.chipKey(event));
    disposer.watch(model, [...Object.keys(NO_CONDITIONS), "only_images_caption", "sort", "sort_reverse"], () => this.update());
    disposer.watch(model, "selection", () => this.selectionChanged());
  }

  /** Names of labels and classes are known once the index is there. */
  loaded(): void {
    this.filters.fill();
    this.badge.hidden = !this.store.synthetic || this.embedded;
    this.failures.setCount(this.store.failures);
    this.update();
  }

  orderChanged(): void {
    const order = this.store.filter;
    if (order === null) return;
    this.crumb.textContent = this.crumb.title = breadcrumb(order);
    this.crumb.dataset.count = String(order.count);
    this.crumb.dataset.total = String(order.total);
    this.crumb.parentElement?.classList.toggle("ec-crumb-active", isFiltered(order));
  }

  private selectionChanged(): void {
    const count = (this.model.get<string[] | undefined>("selection") ?? []).length;
    this.picked.textContent = count === 0 ? "" : `${count} selected`;
    this.compare.hidden = count !== 2;
  }

  private searchKey(event: KeyboardEvent): void {
    if (event.key !== "Escape" || this.search.value === "") return;
    event.preventDefault();
    event.stopPropagation();
    this.search.value = "";
    setTraits(this.model, { text: "" });
  }

  /** Delete and Backspace take the chip away that has the focus. */
  private chipKey(event: KeyboardEvent): void {
    if (event.key !== "Delete" && event.key !== "Backspace") return;
    event.preventDefault();
    event.stopPropagation();
    (document.activeElement as HTMLElement | null)?.click();
  }

  private update(): void {
    const { model } = this;
    const conditions = Object.fromEntries(Object.entries(NO_CONDITIONS).map(([name, none]) => [name, model.get(name) ?? none]));
    const shown = chips(conditions as unknown as Conditions, model.get<string>("only_images_caption") ?? "");
    const focused = [...this.chips.children].findIndex((chip) => chip.contains(document.activeElement));
    this.chips.replaceChildren(...shown.map((chip) => this.chip(chip)), this.back);
    if (focused >= 0) {
      const next = shown.length === 0 ? null : this.chips.children[Math.min(focused, shown.length - 1)].querySelector("button");
      (next ?? this.filters.button).focus();
    }
    this.chips.hidden = shown.length === 0;
    // What is being typed stays; a text from elsewhere (Python, a link, a chip) is taken over, also where the cursor is.
    if (this.typing === 0 && this.search.value !== conditions.text) this.search.value = conditions.text as string;
    const sort = model.get<string>("sort");
    const reverse = model.get<boolean>("sort_reverse") === true;
    this.sort.value = sort;
    const [, , words, otherWords] = SORTS.find(([value]) => value === sort) ?? SORTS[0];
    // Greatest first counts downwards; the corpus and names count upwards.
    const down = sort === "corpus" || sort === "name" ? reverse : !reverse;
    this.direction.textContent = down ? "↓" : "↑";
    this.direction.title = `${reverse ? otherWords : words} (click for ${reverse ? words : otherWords})`;
    this.direction.setAttribute("aria-label", this.direction.title);
  }

  private chip({ kind, text, without }: Chip): HTMLElement {
    const remove = h("button", { type: "button", "aria-label": `Remove the filter ${kind} ${text}`.replace("  ", " "), title: "Remove (Delete)" }, "×");
    remove.addEventListener("click", () => setTraits(this.model, without), { once: true });
    return h("span", { class: "ec-chip", "data-testid": "chip", "data-name": text, "data-kind": kind, title: `${kind} ${text}`.trim() },
      h("span", {}, kind && h("span", { class: "ec-muted" }, `${kind} `), text), remove);
  }
}
