// The picture with the things on it, painted at once while the hand moves them: take, move, resize, turn, remove, with mouse,
// finger or keys. What is painted here is a preview; Python composites what is predicted.
import { sequential } from "../shared/colour";
import type { Disposer } from "../shared/dom";
import { ImageCanvas } from "../shared/imageCanvas";
import { ScaledPicture } from "../shared/scaled";
import type { Point, Viewport } from "../shared/viewport";
import { centre, dragCorner, dragTurn, extent, fromLocal, handles, hit, keyed, type Part, partAt, place, type Placement, resize } from "./placement";
import type { Scene } from "./scene";

const REACH = 15; // CSS pixels: half of a comfortable target
const WHEEL = 0.0012;
const LARGEST = 2048;
// On a machine with two cores, painting sixty times a second takes what the kernel beside it needs to answer.
const FRAME_GAP = navigator.hardwareConcurrency <= 2 ? 28 : 0;
const WHEEL_REST_MS = 350;
const CURSORS: Record<Part, string> = { body: "move", corner: "nwse-resize", turn: "grab", remove: "pointer" };

interface Grip {
  part: Part;
  index: number;
  start: Point;
  before: Placement;
}

export class Stage {
  readonly canvas: ImageCanvas;
  private grip: Grip | null = null;
  /** The newest movement that no frame has shown yet. */
  private raw: PointerEvent | null = null;
  /** Each placement's sprite in the size in which it is painted. */
  private readonly scaled: ScaledPicture[] = [];
  private rest: ReturnType<typeof setTimeout> | undefined;
  enabled = true;

  constructor(
    private readonly scene: Scene,
    disposer: Disposer,
  ) {
    this.canvas = new ImageCanvas({
      label: "picture to edit",
      scale: sequential,
      margin: 8,
      wheelNeedsCtrl: true,
      frameGap: () => (this.grip === null ? 0 : FRAME_GAP),
      paint: (context, viewport) => this.paintSprites(context, viewport),
      paintAbove: (context, viewport) => this.paintHandles(context, viewport),
      pointerDown: (event, at) => this.take(event, at),
      pointerMove: (event, at) => this.move(event, at),
      pointerRaw: (event) => (this.raw = this.grip === null ? null : event),
      pointerUp: (event) => this.letGo(event),
      wheel: (event, at) => this.wheel(event, at),
      key: (event) => this.key(event),
    });
    this.canvas.element.classList.add("ec-stage");
    this.canvas.element.dataset.testid = "stage";
    disposer.add(() => {
      clearTimeout(this.rest);
      this.canvas.destroy();
    });
  }

  /** Whether a hand holds something right now. */
  get busy(): boolean {
    return this.grip !== null;
  }

  /** Where the hand is by now, between two frames: what is held goes there before the next question is asked. */
  catchUp(): void {
    const event = this.raw;
    this.raw = null;
    if (event !== null && this.grip !== null) this.move(event, this.canvas.imagePoint(event));
  }

  /** Another picture comes: what is held is let go where it was. */
  abort(): void {
    clearTimeout(this.rest);
    this.grip = null;
  }

  /** A new thing from the palette under the pointer, while it is over the picture; null takes it away again. */
  bring(sprite: string, at: { clientX: number; clientY: number } | null, others: Placement[]): void {
    if (at === null) this.scene.preview(others);
    else {
      this.scene.preview([...others, place(sprite, this.canvas.imagePoint(at), this.scene.size)]);
      if (this.scene.selected !== others.length) this.scene.select(others.length);
    }
  }

  /** A new thing in the middle, or beside the one that is there already. */
  putInMiddle(sprite: string): void {
    const { width, height } = this.scene.size;
    let at = { x: width / 2, y: height / 2 };
    const taken = (point: Point): boolean => this.scene.placements.some((p) => Math.hypot(p.x * width - point.x, p.y * height - point.y) < 0.04 * height);
    while (taken(at) && at.x < width && at.y < height) at = { x: at.x + 0.06 * height, y: at.y + 0.06 * height };
    this.scene.commit([...this.scene.placements, place(sprite, at, this.scene.size)]);
    this.scene.select(this.scene.placements.length - 1);
    this.canvas.element.focus({ preventScroll: true });
  }

  change(edit: (placement: Placement) => Placement): void {
    const current = this.scene.current;
    if (current === null || !this.enabled) return;
    this.scene.replace(this.scene.selected, edit(current));
    this.scene.commit();
  }

  /** The picture with its things as a small canvas of that height, for a history card. */
  miniature(placements: Placement[], height: number): HTMLCanvasElement {
    const ratio = window.devicePixelRatio || 1;
    const { size, picture } = this.scene;
    const scale = (height * ratio) / Math.max(1, size.height);
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(size.width * scale));
    canvas.height = Math.max(1, Math.round(size.height * scale));
    const context = canvas.getContext("2d");
    if (context === null || picture === null) return canvas;
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    for (const placement of placements) this.paintSprite(context, placement, { scale, x: 0, y: 0 });
    return canvas;
  }

  private get reach(): number {
    return REACH / this.canvas.viewport.scale;
  }

  private partUnder(at: Point): { part: Part; index: number } | null {
    const { scene } = this;
    const current = scene.current;
    if (current !== null) {
      const part = partAt(current, scene.aspect(current), scene.size, at, this.reach);
      if (part !== null && part !== "body") return { part, index: scene.selected };
    }
    const index = hit(scene.placements, scene.aspects, scene.size, at, this.reach / 4);
    return index < 0 ? null : { part: "body", index };
  }

  private take(event: PointerEvent, at: Point): boolean {
    if (!this.enabled) return false;
    const under = this.partUnder(at);
    if (under === null) {
      this.scene.select(-1);
      return false;
    }
    if (under.part === "remove") {
      this.scene.remove(under.index);
      return true;
    }
    this.scene.select(under.index);
    this.grip = { ...under, start: at, before: this.scene.placements[under.index] };
    this.canvas.element.setPointerCapture(event.pointerId);
    return true;
  }

  private move(event: PointerEvent, at: Point): void {
    this.raw = null;
    if (this.grip === null) {
      const under = this.enabled && event.buttons === 0 ? this.partUnder(at) : null;
      this.canvas.element.style.cursor = under === null ? "" : CURSORS[under.part];
      return;
    }
    const { part, before, start, index } = this.grip;
    const { size } = this.scene;
    if (part === "corner") this.scene.replace(index, dragCorner(before, size, start, at));
    else if (part === "turn") this.scene.replace(index, dragTurn(before, size, at));
    else {
      const from = centre(before, size);
      const moved = place(before.sprite, { x: from.x + at.x - start.x, y: from.y + at.y - start.y }, size);
      this.scene.replace(index, { ...before, x: moved.x, y: moved.y });
    }
  }

  private letGo(event: PointerEvent): void {
    if (this.grip === null) return;
    this.grip = null;
    if (event.type === "pointercancel") this.scene.cancel();
    else this.scene.commit();
  }

  /** Over the selected thing the wheel resizes it; several turns in a row are one step to undo. */
  private wheel(event: WheelEvent, at: Point): boolean {
    const current = this.scene.current;
    if (current === null || !this.enabled || event.ctrlKey || this.partUnder(at)?.index !== this.scene.selected) return false;
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 16 : event.deltaY;
    this.scene.replace(this.scene.selected, resize(current, Math.exp(-pixels * WHEEL)));
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.scene.commit(), WHEEL_REST_MS);
    return true;
  }

  private key(event: KeyboardEvent): boolean {
    if (!this.enabled) return false;
    if (event.ctrlKey || event.metaKey) return this.undoKey(event);
    if (event.altKey) return false;
    if (event.key === "Escape") return this.escape();
    if (event.key === "n" || event.key === "N") return this.next(event.key === "N" ? -1 : 1);
    const current = this.scene.current;
    if (current === null) return false;
    if (event.key === "Delete" || event.key === "Backspace" || event.key === "x") {
      this.scene.remove(this.scene.selected);
      return true;
    }
    const changed = keyed(current, event.key, event.shiftKey, this.scene.size);
    if (changed === null) return false;
    this.scene.replace(this.scene.selected, changed);
    // A key that is held down is one step to undo, and one card.
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.scene.commit(), WHEEL_REST_MS);
    return true;
  }

  private undoKey(event: KeyboardEvent): boolean {
    const key = event.key.toLowerCase();
    if (key === "z" && event.shiftKey) this.scene.redo();
    else if (key === "z") this.scene.undo();
    else if (key === "y") this.scene.redo();
    else return false;
    return true;
  }

  private escape(): boolean {
    if (this.grip !== null) {
      this.grip = null;
      this.scene.cancel();
      return true;
    }
    if (this.scene.selected < 0) return false;
    this.scene.select(-1);
    return true;
  }

  private next(step: number): boolean {
    const count = this.scene.placements.length;
    if (count === 0) return false;
    const from = this.scene.selected < 0 && step < 0 ? 0 : this.scene.selected;
    this.scene.select((from + step + count) % count);
    return true;
  }

  private paintSprites(context: CanvasRenderingContext2D, viewport: Viewport): void {
    const { size, placements } = this.scene;
    context.save();
    context.beginPath();
    context.rect(viewport.x, viewport.y, size.width * viewport.scale, size.height * viewport.scale);
    context.clip();
    placements.forEach((placement, i) => this.paintSprite(context, placement, viewport, (this.scaled[i] ??= new ScaledPicture())));
    this.scaled.length = placements.length;
    context.restore();
  }

  /** Device pixels of something on the picture, at most LARGEST of them along a side: zooming in keeps no giants. */
  private pixels(width: number, height: number): [number, number] {
    const scale = this.canvas.viewport.scale * (window.devicePixelRatio || 1);
    const most = Math.min(1, LARGEST / (Math.max(width, height) * scale));
    return [Math.max(1, Math.round(width * scale * most)), Math.max(1, Math.round(height * scale * most))];
  }

  private paintSprite(context: CanvasRenderingContext2D, placement: Placement, viewport: Viewport, scaled?: ScaledPicture): void {
    const sprite = this.scene.sprites.get(placement.sprite);
    if (sprite === undefined) return;
    const { width, height } = extent(placement, sprite.aspect, this.scene.size);
    const at = centre(placement, this.scene.size);
    context.save();
    context.translate(at.x * viewport.scale + viewport.x, at.y * viewport.scale + viewport.y);
    context.rotate((placement.rotation * Math.PI) / 180);
    context.scale(placement.flip ? -viewport.scale : viewport.scale, viewport.scale);
    context.globalAlpha = placement.opacity;
    context.imageSmoothingQuality = scaled === undefined ? "high" : "low"; // in its size, only a turn and half a pixel are left
    context.drawImage(scaled?.at(sprite.picture, ...this.pixels(width, height)) ?? sprite.picture, -width / 2, -height / 2, width, height);
    context.restore();
  }

  private paintHandles(context: CanvasRenderingContext2D, viewport: Viewport): void {
    const { scene } = this;
    const current = scene.current;
    if (current === null || !this.enabled) return;
    const aspect = scene.aspect(current);
    const found = handles(current, aspect, scene.size, this.reach);
    const screen = (at: Point): Point => ({ x: at.x * viewport.scale + viewport.x, y: at.y * viewport.scale + viewport.y });
    const { height } = extent(current, aspect, scene.size);
    const top = screen(fromLocal(current, scene.size, { x: 0, y: -height / 2 }));
    const knob = screen(found.turn);
    context.save();
    for (const [colour, width] of [["rgba(0, 0, 0, 0.6)", 4], ["#ffffff", 2]] as const) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      found.corners.map(screen).forEach((at, i) => (i === 0 ? context.moveTo(at.x, at.y) : context.lineTo(at.x, at.y)));
      context.closePath();
      context.moveTo(top.x, top.y);
      context.lineTo(knob.x, knob.y);
      context.stroke();
    }
    for (const corner of found.corners) disc(context, screen(corner), 5, "#ffffff");
    disc(context, knob, 6, "#ffffff");
    this.paintRemove(context, screen(found.remove));
    context.restore();
  }

  private paintRemove(context: CanvasRenderingContext2D, at: Point): void {
    disc(context, at, 11, "#b3261e");
    context.strokeStyle = "#ffffff";
    context.lineWidth = 2;
    context.beginPath();
    for (const side of [-1, 1]) {
      context.moveTo(at.x - 4, at.y - 4 * side);
      context.lineTo(at.x + 4, at.y + 4 * side);
    }
    context.stroke();
  }
}

function disc(context: CanvasRenderingContext2D, at: Point, radius: number, colour: string): void {
  context.beginPath();
  context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = colour === "#ffffff" ? "rgba(0, 0, 0, 0.7)" : "#ffffff";
  context.stroke();
}
