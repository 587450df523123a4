// One label's map over the picture: regions coloured by their weight, the region under the pointer or the keyboard outlined,
// what the viewer marked. Several panels stand side by side and share one scale, one region and one zoom.
import { css } from "../shared/colour";
import { Disposer, h } from "../shared/dom";
import { ImageCanvas } from "../shared/imageCanvas";
import type { Point, Size, Viewport } from "../shared/viewport";
import { type Palette, speaks } from "./colours";
import { type Explained, largest, type LimeMap } from "./state";

export const OPACITY = 0.65;
export type Side = "for" | "against";

/** What all panels show alike. */
export interface Shown {
  map: LimeMap | null;
  palette: Palette;
  /** The deepest colour is the greatest weight of each label's own, or of all labels together. */
  scale: "own" | "shared";
  /** False: the picture as it is. */
  coloured: boolean;
  /** The weights must not be seen yet. */
  covered: boolean;
  region: number;
  marks: Map<number, Side>;
  /** All but the strongest hidden: the picture as Python made it, and which regions are left. */
  strongest: { picture: ImageBitmap; kept: Set<number> } | null;
}

export interface PanelEvents {
  hover(region: number): void;
  /** A press (or a drag while pressed) on a region; true: it is taken, and does not move the picture. */
  press(region: number, first: boolean): boolean;
  released(): void;
  moved(from: Panel): void;
  key(event: KeyboardEvent): boolean;
}

export class Panel {
  readonly canvas: ImageCanvas;
  readonly caption = h("div", { class: "li-caption ec-number", "data-testid": "region-caption" });
  private picture: ImageBitmap | null = null;
  private grey: HTMLCanvasElement | null = null;
  private painted: HTMLCanvasElement | null = null;
  private paintedFor: unknown[] = [];
  private pressed = false;
  private readonly disposer = new Disposer();

  constructor(
    private readonly shown: Shown,
    private readonly index: () => number,
    private readonly events: PanelEvents,
  ) {
    this.canvas = new ImageCanvas({
      label: "superpixels",
      scale: () => [0, 0, 0],
      paint: (context, viewport) => this.paint(context, viewport),
      paintAbove: (context, viewport) => this.paintAbove(context, viewport),
      pointerDown: (_event, at) => this.down(at),
      pointerMove: (event, at) => this.move(event, at),
      pointerUp: () => this.up(),
      key: (event) => events.key(event),
      moved: () => events.moved(this),
    });
    this.canvas.element.classList.add("li-canvas");
    this.canvas.element.dataset.testid = "lime-canvas";
    this.disposer.listen(this.canvas.element, "pointerleave", () => events.hover(-1));
  }

  setImage(picture: ImageBitmap | null, grey: HTMLCanvasElement | null, size: Size): void {
    this.picture = picture;
    this.grey = grey;
    this.canvas.setImage(picture, size);
  }

  get explained(): Explained | null {
    return this.shown.map?.explained[this.index()] ?? null;
  }

  redraw(): void {
    this.canvas.redraw();
  }

  destroy(): void {
    this.disposer.dispose();
    this.canvas.destroy();
  }

  private relative(at: Point): Point {
    const size = this.canvas.imageSize;
    return { x: at.x / Math.max(1, size.width), y: at.y / Math.max(1, size.height) };
  }

  private under(at: Point): number {
    return this.shown.map?.segments.at(this.relative(at)) ?? -1;
  }

  private down(at: Point): boolean {
    const region = this.under(at);
    this.pressed = region >= 0 && this.events.press(region, true);
    return this.pressed;
  }

  private move(event: PointerEvent, at: Point): void {
    const region = this.under(at);
    this.events.hover(region);
    if (this.pressed && event.buttons !== 0 && region >= 0) this.events.press(region, false);
    else if (event.buttons === 0) this.up();
  }

  private up(): void {
    if (!this.pressed) return;
    this.pressed = false;
    this.events.released();
  }

  private paint(context: CanvasRenderingContext2D, viewport: Viewport): void {
    const { map, strongest, covered, coloured } = this.shown;
    if (map === null || this.picture === null) return;
    const explained = this.explained;
    context.save();
    context.translate(viewport.x, viewport.y);
    const size = this.canvas.imageSize;
    const area: [number, number, number, number] = [0, 0, size.width * viewport.scale, size.height * viewport.scale];
    if (strongest !== null) context.drawImage(strongest.picture, ...area);
    else if (coloured && !covered && explained !== null) {
      if (this.grey !== null) context.drawImage(this.grey, ...area);
      context.imageSmoothingEnabled = viewport.scale * size.width < map.segments.width;
      context.drawImage(this.colours(map, explained), ...area);
    }
    if (coloured || covered) {
      this.inGrid(context, viewport, (scale) => {
        context.strokeStyle = "rgba(255, 255, 255, 0.55)";
        context.lineWidth = 0.8 / scale;
        context.stroke(map.segments.borders());
      });
    }
    context.restore();
  }

  private colours(map: LimeMap, explained: Explained): HTMLCanvasElement {
    const most = this.most(map, explained) || 1;
    const key = [map.segments, explained.weights, this.shown.palette, most];
    if (this.painted === null || key.some((part, i) => part !== this.paintedFor[i])) {
      this.painted = map.segments.painted((id) => {
        const value = explained.weights[id] / most;
        return [...speaks(value, this.shown.palette), Math.round(255 * OPACITY * Math.abs(value))];
      });
      this.paintedFor = key;
    }
    return this.painted;
  }

  /** The weight that the deepest colour stands for. */
  most(map: LimeMap, explained: Explained): number {
    return largest(map, this.shown.scale === "own" ? explained : null);
  }

  private paintAbove(context: CanvasRenderingContext2D, viewport: Viewport): void {
    const { map, region, marks } = this.shown;
    if (map === null) return;
    context.save();
    context.translate(viewport.x, viewport.y);
    if (marks.size > 0) this.paintMarks(context, viewport, map, marks);
    if (region >= 0 && region < map.segments.count) {
      this.inGrid(context, viewport, (scale) => {
        const outline = map.segments.outline(region);
        context.lineJoin = "round";
        for (const [colour, width] of [["#000", 5], ["#fff", 2.5]] as const) {
          context.strokeStyle = colour;
          context.lineWidth = width / scale;
          context.stroke(outline);
        }
      });
    }
    context.restore();
  }

  private paintMarks(context: CanvasRenderingContext2D, viewport: Viewport, map: LimeMap, marks: Map<number, Side>): void {
    const { palette, covered } = this.shown;
    const size = this.canvas.imageSize;
    this.inGrid(context, viewport, (scale) => {
      for (const [id, side] of marks) {
        context.strokeStyle = "#000";
        context.lineWidth = 4 / scale;
        context.stroke(map.segments.outline(id));
        context.strokeStyle = css(speaks(side === "for" ? 1 : -1, palette));
        context.lineWidth = 2.4 / scale;
        context.stroke(map.segments.outline(id));
      }
    });
    for (const [id, side] of marks) {
      const centre = map.segments.centres[id];
      const x = centre.x * size.width * viewport.scale;
      const y = centre.y * size.height * viewport.scale;
      const colour = speaks(side === "for" ? 1 : -1, palette);
      context.beginPath();
      context.arc(x, y, covered ? 11 : 9, 0, 2 * Math.PI);
      context.fillStyle = css(colour);
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = "#fff";
      context.stroke();
      context.beginPath();
      context.moveTo(x - 5, y);
      context.lineTo(x + 5, y);
      if (side === "for") {
        context.moveTo(x, y - 5);
        context.lineTo(x, y + 5);
      }
      context.stroke();
    }
  }

  /** Draws in the units of the regions' grid; `scale` is how many screen pixels one is. */
  private inGrid(context: CanvasRenderingContext2D, viewport: Viewport, draw: (scale: number) => void): void {
    const { map } = this.shown;
    if (map === null) return;
    const size = this.canvas.imageSize;
    const x = (viewport.scale * size.width) / map.segments.width;
    const y = (viewport.scale * size.height) / map.segments.height;
    context.save();
    context.scale(x, y);
    draw(Math.max(x, 1e-6));
    context.restore();
  }
}
