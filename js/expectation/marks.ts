// What the viewer marks: boxes, and cells of the map's own grid; and how much of the picture that is.
import type { Box } from "../shared/boxes";
import type { Rectangle } from "../shared/cam";
import type { Point, Size } from "../shared/viewport";

export interface Grid {
  rows: number;
  columns: number;
  view: Rectangle;
}

export interface Chosen {
  boxes: number[];
  cells: number[];
}

/** The cell under a point of the image, or -1. */
export function cellAt(grid: Grid, at: Point): number {
  const { x0, y0, x1, y1 } = grid.view;
  const column = Math.floor(((at.x - x0) / (x1 - x0)) * grid.columns);
  const row = Math.floor(((at.y - y0) / (y1 - y0)) * grid.rows);
  return column < 0 || row < 0 || column >= grid.columns || row >= grid.rows ? -1 : row * grid.columns + column;
}

export function cellRectangle(grid: Grid, cell: number): Rectangle {
  const { x0, y0, x1, y1 } = grid.view;
  const width = (x1 - x0) / grid.columns;
  const height = (y1 - y0) / grid.rows;
  const left = x0 + (cell % grid.columns) * width;
  const top = y0 + Math.floor(cell / grid.columns) * height;
  return { x0: left, y0: top, x1: left + width, y1: top + height };
}

/** The cells that a straight stroke crosses, so that a quick hand leaves no gap. */
export function cellsBetween(grid: Grid, from: Point, to: Point): number[] {
  const step = Math.min((grid.view.x1 - grid.view.x0) / grid.columns, (grid.view.y1 - grid.view.y0) / grid.rows) / 2;
  const n = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / Math.max(step, 1e-6)));
  const cells = new Set<number>();
  for (let i = 0; i <= n; i++) cells.add(cellAt(grid, { x: from.x + ((to.x - from.x) * i) / n, y: from.y + ((to.y - from.y) * i) / n }));
  return [...cells].filter((cell) => cell >= 0);
}

/** The edges between marked cells and what is not marked, as [x0, y0, x1, y1] in image pixels. */
export function outline(grid: Grid, cells: ReadonlySet<number>): [number, number, number, number][] {
  const edges: [number, number, number, number][] = [];
  for (const cell of cells) {
    const { x0, y0, x1, y1 } = cellRectangle(grid, cell);
    const column = cell % grid.columns;
    if (!cells.has(cell - grid.columns)) edges.push([x0, y0, x1, y0]);
    if (!cells.has(cell + grid.columns)) edges.push([x0, y1, x1, y1]);
    if (column === 0 || !cells.has(cell - 1)) edges.push([x0, y0, x0, y1]);
    if (column === grid.columns - 1 || !cells.has(cell + 1)) edges.push([x1, y0, x1, y1]);
  }
  return edges;
}

/** The share of the image that rectangles cover together, 0..1: their edges cut it into a coarse raster. */
export function coveredShare(rectangles: readonly Rectangle[], { width, height }: Size): number {
  const clip = (value: number, high: number): number => Math.min(high, Math.max(0, value));
  const clipped = rectangles.map((r) => ({ x0: clip(r.x0, width), x1: clip(r.x1, width), y0: clip(r.y0, height), y1: clip(r.y1, height) }));
  const xs = [...new Set(clipped.flatMap((r) => [r.x0, r.x1]))].sort((a, b) => a - b);
  const ys = [...new Set(clipped.flatMap((r) => [r.y0, r.y1]))].sort((a, b) => a - b);
  let area = 0;
  for (let i = 0; i + 1 < xs.length; i++) {
    const here = clipped.filter((r) => r.x0 <= xs[i] && r.x1 >= xs[i + 1]);
    for (let j = 0; here.length > 0 && j + 1 < ys.length; j++) {
      if (here.some((r) => r.y0 <= ys[j] && r.y1 >= ys[j + 1])) area += (xs[i + 1] - xs[i]) * (ys[j + 1] - ys[j]);
    }
  }
  return area / Math.max(1, width * height);
}

export class Marks {
  readonly boxes = new Set<number>();
  readonly cells = new Set<number>();

  get empty(): boolean {
    return this.boxes.size === 0 && this.cells.size === 0;
  }

  get chosen(): Chosen {
    const sorted = (set: Set<number>): number[] => [...set].sort((a, b) => a - b);
    return { boxes: sorted(this.boxes), cells: sorted(this.cells) };
  }

  adopt(chosen: Partial<Chosen>): void {
    this.boxes.clear();
    this.cells.clear();
    for (const box of chosen.boxes ?? []) this.boxes.add(box);
    for (const cell of chosen.cells ?? []) this.cells.add(cell);
  }

  toggleBox(box: number): void {
    if (!this.boxes.delete(box)) this.boxes.add(box);
  }

  setCells(cells: readonly number[], marked: boolean): void {
    for (const cell of cells) {
      if (marked) this.cells.add(cell);
      else this.cells.delete(cell);
    }
  }

  /** "2 things and 5 cells marked, 21 % of the picture"; "" where nothing is. */
  words(boxes: readonly Box[], grid: Grid | null, size: Size): string {
    if (this.empty) return "";
    const count = (n: number, word: string): string[] => (n === 0 ? [] : [`${n} ${word}${n === 1 ? "" : "s"}`]);
    const marked = [...this.boxes].flatMap((box) => boxes[box] ?? []);
    const cells = grid === null ? [] : [...this.cells].map((cell) => cellRectangle(grid, cell));
    const share = 100 * coveredShare([...marked, ...cells], size);
    const written = share < 0.5 ? "under 1 %" : `${share.toFixed(0)} %`;
    return `${[...count(this.boxes.size, "thing"), ...count(this.cells.size, "cell")].join(" and ")} marked, ${written} of the picture`;
  }
}
