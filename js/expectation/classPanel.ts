// What the class expected: the picture once more, and on each cell of the map's grid how many have marked it.
import type { CamOverlay } from "../shared/cam";
import { css, heat } from "../shared/colour";
import { h } from "../shared/dom";
import { ImageCanvas } from "../shared/imageCanvas";
import type { Point, Size } from "../shared/viewport";
import { cellAt, type Grid } from "./marks";

const scale = (share: number): [number, number, number] => heat(share, true);

export class ClassPanel {
  readonly el: HTMLElement;
  readonly canvas: ImageCanvas;
  private readonly head = h("div", { class: "xp-panel-head" });
  private readonly caption = h("div", { class: "xp-caption ec-number", role: "status", "data-testid": "class-caption" });
  private counts: readonly number[] = [];
  private participants = 0;
  private grid: Grid | null = null;

  constructor(moved: () => void) {
    this.canvas = new ImageCanvas({ label: "what the class expected", scale, moved, pointerMove: (_event, at) => this.point(at) });
    this.canvas.show({ camSmooth: false, camOpacity: 0.85, boxes: false });
    this.canvas.element.classList.add("xp-canvas");
    this.canvas.element.dataset.testid = "class-canvas";
    const ramp = [0, 0.25, 0.5, 0.75, 1].map((t) => css(scale(t))).join(", ");
    const legend = h("span", { class: "xp-legend", title: "No one, to everyone" }, "no one ", h("i", { style: { background: `linear-gradient(90deg, ${ramp})` } }), " all");
    this.el = h("div", { class: "xp-panel", "data-testid": "class-panel", hidden: true }, h("div", { class: "xp-panel-row" }, this.head, h("span", { class: "ec-spring" }), legend), this.canvas.element, this.caption);
  }

  setImage(picture: ImageBitmap | null, size: Size): void {
    this.canvas.setImage(picture, size);
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
