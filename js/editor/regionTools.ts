// Choosing a region on the picture: a box or a lasso is drawn, segments are picked. With keys a cross is moved by the arrows;
// Enter sets a corner (the same place again closes a lasso) or picks the segment under it.
import type { Point, Size, Viewport } from "../shared/viewport";
import { boxBetween, lassoThrough, type Region } from "./edits";
import type { StageTool } from "./stage";
import { outline } from "./stagePaint";

export type ToolKind = "box" | "lasso" | "segments";

/** Superpixels at a smaller size, row-major; ids are the whole image's. */
export interface SegmentMap {
  ids: Int32Array;
  width: number;
  height: number;
}

interface ToolEvents {
  /** A box or lasso is drawn. */
  drawn: (region: Region) => void;
  /** A segment is taken in or out. */
  picked: (segment: number) => void;
  redraw: () => void;
}

const STEP = 0.02;
const BIG_STEP = 0.1;
const SAME = 0.005;

export class RegionTool implements StageTool {
  readonly cursor = "crosshair";
  /** What is shown as chosen. */
  chosen: number[] = [];
  private corners: Point[] = [];
  private drawing = false;
  private cross: Point | null = null;
  private hovered = -1;
  private mask: HTMLCanvasElement | null = null;
  private masked = "";

  constructor(
    readonly kind: ToolKind,
    private readonly size: Size,
    private readonly segments: SegmentMap | null,
    private readonly events: ToolEvents,
  ) {}

  down(_event: PointerEvent, at: Point): boolean {
    this.cross = null;
    if (this.kind === "segments") {
      const id = this.segmentAt(this.relative(at));
      if (id >= 0) this.events.picked(id);
      return true;
    }
    this.drawing = true;
    this.corners = [this.relative(at)];
    return true;
  }

  move(_event: PointerEvent, at: Point): void {
    const here = this.relative(at);
    if (this.kind === "segments") {
      const id = this.segmentAt(here);
      if (id !== this.hovered) {
        this.hovered = id;
        this.events.redraw();
      }
      return;
    }
    if (!this.drawing) return;
    if (this.kind === "box") this.corners = [this.corners[0], here];
    else this.corners.push(here);
    this.events.redraw();
  }

  up(event: PointerEvent): void {
    if (!this.drawing) return;
    this.drawing = false;
    const corners = this.corners;
    this.corners = [];
    if (event.type !== "pointercancel") this.finish(corners);
    this.events.redraw();
  }

  key(event: KeyboardEvent): boolean {
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (direction !== undefined) {
      const step = event.shiftKey ? BIG_STEP : STEP;
      const from = this.cross ?? { x: 0.5, y: 0.5 };
      this.cross = this.relative({ x: (from.x + direction[0] * step) * this.size.width, y: (from.y + direction[1] * step) * this.size.height });
      if (this.kind === "segments") this.hovered = this.segmentAt(this.cross);
    } else if (event.key === "Enter") this.enter();
    else return false;
    this.events.redraw();
    return true;
  }

  paint(context: CanvasRenderingContext2D, viewport: Viewport): void {
    const screen = ({ x, y }: Point): [number, number] => [x * this.size.width * viewport.scale + viewport.x, y * this.size.height * viewport.scale + viewport.y];
    if (this.kind === "segments") this.paintSegments(context, viewport);
    const corners = this.cross !== null && this.corners.length > 0 ? [...this.corners, this.cross] : this.corners;
    if (corners.length > 1) {
      outline(context, () => {
        const [first, ...others] = corners.map(screen);
        if (this.kind === "box") context.rect(first[0], first[1], others.at(-1)![0] - first[0], others.at(-1)![1] - first[1]);
        else {
          context.moveTo(...first);
          for (const corner of others) context.lineTo(...corner);
          context.closePath();
        }
      });
    }
    if (this.cross !== null) {
      const [x, y] = screen(this.cross);
      outline(context, () => {
        context.moveTo(x - 10, y);
        context.lineTo(x + 10, y);
        context.moveTo(x, y - 10);
        context.lineTo(x, y + 10);
      });
    }
  }

  private enter(): void {
    const here = (this.cross ??= { x: 0.5, y: 0.5 });
    if (this.kind === "segments") {
      const id = this.segmentAt(here);
      if (id >= 0) this.events.picked(id);
      return;
    }
    const last = this.corners.at(-1);
    const closes = this.kind === "box" ? last !== undefined : last !== undefined && Math.hypot(here.x - last.x, here.y - last.y) < SAME;
    if (!closes) {
      this.corners.push({ ...here });
      return;
    }
    const corners = this.kind === "box" ? [this.corners[0], here] : this.corners;
    this.corners = [];
    this.finish(corners);
  }

  private finish(corners: Point[]): void {
    const region = this.kind === "box" ? (corners.length > 1 ? boxBetween(corners[0], corners.at(-1)!) : null) : lassoThrough(corners);
    if (region !== null) this.events.drawn(region);
  }

  /** Relative to the image and kept on it. */
  private relative(at: Point): Point {
    const clamp = (value: number): number => Math.min(1, Math.max(0, value));
    return { x: clamp(at.x / this.size.width), y: clamp(at.y / this.size.height) };
  }

  private segmentAt(at: Point): number {
    const { segments } = this;
    if (segments === null) return -1;
    const column = Math.min(segments.width - 1, Math.floor(at.x * segments.width));
    const row = Math.min(segments.height - 1, Math.floor(at.y * segments.height));
    return segments.ids[row * segments.width + column];
  }

  private paintSegments(context: CanvasRenderingContext2D, viewport: Viewport): void {
    const { segments, size } = this;
    if (segments === null) return;
    const masked = `${this.hovered} ${this.chosen.join(" ")}`;
    if (this.mask === null || this.masked !== masked) {
      this.mask = segmentPicture(segments, new Set(this.chosen), this.hovered);
      this.masked = masked;
    }
    context.save();
    context.imageSmoothingEnabled = false;
    context.drawImage(this.mask, viewport.x, viewport.y, size.width * viewport.scale, size.height * viewport.scale);
    context.restore();
  }
}

/** All borders in white, the borders of what is chosen in yellow, a veil over what lies under the pointer. */
function segmentPicture({ ids, width, height }: SegmentMap, chosen: Set<number>, hovered: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (context === null) return canvas;
  const pixels = context.createImageData(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const id = ids[i];
      const right = x + 1 < width ? ids[i + 1] : id;
      const below = y + 1 < height ? ids[i + width] : id;
      const border = right !== id || below !== id;
      const yellow = border && (chosen.has(id) || chosen.has(right) || chosen.has(below));
      if (border) pixels.data.set(yellow ? [255, 214, 0, 255] : [255, 255, 255, 150], 4 * i);
      else if (id === hovered) pixels.data.set([255, 255, 255, 90], 4 * i);
    }
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}
