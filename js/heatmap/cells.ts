// One cell of the heatmap as the keyboard, the pointer and a screen reader find it: an element without a look of its own. What is seen
// of it is drawn (picture.ts).
import { h } from "../shared/dom";
import type { Matrix } from "./matrix";
import type { Marks } from "./protocol";

/** Pixels by which "100" may be wider than its cell: its figures then stand closer together. */
const TIGHTEN = 5;
const NUMBER_MIN = { width: 18, height: 14 };

export interface Room {
  cell: number;
  row: number;
}

/** What is written in a cell of that size, and whether its figures have to stand closer together. */
export function written(matrix: Matrix, index: number, { cell, row }: Room): { text: string; tight: boolean } {
  const text = cell >= NUMBER_MIN.width && row >= NUMBER_MIN.height ? matrix.text(index) : "";
  const spare = cell - 1 - textWidth(text);
  return spare > -TIGHTEN ? { text, tight: text !== "" && spare <= 0 } : { text: "", tight: false };
}

const MARKS = ["less", "", "more"];

export class CellView {
  readonly el: HTMLElement;
  private none = false;

  constructor(
    column: number,
    private readonly objectClass: string,
    label: string,
  ) {
    this.el = h("div", { class: "hm-cell", role: "gridcell", tabindex: -1, "data-testid": "cell", "data-class": objectClass, "data-label": label, "aria-colindex": column + 2, "aria-selected": "false" });
  }

  /** Whether there is nothing to show. */
  set empty(none: boolean) {
    if (none !== this.none) this.el.classList.toggle("hm-none", none);
    this.none = none;
  }

  /** What is drawn, for whoever reads the page. */
  tell(matrix: Matrix, index: number, unit: Room, marks: Marks | null): void {
    const { dataset } = this.el;
    dataset.count = String(matrix.counts[index]);
    dataset.text = written(matrix, index, unit).text;
    dataset.mark = MARKS[1 + (marks?.sign[index] ?? 0)];
  }

  /** Its name: what is written in the cell comes first, so that who speaks to the machine says what is seen. */
  name(matrix: Matrix, index: number, unit: Room, marks: Marks | null): void {
    const { text } = written(matrix, index, unit);
    this.el.setAttribute("aria-label", `${this.objectClass}${text && `, ${text}`}: ${matrix.sentence(index, marks)}`);
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
