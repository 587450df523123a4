// The picture that is marked: boxes are clicked, cells brushed (or reached by the arrow keys); after the reveal the map glows
// under the marks.
import { type Box, boxAt, paintBoxes, paintTags } from "../shared/boxes";
import type { CamOverlay, Rectangle } from "../shared/cam";
import { sequential } from "../shared/colour";
import { ImageCanvas } from "../shared/imageCanvas";
import type { Point, Size, Viewport } from "../shared/viewport";
import { cellAt, cellRectangle, cellsBetween, type Grid, type Marks, outline } from "./marks";

export type Way = "boxes" | "cells" | "erase";

/** What picture and list show alike. */
export interface Shown {
  boxes: Box[];
  grid: Grid | null;
  marks: Marks;
  marking: boolean;
  way: Way;
}

export interface PictureEvents {
  /** Marks have changed; `done`: the hand has let go. */
  marked(done: boolean): void;
  /** The box under the pointer, or -1. */
  box(index: number): void;
  moved(): void;
}

const TINT = "rgba(60, 120, 255, 0.32)";
const LINES = [["rgba(0, 0, 0, 0.75)", 5.5], ["#ffffff", 3.5], ["#2f6bff", 2]] as const;
const SLACK = 4;

export class Picture {
  readonly canvas: ImageCanvas;
  private stroke: { from: Point; mark: boolean } | null = null;
  private cursor = -1;
  private focused = false;

  constructor(
    private readonly shown: Shown,
    private readonly events: PictureEvents,
  ) {
    this.canvas = new ImageCanvas({
      label: "picture",
      scale: sequential,
      pointerDown: (_event, at) => this.down(at),
      pointerMove: (event, at) => this.move(event, at),
      pointerUp: () => this.up(),
      key: (event) => this.key(event),
      paint: (context, viewport) => this.paintBelow(context, viewport),
      paintAbove: (context, viewport) => this.paintAbove(context, viewport),
      boxHovered: (box) => events.box(box === null ? -1 : this.shown.boxes.indexOf(box)),
      moved: () => events.moved(),
    });
    this.canvas.element.classList.add("xp-canvas");
    this.canvas.element.dataset.testid = "expectation-canvas";
  }

  setImage(picture: ImageBitmap | null, size: Size): void {
    this.cursor = -1;
    this.stroke = null;
    this.canvas.setImage(picture, size);
  }

  setMap(map: CamOverlay | null): void {
    this.canvas.setCam(map);
  }

  setFocused(focused: boolean): void {
    this.focused = focused;
    this.canvas.redraw();
  }

  private get brushing(): boolean {
    return this.shown.marking && this.shown.way !== "boxes" && this.shown.grid !== null;
  }

  private down(at: Point): boolean {
    const { shown } = this;
    if (!shown.marking) return false;
    const box = boxAt(shown.boxes, at, SLACK / this.canvas.viewport.scale);
    if (shown.way === "boxes") {
      if (box === null) return false;
      shown.marks.toggleBox(shown.boxes.indexOf(box));
      this.events.marked(true);
      return true;
    }
    const cell = shown.grid === null ? -1 : cellAt(shown.grid, at);
    const onCell = shown.marks.cells.has(cell);
    if (shown.way === "erase" && !onCell && box !== null && shown.marks.boxes.delete(shown.boxes.indexOf(box))) {
      this.events.marked(true);
      return true;
    }
    if (cell < 0) return false;
    // A click on a cell that is marked takes the mark away; a brush never does.
    const mark = shown.way === "cells" && !onCell;
    shown.marks.setCells([cell], mark);
    this.stroke = { from: at, mark: shown.way === "cells" };
    this.cursor = cell;
    this.events.marked(false);
    return true;
  }

  private move(event: PointerEvent, at: Point): void {
    if (this.stroke === null || this.shown.grid === null) return;
    if (event.buttons === 0) return this.up();
    const cells = cellsBetween(this.shown.grid, this.stroke.from, at);
    const first = cellAt(this.shown.grid, this.stroke.from);
    this.shown.marks.setCells(cells.filter((cell) => cell !== first), this.stroke.mark);
    this.stroke.from = at;
    this.events.marked(false);
  }

  private up(): void {
    if (this.stroke === null) return;
    this.stroke = null;
    this.events.marked(true);
  }

  private key(event: KeyboardEvent): boolean {
    const { grid, marks } = this.shown;
    if (!this.brushing || grid === null || event.ctrlKey || event.metaKey || event.altKey) return false;
    const at = this.cursor >= 0 ? this.cursor : Math.floor(grid.rows / 2) * grid.columns + Math.floor(grid.columns / 2);
    const [row, column] = [Math.floor(at / grid.columns), at % grid.columns];
    const steps: Record<string, [number, number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const step = steps[event.key];
    if (step !== undefined) {
      const within = (value: number, n: number): number => Math.min(n - 1, Math.max(0, value));
      this.cursor = within(row + step[0], grid.rows) * grid.columns + within(column + step[1], grid.columns);
      if (event.shiftKey) marks.setCells([this.cursor], this.shown.way === "cells");
    } else if (event.key === " " || event.key === "Enter") {
      this.cursor = at;
      marks.setCells([at], this.shown.way === "cells" && !marks.cells.has(at));
    } else return false;
    this.events.marked(true);
    this.canvas.redraw();
    return true;
  }

  private paintBelow(context: CanvasRenderingContext2D, viewport: Viewport): void {
    const { boxes, grid, marks, marking } = this.shown;
    if (!marking) return;
    context.save();
    context.fillStyle = TINT;
    for (const box of marks.boxes) if (boxes[box]) fillRectangle(context, boxes[box], viewport);
    if (grid !== null) for (const cell of marks.cells) fillRectangle(context, cellRectangle(grid, cell), viewport);
    if (this.brushing && grid !== null) paintGrid(context, grid, viewport);
    context.restore();
  }

  private paintAbove(context: CanvasRenderingContext2D, viewport: Viewport): void {
    const { boxes, grid, marks, marking } = this.shown;
    const marked = boxes.filter((_, i) => marks.boxes.has(i)).map((box) => ({ ...box, strong: true }));
    context.save();
    context.lineCap = "square";
    if (grid !== null) {
      const edges = outline(grid, marks.cells);
      if (edges.length > 0) strokeEdges(context, edges, viewport);
      if (this.focused && this.brushing && this.cursor >= 0) {
        const { x0, y0, x1, y1 } = cellRectangle(grid, this.cursor);
        context.setLineDash([4, 3]);
        strokeEdges(context, [[x0, y0, x1, y0], [x1, y0, x1, y1], [x1, y1, x0, y1], [x0, y1, x0, y0]], viewport);
      }
    }
    context.restore();
    paintBoxes(context, marked, viewport, 2);
    const named = marking && this.shown.way === "boxes" ? boxes.map((box) => ({ ...box, strong: true })) : marked;
    const area = { width: this.canvas.element.clientWidth, height: this.canvas.element.clientHeight };
    paintTags(context, named, viewport, area, getComputedStyle(this.canvas.element).fontFamily);
  }
}

function fillRectangle(context: CanvasRenderingContext2D, at: Rectangle, { scale, x, y }: Viewport): void {
  context.fillRect(at.x0 * scale + x, at.y0 * scale + y, (at.x1 - at.x0) * scale, (at.y1 - at.y0) * scale);
}

function strokeEdges(context: CanvasRenderingContext2D, edges: readonly [number, number, number, number][], { scale, x, y }: Viewport): void {
  context.beginPath();
  for (const [x0, y0, x1, y1] of edges) {
    context.moveTo(x0 * scale + x, y0 * scale + y);
    context.lineTo(x1 * scale + x, y1 * scale + y);
  }
  for (const [colour, width] of LINES) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
}

function paintGrid(context: CanvasRenderingContext2D, grid: Grid, { scale, x, y }: Viewport): void {
  const { x0, y0, x1, y1 } = grid.view;
  context.beginPath();
  for (let column = 0; column <= grid.columns; column++) {
    const at = (x0 + ((x1 - x0) * column) / grid.columns) * scale + x;
    context.moveTo(at, y0 * scale + y);
    context.lineTo(at, y1 * scale + y);
  }
  for (let row = 0; row <= grid.rows; row++) {
    const at = (y0 + ((y1 - y0) * row) / grid.rows) * scale + y;
    context.moveTo(x0 * scale + x, at);
    context.lineTo(x1 * scale + x, at);
  }
  for (const [colour, width] of [["rgba(0, 0, 0, 0.35)", 2], ["rgba(255, 255, 255, 0.7)", 0.8]] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
}
