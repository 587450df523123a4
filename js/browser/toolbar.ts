// Above the grid: what is shown and how many (chips, breadcrumb), in which order, and what is drawn over the pictures.
import { type Disposer, h } from "../shared/dom";
import { KeysHelp } from "../shared/keys";
import { type Model, setTraits } from "../shared/model";
import { overlayControls } from "./overlays";
import type { BrowserStore } from "./store";
import { breadcrumb, isFiltered } from "./words";

const SORTS: [string, string][] = [
  ["corpus", "corpus order"],
  ["probability", "most probable first"],
  ["importance", "most important first"],
];

const KEYS: [string, string][] = [
  ["← → ↑ ↓", "move"],
  ["Home End", "first, last"],
  ["Enter", "open large"],
  ["Esc", "back"],
  ["b", "boxes"],
  ["c", "CAM"],
];

export const CLEARED = { cell: null, label: null, object_class: null };

export class Toolbar {
  readonly el: HTMLElement;
  readonly keys: KeysHelp;
  private readonly label = picker("label", "Label", "filter-label");
  private readonly objectClass = picker("object class", "Object class", "filter-class");
  private readonly chips = h("div", { class: "ec-browser-chips" });
  private readonly sort = h("select", { class: "ec-select", "aria-label": "sort", "data-testid": "sort" });
  private readonly crumb = h("span", { class: "ec-crumb-text ec-number", role: "status", "data-testid": "breadcrumb" });
  private readonly back = h("button", { class: "ec-icon-button", type: "button", "aria-label": "Show all images", title: "Show all images", "data-testid": "clear-filter" }, "×");
  private readonly badge = h("span", { class: "ec-badge", title: "Drawn by emocam-widgets, not photographed" }, "synthetic images");
  private readonly failures = h("span", { class: "ec-muted", "data-testid": "failures" });

  constructor(
    private readonly model: Model,
    private readonly store: BrowserStore,
    within: HTMLElement,
    private readonly embedded: boolean,
    private readonly disposer: Disposer,
  ) {
    this.keys = new KeysHelp(KEYS, within, disposer);
    this.sort.append(...SORTS.map(([value, text]) => h("option", { value }, text)));
    this.el = h(
      "div",
      { class: "ec-browser-bar" },
      h("div", { class: "ec-browser-row" }, this.chips, this.label, this.objectClass, h("span", { class: "ec-spring" }), this.sort, this.keys.button),
      h("div", { class: "ec-browser-row ec-browser-row-crumb" }, h("div", { class: "ec-crumb" }, this.crumb, this.back), this.failures, this.badge, h("span", { class: "ec-spring" }), ...overlayControls(model, disposer)),
      this.keys.panel,
    );
    this.badge.hidden = true;
    this.back.hidden = true;
    this.listen();
    this.update();
  }

  private listen(): void {
    const { disposer, model } = this;
    disposer.listen(this.label, "change", () => setTraits(model, { ...CLEARED, object_class: model.get("object_class"), label: this.label.value || null }));
    disposer.listen(this.objectClass, "change", () => setTraits(model, { ...CLEARED, label: model.get("label"), object_class: this.objectClass.value || null }));
    disposer.listen(this.sort, "change", () => setTraits(model, { sort: this.sort.value }));
    disposer.listen(this.back, "click", () => setTraits(model, CLEARED));
    disposer.watch(model, ["cell", "label", "object_class", "sort"], () => this.update());
  }

  /** Names of labels and classes are known once the index is there. */
  loaded(): void {
    fillPicker(this.label, this.store.labels);
    fillPicker(this.objectClass, [...this.store.classes].sort((a, b) => a.localeCompare(b)));
    this.badge.hidden = !this.store.synthetic || this.embedded;
    const count = this.store.failures;
    this.failures.textContent = count === 0 ? "" : `${count} ${count === 1 ? "file" : "files"} could not be used`;
    this.failures.title = "run.failures lists them with their reasons";
    this.update();
  }

  orderChanged(): void {
    const order = this.store.filter;
    if (order === null) return;
    this.crumb.textContent = this.crumb.title = breadcrumb(order);
    this.crumb.dataset.count = String(order.count);
    this.crumb.dataset.total = String(order.total);
    this.back.hidden = !isFiltered(order);
    this.crumb.parentElement?.classList.toggle("ec-crumb-active", isFiltered(order));
  }

  private update(): void {
    const cell = this.model.get<[string, string] | null>("cell");
    const label = this.model.get<string | null>("label");
    const objectClass = this.model.get<string | null>("object_class");
    const focus = this.chips.contains(document.activeElement);
    this.chips.replaceChildren(
      ...(cell === null ? [] : [this.chip(cell[0], { ...CLEARED, label: cell[1] }), this.chip(cell[1], { ...CLEARED, object_class: cell[0] })]),
      ...(label === null ? [] : [this.chip(label, { ...CLEARED, object_class: objectClass })]),
      ...(objectClass === null ? [] : [this.chip(objectClass, { ...CLEARED, label })]),
    );
    if (focus) (this.chips.querySelector("button") ?? this.label).focus();
    this.chips.hidden = this.chips.childElementCount === 0;
    this.label.hidden = cell !== null || label !== null;
    this.objectClass.hidden = cell !== null || objectClass !== null;
    this.label.value = label ?? "";
    this.objectClass.value = objectClass ?? "";
    this.sort.value = this.model.get<string>("sort");
  }

  private chip(text: string, without: Record<string, unknown>): HTMLElement {
    const remove = h("button", { type: "button", "aria-label": `Remove the filter ${text}`, title: "Remove" }, "×");
    remove.addEventListener("click", () => setTraits(this.model, without), { once: true });
    return h("span", { class: "ec-chip", "data-testid": "chip", "data-name": text }, h("span", {}, text), remove);
  }
}

function picker(name: string, all: string, testid: string): HTMLSelectElement {
  return h("select", { class: "ec-select", "aria-label": `filter by ${name}`, "data-testid": testid, "data-all": all }, h("option", { value: "" }, all));
}

function fillPicker(select: HTMLSelectElement, names: string[]): void {
  select.replaceChildren(h("option", { value: "" }, select.dataset.all), ...names.map((name) => h("option", { value: name }, name)));
}
