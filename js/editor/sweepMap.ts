// What a sweep has found so far: every label's probability at each place of a grid, painted as cells over the picture.
import { sequential } from "../shared/colour";
import type { Point, Size, Viewport } from "../shared/viewport";
import { outline } from "./stagePaint";

const OPACITY = 0.64;

export class SweepMap {
  readonly count: number;
  done = 0;
  private readonly values: Float32Array;
  private readonly known: Uint8Array;
  private picture: HTMLCanvasElement | null = null;
  private painted = "";

  constructor(
    readonly columns: number,
    readonly rows: number,
    private readonly labels: number,
  ) {
    this.count = columns * rows;
    this.values = new Float32Array(this.count * labels);
    this.known = new Uint8Array(this.count);
  }

  /** Probabilities (cells x labels), row by row. */
  take(cells: number[], probabilities: Float32Array): void {
    cells.forEach((cell, i) => {
      this.values.set(probabilities.subarray(i * this.labels, (i + 1) * this.labels), cell * this.labels);
      this.done += 1 - this.known[cell];
      this.known[cell] = 1;
    });
  }

  /** Null where nothing is known. */
  value(cell: number, label: number): number | null {
    return cell >= 0 && this.known[cell] === 1 ? this.values[cell * this.labels + label] : null;
  }

  /** The cell at a point relative to the image, or -1 outside. */
  cellAt({ x, y }: Point): number {
    if (x < 0 || y < 0 || x > 1 || y > 1) return -1;
    return Math.min(this.rows - 1, Math.floor(y * this.rows)) * this.columns + Math.min(this.columns - 1, Math.floor(x * this.columns));
  }

  centre(cell: number): Point {
    return { x: ((cell % this.columns) + 0.5) / this.columns, y: (Math.floor(cell / this.columns) + 0.5) / this.rows };
  }

  /** The lowest and the highest known value; 0 and 0 where nothing is known. */
  range(label: number): [number, number] {
    const low = this.value(this.worst(label), label);
    const high = this.value(this.best(label), label);
    return [low ?? 0, high ?? 0];
  }

  best(label: number): number {
    return this.extreme(label, 1);
  }

  worst(label: number): number {
    return this.extreme(label, -1);
  }

  private extreme(label: number, sign: 1 | -1): number {
    let found = -1;
    for (let cell = 0; cell < this.count; cell++) {
      const value = this.value(cell, label);
      if (value !== null && (found < 0 || sign * value > sign * this.values[found * this.labels + label])) found = cell;
    }
    return found;
  }

  paint(context: CanvasRenderingContext2D, viewport: Viewport, size: Size, label: number, hovered: number): void {
    const width = size.width * viewport.scale;
    const height = size.height * viewport.scale;
    const painted = `${this.done} ${label}`;
    if (this.picture === null || this.painted !== painted) {
      this.picture = this.draw(label);
      this.painted = painted;
    }
    context.save();
    context.globalAlpha = OPACITY;
    context.imageSmoothingEnabled = false;
    context.drawImage(this.picture, viewport.x, viewport.y, width, height);
    context.restore();
    if (this.value(hovered, label) === null) return;
    const [column, row] = [hovered % this.columns, Math.floor(hovered / this.columns)];
    outline(context, () => context.rect(viewport.x + (column * width) / this.columns, viewport.y + (row * height) / this.rows, width / this.columns, height / this.rows));
  }

  private draw(label: number): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    canvas.width = this.columns;
    canvas.height = this.rows;
    const context = canvas.getContext("2d");
    if (context === null) return canvas;
    const pixels = context.createImageData(this.columns, this.rows);
    const [low, high] = this.range(label);
    for (let cell = 0; cell < this.count; cell++) {
      const value = this.value(cell, label);
      if (value === null) continue;
      const [red, green, blue] = sequential(high > low ? (value - low) / (high - low) : 0.5);
      pixels.data.set([red, green, blue, 255], 4 * cell);
    }
    context.putImageData(pixels, 0, 0);
    return canvas;
  }
}
