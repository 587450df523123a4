// Dividers between panes: dragged, moved by arrow keys, folded by a double click or Enter. Sizes live in the browser only.
import { h, type Disposer } from "../shared/dom";

export interface SplitOptions {
  name: string;
  testId: string;
  /** Which way the divider moves now ("x" beside, "y" below each other). */
  axis: () => "x" | "y";
  /** Size in pixels of the pane that it sizes, as it is. */
  size: () => number;
  /** True where that pane lies after the divider (right of or below it), so that dragging towards the start enlarges it. */
  after: () => boolean;
  range: () => { min: number; max: number };
  resize: (pixels: number) => void;
  fold: () => void;
  /** What a double click and Enter do, in words. */
  folding?: string;
}

const STEP = 24;

export function divider(disposer: Disposer, options: SplitOptions): HTMLElement {
  const el = h(
    "div",
    {
      class: "ex-divider",
      role: "separator",
      tabindex: 0,
      "aria-label": options.name,
      title: `${options.name}: drag to resize, double click to ${options.folding ?? "fold"}`,
      "data-testid": options.testId,
    },
    h("span", { class: "ex-grip" }),
  );
  const update = (): void => {
    const { min, max } = options.range();
    el.setAttribute("aria-orientation", options.axis() === "x" ? "vertical" : "horizontal");
    el.setAttribute("aria-valuemin", String(Math.round(min)));
    el.setAttribute("aria-valuemax", String(Math.round(max)));
    el.setAttribute("aria-valuenow", String(Math.round(options.size())));
  };
  const to = (pixels: number): void => {
    const { min, max } = options.range();
    options.resize(Math.min(Math.max(pixels, min), Math.max(min, max)));
    update();
  };
  let start: { at: number; size: number } | null = null;
  const at = (event: PointerEvent): number => (options.axis() === "x" ? event.clientX : event.clientY);
  disposer.listen<PointerEvent>(el, "pointerdown", (event) => {
    if (event.button !== 0) return;
    el.setPointerCapture(event.pointerId);
    start = { at: at(event), size: options.size() };
  });
  disposer.listen<PointerEvent>(el, "pointermove", (event) => {
    if (!start) return;
    const moved = at(event) - start.at;
    if (Math.abs(moved) > 2) to(start.size + (options.after() ? -moved : moved));
  });
  for (const type of ["pointerup", "pointercancel"]) disposer.listen(el, type, () => (start = null));
  disposer.listen(el, "dblclick", () => {
    options.fold();
    update();
  });
  disposer.listen<KeyboardEvent>(el, "keydown", (event) => {
    const towardsEnd = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (towardsEnd !== undefined) to(options.size() + STEP * towardsEnd * (options.after() ? -1 : 1));
    else if (event.key === "Enter" || event.key === " ") options.fold();
    else return;
    event.preventDefault();
    event.stopPropagation();
    update();
  });
  disposer.listen(el, "focus", update);
  update();
  return el;
}
