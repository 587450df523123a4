// The few controls that several widgets use: a named select, a named slider, a tooltip that stays inside its widget, a badge.
import { h, type Disposer } from "./dom";
import type { Model } from "./model";

export interface Option {
  value: string;
  label: string;
  title?: string;
  /** Shown, but not to be picked: the label says why. */
  disabled?: boolean;
}

export interface SelectControl {
  el: HTMLElement;
  options(options: Option[], value: string): void;
}

/** A select with its name before it, not shown where there is nothing to choose. Calls `onPick` when the user picks. */
export function selectControl(disposer: Disposer, name: string, testId: string, onPick: (value: string) => void): SelectControl {
  const select = h("select", { class: "ec-select", "aria-label": name, "data-testid": testId });
  const el = h("label", { class: "ec-field" }, h("span", {}, name), select);
  disposer.listen(select, "change", () => onPick(select.value));
  return {
    el,
    options: (options, value) => {
      select.replaceChildren(...options.map((o) => h("option", { value: o.value, title: o.title, disabled: o.disabled }, o.label)));
      select.value = value;
      el.hidden = options.length < 2;
    },
  };
}

export interface SliderControl {
  el: HTMLElement;
  /** Shows a value that came from elsewhere; ignored while the user drags. */
  set(value: number): void;
}

/** A slider that reports while it is dragged and writes its value beside itself. */
export function sliderControl(
  disposer: Disposer,
  name: string,
  testId: string,
  range: { min: number; max: number; step: number; write: (value: number) => string; title?: string },
  onInput: (value: number) => void,
): SliderControl {
  const input = h("input", { type: "range", min: range.min, max: range.max, step: range.step, "aria-label": name, "data-testid": testId });
  const output = h("output", { class: "ec-number" });
  const el = h("label", { class: "ec-field", title: range.title }, h("span", {}, name), input, output);
  let dragging = false;
  const show = (value: number): void => {
    output.textContent = range.write(value);
    input.setAttribute("aria-valuetext", range.write(value));
  };
  disposer.listen(input, "input", () => {
    show(input.valueAsNumber);
    onInput(input.valueAsNumber);
  });
  disposer.listen(input, "pointerdown", () => (dragging = true));
  for (const type of ["pointerup", "pointercancel", "blur"]) disposer.listen(input, type, () => (dragging = false));
  return {
    el,
    set: (value) => {
      if (dragging) return;
      input.value = String(value);
      show(value);
    },
  };
}

/** One tooltip for a whole widget, placed beside a rectangle and kept inside `host` (which must be positioned). */
export class Tooltip {
  private readonly el = h("div", { class: "ec-tooltip", role: "tooltip", "data-testid": "tooltip", hidden: true });

  constructor(
    private readonly host: HTMLElement,
    disposer: Disposer,
  ) {
    host.append(this.el);
    disposer.add(() => this.el.remove());
  }

  show(anchor: Element, ...content: (Node | string)[]): void {
    this.el.replaceChildren(...content);
    this.el.hidden = false;
    const host = this.host.getBoundingClientRect();
    const target = anchor.getBoundingClientRect();
    const own = this.el.getBoundingClientRect();
    // Below and to the right, where it hides neither the anchor's row nor its column; else on the other side.
    const right = target.right + 8 + own.width <= host.right - 4 ? target.right + 8 : target.left - own.width - 8;
    const x = Math.max(right, host.left + 4);
    const below = target.bottom + 8;
    const y = below + own.height <= host.bottom - 4 ? below : target.top - own.height - 8;
    this.el.style.left = `${Math.round(x - host.left)}px`;
    this.el.style.top = `${Math.round(y - host.top)}px`;
  }

  hide(): void {
    this.el.hidden = true;
  }
}

/** Says that a widget's numbers are of synthetic data, where nothing around it does. */
export function dataBadge(model: Model, embedded: boolean): HTMLElement | null {
  if (embedded || !model.get<boolean>("_synthetic")) return null;
  return h("span", { class: "ec-badge", title: "Synthetic data: no finding about a real classifier", "data-testid": "data-badge" }, "synthetic data");
}
