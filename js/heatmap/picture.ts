// The cells' colours, numbers and marks, drawn: a slider repaints thousands of them many times a second, and each of them as a box of
// the page would be laid out, painted and layered by itself. Only cells that differ from what stands there are drawn.
import { css, ink } from "../shared/colour";
import { h } from "../shared/dom";
import { written, type Room } from "./cells";
import type { Matrix } from "./matrix";
import type { Marks } from "./protocol";
import type { Span } from "./window";

export interface Part {
  rows: Span;
  columns: Span;
}

const FONT = 12;
const CORNER = 2;
/** Between the figures of a number that is as wide as its cell, in font sizes. */
const TIGHT = -0.08;

export class CellPicture {
  readonly el = h("canvas", { class: "hm-picture", "aria-hidden": "true", "data-testid": "heatmap-picture" });
  private readonly context = this.el.getContext("2d");
  private shape = "";
  /** What stands in each cell of the part. */
  private drawn: string[] = [];
  private tight = false;
  /** From a line's middle to where its figures stand, in CSS pixels. */
  private rise = 4;

  /** `unit.label`: where the first column begins. */
  draw(matrix: Matrix, marks: Marks | null, part: Part, unit: Room & { label: number }, dark: boolean): void {
    const { context } = this;
    if (!context || !this.el.isConnected) return; // it has no font before it is in the page
    const ratio = window.devicePixelRatio || 1;
    this.prepare(context, part, unit, ratio);
    const n = matrix.labels.length;
    const mark = (unit.cell < 28 ? 3 : 5) * ratio;
    let at = 0;
    for (let i = part.rows.start; i < part.rows.end; i++) {
      const y = edges(i - part.rows.start, unit.row, ratio);
      for (let j = part.columns.start; j < part.columns.end; j++, at++) {
        const index = i * n + j;
        const empty = matrix.isEmpty(index);
        const rgb = matrix.colour(index, dark);
        const { text, tight } = written(matrix, index, unit);
        const sign = marks?.sign[index] ?? 0;
        const content = empty ? "-" : `${(rgb[0] << 16) | (rgb[1] << 8) | rgb[2]} ${text} ${sign}`;
        if (content === this.drawn[at]) continue;
        this.drawn[at] = content;
        const x = edges(j - part.columns.start, unit.cell, ratio);
        context.clearRect(x.from, y.from, x.to - x.from, y.to - y.from);
        if (empty) continue;
        context.fillStyle = css(rgb);
        context.beginPath();
        context.roundRect(x.from, y.from, x.to - x.from, y.to - y.from, CORNER * ratio);
        context.fill();
        context.fillStyle = ink(rgb);
        if (text) {
          this.space(context, tight, ratio);
          context.fillText(text, (x.from + x.to) / 2, Math.round((y.from + y.to) / 2 + this.rise * ratio));
        }
        if (sign > 0) triangle(context, x.to, y.from, -mark, mark);
        else if (sign < 0) triangle(context, x.from, y.to, mark, -mark);
      }
    }
  }

  private space(context: CanvasRenderingContext2D, tight: boolean, ratio: number): void {
    if (tight !== this.tight) context.letterSpacing = `${tight ? TIGHT * FONT * ratio : 0}px`;
    this.tight = tight;
  }

  /** The canvas where and as large as it has to be; where that differs from before, nothing stands on it. */
  private prepare(context: CanvasRenderingContext2D, { rows, columns }: Part, unit: Room & { label: number }, ratio: number): void {
    const shape = [rows.start, rows.end, columns.start, columns.end, unit.cell, unit.row, unit.label, ratio].join();
    if (shape === this.shape) return;
    this.shape = shape;
    this.drawn = [];
    this.tight = false;
    const { el } = this;
    const width = (columns.end - columns.start) * unit.cell;
    const height = (rows.end - rows.start) * unit.row;
    el.width = Math.round(width * ratio); // also clears it
    el.height = Math.round(height * ratio);
    el.style.cssText = `left:${unit.label + columns.start * unit.cell}px;top:${rows.start * unit.row}px;width:${width}px;height:${height}px`;
    context.font = `${FONT * ratio}px ${getComputedStyle(el).fontFamily}`;
    context.textAlign = "center";
    this.rise = (context.measureText("0").actualBoundingBoxAscent || 0.72 * FONT * ratio) / ratio / 2;
  }
}

/** Where the k-th cell begins and ends on the canvas; a pixel is left between it and the next one. */
function edges(k: number, size: number, ratio: number): { from: number; to: number } {
  return { from: Math.round(k * size * ratio), to: Math.round(((k + 1) * size - 1) * ratio) };
}

/** A corner: more often than chance would have it at the top, less often at the bottom. In the number's own colour. */
function triangle(context: CanvasRenderingContext2D, x: number, y: number, dx: number, dy: number): void {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + dx, y);
  context.lineTo(x, y + dy);
  context.fill();
}
