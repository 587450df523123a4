// One cell of the heatmap, which writes to the page only what has changed: a slider repaints hundreds of them at a time.
import { css, ink } from "../shared/colour";
import { h } from "../shared/dom";
import type { Matrix } from "./matrix";
import type { Marks } from "./protocol";

/** Pixels by which "100" may be wider than its cell: its figures then stand closer together. */
const TIGHTEN = 5;
const NUMBER_MIN = { width: 18, height: 14 };

export class CellView {
  readonly el: HTMLElement;
  private colour = "";
  private text = "";
  private count = -1;
  private state = "";

  constructor(column: number, objectClass: string, label: string) {
    this.el = h("div", { class: "hm-cell", role: "gridcell", tabindex: -1, "data-testid": "cell", "data-class": objectClass, "data-label": label, "aria-colindex": column + 2 });
  }

  paint(matrix: Matrix, index: number, unit: { cell: number; row: number }, dark: boolean, marks: Marks | null): void {
    const { el } = this;
    const rgb = matrix.colour(index, dark);
    const colour = css(rgb);
    if (colour !== this.colour) {
      this.colour = colour;
      el.style.background = colour;
      el.style.color = ink(rgb);
    }
    const written = unit.cell >= NUMBER_MIN.width && unit.row >= NUMBER_MIN.height ? matrix.text(index) : "";
    const spare = unit.cell - 1 - textWidth(written);
    const text = spare > -TIGHTEN ? written : "";
    if (text !== this.text) {
      this.text = text;
      el.textContent = text;
    }
    const sign = marks?.sign[index] ?? 0;
    const state = `hm-cell${text && spare <= 0 ? " hm-tight" : ""}${matrix.isEmpty(index) ? " hm-none" : ""}${sign > 0 ? " hm-more" : sign < 0 ? " hm-less" : ""}`;
    if (state !== this.state) {
      this.state = state;
      el.className = state;
    }
    if (matrix.counts[index] !== this.count) {
      this.count = matrix.counts[index];
      el.dataset.count = String(this.count);
    }
  }
}

let ruler: CanvasRenderingContext2D | null = null;
const widths = new Map<string, number>();

/** Width in pixels of 12 px text, near enough for laying out. */
export function textWidth(text: string): number {
  let width = widths.get(text);
  if (width === undefined) {
    ruler ??= document.createElement("canvas").getContext("2d");
    if (ruler) ruler.font = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
    width = Math.ceil(ruler ? ruler.measureText(text).width : 6.5 * text.length);
    widths.set(text, width);
  }
  return width;
}
