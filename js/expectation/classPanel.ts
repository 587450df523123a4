// What the class expected: the picture once more, in grey, and on each cell of the map's grid how many have marked it.
import { type CamOverlay, colourise } from "../shared/cam";
import { css, heat } from "../shared/colour";
import { h } from "../shared/dom";
import { greyed } from "../shared/grey";
import { ImageCanvas } from "../shared/imageCanvas";
import type { Point, Size } from "../shared/viewport";
import { cellAt, type Grid } from "./marks";

const OPACITY = 0.85;
/** Of a bar that says how many of the class. */
export const CLASS_COLOUR = css(heat(0.55, true));
const scale = (share: number): [number, number, number] => heat(share, true);

export class ClassPanel {
  readonly el: HTMLElement;
  readonly canvas: ImageCanvas;
  private readonly head = h("div", { class: "xp-panel-head" });
  private readonly caption = h("span", { class: "ec-number", role: "status", "data-testid": "class-caption" });
  private counts: readonly number[] = [];
  private participants = 0;
  private grid: Grid | null = null;

  constructor(moved: () => void) {
    this.canvas = new ImageCanvas({ label: "what the class expected", scale, moved, pointerMove: (_event, at) => this.point(at) });
    this.canvas.show({ camSmooth: false, camOpacity: OPACITY, boxes: false });
    this.canvas.element.classList.add("xp-canvas");
    this.canvas.element.dataset.testid = "class-canvas";
    const legend = h("span", { class: "xp-legend", title: "No one, to everyone" }, "no one ", h("i", { style: { background: `linear-gradient(90deg, ${ramp()}), #808080` } }), " all");
    this.el = h("div", { class: "xp-panel", "data-testid": "class-panel", hidden: true }, h("div", { class: "xp-panel-row" }, this.head), this.canvas.element, h("div", { class: "xp-caption xp-class-caption" }, legend, this.caption));
  }

  setImage(picture: ImageBitmap | null, size: Size): void {
    this.canvas.setImage(picture === null ? null : greyed(picture), size);
  }

  update(grid: Grid | null, counts: readonly number[], participants: number): void {
    const fits = grid !== null && counts.length === grid.rows * grid.columns && participants > 0;
    this.el.hidden = !fits;
    if (!fits) return;
    [this.grid, this.counts, this.participants] = [grid, counts, participants];
    const overlay: CamOverlay = { grid: Float32Array.from(counts, (n) => n / participants), height: grid.rows, width: grid.columns, view: grid.view };
    this.canvas.setCam(overlay);
    this.head.textContent = participants === 1 ? "The class: only you so far" : `The class: ${participants} have answered, you among them`;
    this.el.dataset.participants = String(participants);
    this.canvas.setLabel(`${this.head.textContent}; ${this.most()}`);
    this.caption.textContent = this.most();
  }

  private most(): string {
    return `each cell: how many marked it; at most ${Math.max(...this.counts)} of ${this.participants}`;
  }

  private point(at: Point): void {
    const cell = this.grid === null ? -1 : cellAt(this.grid, at);
    this.caption.textContent = cell < 0 ? this.most() : `${this.counts[cell]} of ${this.participants} marked this cell`;
  }
}

/** The map's colours as they look on the picture: the fewer marked a cell, the more of that is seen. */
function ramp(): string {
  const shares = Float32Array.from([0, 0.25, 0.5, 0.75, 1]);
  const pixels = new Uint8ClampedArray(4 * shares.length);
  colourise(shares, scale, pixels);
  return Array.from(shares, (_, i) => `rgba(${pixels.slice(4 * i, 4 * i + 3).join(", ")}, ${((OPACITY * pixels[4 * i + 3]) / 255).toFixed(2)})`).join(", ");
}
