// One method's map over the picture: small, or large for the one that is enlarged. A box that is on is drawn in all tiles, and
// under each stands how important it is there.
import type { Box } from "../shared/boxes";
import { sequential } from "../shared/colour";
import type { CamOverlay } from "../shared/cam";
import { Disposer, h } from "../shared/dom";
import { ImageCanvas } from "../shared/imageCanvas";
import type { Size } from "../shared/viewport";
import { writeRho } from "./words";

export type TileState = "waiting" | "shown" | "failed";

export interface TileEvents {
  enlarge(method: string): void;
  /** The box under the pointer, or -1. */
  box(index: number): void;
  moved(from: Tile): void;
  /** The tile that is pointed at, for the correlations; null: none. */
  on(method: string | null): void;
  step(method: string, by: number): void;
}

export class Tile {
  readonly el: HTMLElement;
  readonly name: HTMLButtonElement;
  private readonly canvas: ImageCanvas;
  private readonly rho = h("span", { class: "me-rho ec-number", "data-testid": "rho" });
  private readonly state = h("div", { class: "me-tile-state", role: "status" });
  private readonly value = h("span", { class: "me-value ec-number" });
  private readonly words = h("span", { class: "me-words" });
  private readonly fill = h("i", {});
  private readonly disposer = new Disposer();
  private boxes: readonly Box[] = [];
  importance: Float32Array = new Float32Array(0);
  cam: CamOverlay | null = null;

  constructor(
    readonly method: string,
    readonly slow: boolean,
    events: TileEvents,
  ) {
    this.canvas = new ImageCanvas({
      label: `map of ${method}`,
      scale: sequential,
      moved: () => events.moved(this),
      boxHovered: (box) => events.box(box === null ? -1 : this.boxes.indexOf(box)),
    });
    this.canvas.element.classList.add("me-canvas");
    this.canvas.element.dataset.testid = "method-canvas";
    this.name = h("button", { class: "me-name", type: "button", "aria-pressed": "false", title: `Enlarge ${method}`, "data-testid": "method-name" }, method);
    const bar = h("span", { class: "me-bar", "aria-hidden": "true" }, this.fill);
    this.el = h("figure", { class: "me-tile", "data-testid": "tile", "data-method": method, "data-state": "waiting" },
      h("div", { class: "me-tile-head" }, this.name, this.rho),
      h("div", { class: "me-stage" }, this.canvas.element, this.state),
      h("figcaption", { class: "me-caption" }, bar, this.value, this.words));
    this.disposer.listen(this.name, "click", () => events.enlarge(method));
    this.disposer.listen(this.el, "pointerenter", () => events.on(method));
    this.disposer.listen(this.el, "pointerleave", () => events.on(null));
    this.disposer.listen(this.name, "focus", () => events.on(method));
    this.disposer.listen(this.name, "blur", () => events.on(null));
    this.disposer.listen<KeyboardEvent>(this.name, "keydown", (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      events.step(method, by);
    });
  }

  setImage(picture: ImageBitmap | null, size: Size): void {
    this.canvas.setImage(picture, size);
  }

  /** No map yet (or none of this label): says what is waited for. */
  wait(): void {
    this.cam = null;
    this.importance = new Float32Array(0);
    this.canvas.setCam(null);
    this.say(this.slow ? "slow: runs the whole network for each channel…" : "computing…", "waiting");
  }

  fail(sentence: string): void {
    this.cam = null;
    this.canvas.setCam(null);
    this.say(sentence, "failed");
  }

  take(cam: CamOverlay, importance: Float32Array, boxes: readonly Box[], words: string): void {
    this.cam = cam;
    this.importance = importance;
    this.boxes = boxes.map((box, i) => ({ ...box, importance: importance[i] ?? null }));
    this.canvas.setCam(cam);
    this.canvas.setBoxes(this.boxes);
    this.canvas.setLabel(words);
    this.say("", "shown");
  }

  /** A box of the list, by number (-1: none), as if the pointer were on it. */
  highlight(index: number): void {
    this.canvas.highlight(this.boxes[index] ?? null);
    const value = this.importance[index];
    const known = value !== undefined;
    this.value.textContent = known ? value.toFixed(2) : "";
    this.words.textContent = known ? this.boxes[index].objectClass : "";
    this.fill.parentElement!.style.visibility = known ? "" : "hidden"; // an empty bar would look like something to come
    this.fill.style.width = known ? `${100 * Math.min(1, value)}%` : "0";
    this.el.dataset.importance = known ? value.toFixed(4) : "";
  }

  show(what: { boxes: boolean; camOpacity: number }): void {
    this.canvas.show({ boxes: what.boxes, cam: true, camOpacity: what.camOpacity });
  }

  follow(other: Tile): void {
    this.canvas.follow(other.canvas.relative);
  }

  setRho(rho: number | null, other: string | null): void {
    this.rho.textContent = rho === null ? "" : Number.isNaN(rho) ? "constant" : `ρ ${writeRho(rho)}`;
    this.rho.title = rho === null || other === null ? "" : `Spearman's rank correlation with ${other}, over the cells of the grid`;
    this.el.dataset.rho = rho === null ? "" : String(rho);
  }

  setEnlarged(enlarged: boolean): void {
    this.el.classList.toggle("me-large", enlarged);
    this.name.setAttribute("aria-pressed", String(enlarged));
    // A small picture is reached through its name; the large one is a place to zoom and pan in.
    this.canvas.element.tabIndex = enlarged ? 0 : -1;
  }

  destroy(): void {
    this.disposer.dispose();
    this.canvas.destroy();
    this.el.remove();
  }

  private say(sentence: string, state: TileState): void {
    this.state.textContent = sentence;
    this.state.hidden = sentence === "";
    this.el.dataset.state = state;
  }
}
