// Below the toolbar, on demand: a control for every kind of filter. What is set there acts at once and stands as a chip.
import { type Disposer, h } from "../shared/dom";
import { type Model, setTraits } from "../shared/model";
import type { BrowserStore } from "./store";

type Range = [number, number];

const TYPING_MS = 250;

export class FilterPanel {
  readonly button = h("button", { class: "ec-button", type: "button", "aria-expanded": "false", "data-testid": "add-filter", title: "Filter by label, object, confidence, … (f)" }, "+ Filter");
  readonly el: HTMLElement;
  private readonly label = picker("label", "any label", "filter-label");
  private readonly annotation = picker("annotation", "any annotation", "filter-annotation");
  private readonly objectClass = picker("object class", "any object", "filter-class");
  private readonly confidence = amount("least confidence", "filter-confidence", "any");
  private readonly low = amount("least importance", "filter-importance-low", "0");
  private readonly high = amount("greatest importance", "filter-importance-high", "1");
  private readonly disagreement = h("input", { type: "checkbox", "data-testid": "filter-disagreement" });

  constructor(
    private readonly model: Model,
    private readonly store: BrowserStore,
    private readonly disposer: Disposer,
  ) {
    this.el = h(
      "div",
      { class: "ec-filters", role: "group", "aria-label": "Filters", "data-testid": "filters", hidden: true },
      field("Predicted label", this.label),
      field("Annotation", this.annotation),
      field("Object", this.objectClass),
      field("Confidence from", this.confidence),
      h("div", { class: "ec-filter" }, h("span", {}, "Importance"), h("div", { class: "ec-filter-range" }, this.low, h("span", {}, "to"), this.high)),
      h("label", { class: "ec-filter ec-filter-check" }, this.disagreement, h("span", {}, "Not predicted as annotated")),
    );
    this.listen();
    this.update();
  }

  toggle(open = this.el.hidden): void {
    this.el.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) this.label.focus();
    else if (this.el.contains(document.activeElement)) this.button.focus();
  }

  get isOpen(): boolean {
    return !this.el.hidden;
  }

  /** Once the index is there, and when labels were given. */
  fill(): void {
    fillPicker(this.label, this.model.get<string>("by") === "annotation" ? this.store.annotationsInUse() : this.store.labels);
    fillPicker(this.annotation, this.store.annotationsInUse());
    fillPicker(this.objectClass, [...this.store.classes].sort((a, b) => a.localeCompare(b)));
    this.annotation.disabled = this.disagreement.disabled = this.annotation.options.length < 2;
    this.update();
  }

  private listen(): void {
    const { disposer, model } = this;
    disposer.listen(this.button, "click", () => this.toggle());
    disposer.listen(this.label, "change", () => this.pickLabel(this.label.value || null));
    disposer.listen(this.annotation, "change", () => setTraits(model, { annotation: this.annotation.value || null }));
    disposer.listen(this.objectClass, "change", () => setTraits(model, { object_class: this.objectClass.value || null }));
    this.typed(this.confidence, () => ({ confidence: value(this.confidence) }));
    for (const end of [this.low, this.high]) this.typed(end, () => ({ importance: this.range() }));
    disposer.listen(this.disagreement, "change", () => setTraits(model, { disagreement: this.disagreement.checked }));
    disposer.listen<KeyboardEvent>(this.el, "keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      event.stopPropagation();
      this.toggle(false);
    });
    disposer.watch(model, ["cell", "label", "annotation", "object_class", "confidence", "importance", "disagreement"], () => this.update());
    disposer.watch(model, "by", () => this.fill());
  }

  /** What is typed acts after a moment's pause; it is written anew only once the focus has left it. */
  private typed(input: HTMLInputElement, traits: () => Record<string, unknown>): void {
    let pause = 0;
    const act = (): void => {
      if (pause !== 0) setTraits(this.model, traits());
      clearTimeout(pause);
      pause = 0;
    };
    this.disposer.listen(input, "input", () => {
      clearTimeout(pause);
      pause = window.setTimeout(act, TYPING_MS);
    });
    this.disposer.listen(input, "blur", () => {
      act();
      this.update();
    });
    this.disposer.add(() => clearTimeout(pause));
  }

  /** An image has one label: a cell gives way to another one, and leaves its class. */
  private pickLabel(label: string | null): void {
    const cell = this.model.get<[string, string] | null>("cell") ?? null;
    const left = cell === null ? {} : { cell: null, object_class: this.model.get<string | null>("object_class") ?? cell[0] };
    setTraits(this.model, { ...left, label });
  }

  /** The ends as they are typed, in their order; null where neither says anything. */
  private range(): Range | null {
    const low = value(this.low) ?? 0;
    const high = value(this.high) ?? 1;
    return low <= 0 && high >= 1 ? null : [Math.min(low, high), Math.max(low, high)];
  }

  private update(): void {
    const { model } = this;
    const importance = model.get<Range | null>("importance") ?? null;
    this.label.value = model.get<string | null>("label") ?? model.get<[string, string] | null>("cell")?.[1] ?? "";
    this.annotation.value = model.get<string | null>("annotation") ?? "";
    this.objectClass.value = model.get<string | null>("object_class") ?? "";
    write(this.confidence, model.get<number | null>("confidence") ?? null);
    write(this.low, importance?.[0] ?? null);
    write(this.high, importance?.[1] ?? null);
    this.disagreement.checked = model.get<boolean>("disagreement") === true;
  }
}

function picker(name: string, all: string, testid: string): HTMLSelectElement {
  return h("select", { class: "ec-select", "aria-label": `filter by ${name}`, "data-testid": testid, "data-all": all }, h("option", { value: "" }, all));
}

function fillPicker(select: HTMLSelectElement, names: string[]): void {
  select.replaceChildren(h("option", { value: "" }, select.dataset.all), ...names.map((name) => h("option", { value: name }, name)));
}

function amount(name: string, testid: string, placeholder: string): HTMLInputElement {
  return h("input", { class: "ec-input", type: "number", min: 0, max: 1, step: 0.05, inputmode: "decimal", placeholder, "aria-label": name, "data-testid": testid });
}

function field(name: string, control: HTMLElement): HTMLElement {
  return h("label", { class: "ec-filter" }, h("span", {}, name), control);
}

function value(input: HTMLInputElement): number | null {
  return Number.isFinite(input.valueAsNumber) ? Math.min(1, Math.max(0, input.valueAsNumber)) : null;
}

function write(input: HTMLInputElement, amount: number | null): void {
  if (document.activeElement !== input) input.value = amount === null ? "" : String(Number(amount.toFixed(3)));
}
