// The superpixels of an image: which one lies where, how large they are, and their outlines as paths that stay crisp at any zoom.
import type { Point } from "../shared/viewport";

export class Segments {
  /** Row-major, width x height; the grid may be smaller than the image. */
  readonly ids: Int32Array;
  /** Share of the image, 0..1. */
  readonly areas: Float64Array;
  /** Mean of the region's pixels, relative to the grid's size. */
  readonly centres: Point[];
  private readonly bounds: Int32Array;
  private readonly outlines = new Map<number, Path2D>();
  private all: Path2D | null = null;

  /** `runs`: length and id in turn, row by row. */
  constructor(
    runs: Int32Array,
    readonly width: number,
    readonly height: number,
    readonly count: number,
  ) {
    this.ids = new Int32Array(width * height);
    for (let i = 0, at = 0; i < runs.length; i += 2) {
      this.ids.fill(runs[i + 1], at, at + runs[i]);
      at += runs[i];
    }
    this.areas = new Float64Array(count);
    this.bounds = new Int32Array(4 * count);
    this.centres = this.measure();
  }

  private measure(): Point[] {
    const x = new Float64Array(this.count);
    const y = new Float64Array(this.count);
    for (let id = 0; id < this.count; id++) this.bounds.set([this.width, this.height, 0, 0], 4 * id);
    for (let row = 0, i = 0; row < this.height; row++) {
      for (let column = 0; column < this.width; column++, i++) {
        const id = this.ids[i];
        this.areas[id]++;
        x[id] += column + 0.5;
        y[id] += row + 0.5;
        const at = 4 * id;
        if (column < this.bounds[at]) this.bounds[at] = column;
        if (row < this.bounds[at + 1]) this.bounds[at + 1] = row;
        if (column >= this.bounds[at + 2]) this.bounds[at + 2] = column + 1;
        if (row >= this.bounds[at + 3]) this.bounds[at + 3] = row + 1;
      }
    }
    const centres = Array.from(x, (sum, id) => {
      const pixels = Math.max(1, this.areas[id]);
      return { x: sum / pixels / this.width, y: y[id] / pixels / this.height };
    });
    for (let id = 0; id < this.count; id++) this.areas[id] /= this.ids.length;
    return centres;
  }

  /** The region at a point relative to the image's size; -1 outside. */
  at(point: Point): number {
    const column = Math.floor(point.x * this.width);
    const row = Math.floor(point.y * this.height);
    if (column < 0 || row < 0 || column >= this.width || row >= this.height) return -1;
    return this.ids[row * this.width + column];
  }

  /** From top to bottom, and within a fifth of the height from left to right: an order that tells nothing of the weights. */
  reading(): number[] {
    const band = (id: number): number => Math.floor(this.centres[id].y * 5);
    return Array.from({ length: this.count }, (_, id) => id).sort((a, b) => band(a) - band(b) || this.centres[a].x - this.centres[b].x);
  }

  /** The outline of one region, in grid units. */
  outline(id: number): Path2D {
    let path = this.outlines.get(id);
    if (path === undefined) {
      const [x0, y0, x1, y1] = this.bounds.subarray(4 * id, 4 * id + 4);
      path = this.trace(x0, y0, x1, y1, (a, b) => (a === id) !== (b === id));
      this.outlines.set(id, path);
    }
    return path;
  }

  /** All borders between regions, in grid units. */
  borders(): Path2D {
    this.all ??= this.trace(0, 0, this.width, this.height, (a, b) => a !== b && a >= 0 && b >= 0);
    return this.all;
  }

  /** The grid lines that separate two pixels for which `parted` holds, neighbours in a line as one stroke. */
  private trace(x0: number, y0: number, x1: number, y1: number, parted: (a: number, b: number) => boolean): Path2D {
    const path = new Path2D();
    const id = (x: number, y: number): number => (x < 0 || y < 0 || x >= this.width || y >= this.height ? -1 : this.ids[y * this.width + x]);
    for (let y = y0; y <= y1; y++) {
      for (let x = x0, start = -1; x <= x1; x++) {
        const edge = x < x1 && parted(id(x, y - 1), id(x, y));
        if (edge && start < 0) start = x;
        if (!edge && start >= 0) {
          path.moveTo(start, y);
          path.lineTo(x, y);
          start = -1;
        }
      }
    }
    for (let x = x0; x <= x1; x++) {
      for (let y = y0, start = -1; y <= y1; y++) {
        const edge = y < y1 && parted(id(x - 1, y), id(x, y));
        if (edge && start < 0) start = y;
        if (!edge && start >= 0) {
          path.moveTo(x, start);
          path.lineTo(x, y);
          start = -1;
        }
      }
    }
    return path;
  }

  /** Each region in one colour (RGBA 0..255) as a canvas of the grid's size. */
  painted(colour: (id: number) => readonly [number, number, number, number]): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    canvas.width = this.width;
    canvas.height = this.height;
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("This browser gives no 2d canvas.");
    const pixels = context.createImageData(this.width, this.height);
    const table = Array.from({ length: this.count }, (_, id) => colour(id));
    this.ids.forEach((id, i) => pixels.data.set(table[id], 4 * i));
    context.putImageData(pixels, 0, 0);
    return canvas;
  }
}
