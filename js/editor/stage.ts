// The picture with the things on it, painted at once while the hand moves them: take, move, resize, turn, remove, with mouse,
// finger or keys. What is painted here is a preview; Python composites what is predicted. Regions and sweeps bring tools of their own.
import { sequential } from "../shared/colour";
import type { Rectangle } from "../shared/cam";
import type { Disposer } from "../shared/dom";
import { ImageCanvas } from "../shared/imageCanvas";
import { ScaledPicture } from "../shared/scaled";
import type { Point, Viewport } from "../shared/viewport";
import { type Fingers, pinched } from "./pinch";
import { centre, dragCorner, dragTurn, extent, hit, keyed, type Part, partAt, place, type Placement, resize } from "./placement";
import type { Scene, State } from "./scene";
import { nearestBox, onto, over, SNAP } from "./snap";
import { paintCrop, paintHandles, paintSnaps } from "./stagePaint";

const REACH = 15; // CSS pixels: half of a comfortable target
const FINGER_REACH = 22;
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
  pointer: number;
  /** Where each finger is and, once there are two, where they took hold. */
  at: Point;
  second: { pointer: number; at: Point; start: Fingers } | null;
}

/** Takes the pointer and the keys before the things do: drawing a region, reading a sweep's map. */
export interface StageTool {
  readonly cursor: string;
  /** `under` is the thing under the pointer, or -1. True: the pointer is the tool's until it is let go. */
  down: (event: PointerEvent, at: Point, under: number) => boolean;
  /** Also without a pointer held down. */
  move: (event: PointerEvent, at: Point) => void;
  up: (event: PointerEvent) => void;
  key: (event: KeyboardEvent) => boolean;
  paint: (context: CanvasRenderingContext2D, viewport: Viewport) => void;
}

export interface StageEvents {
  /** A tool was left by Escape. */
  leaveTool: () => void;
}

export class Stage {
  readonly canvas: ImageCanvas;
  private grip: Grip | null = null;
  /** The newest movement that no frame has shown yet. */
  private raw: PointerEvent | null = null;
  /** Each placement's sprite in the size in which it is painted. */
  private readonly scaled: ScaledPicture[] = [];
  private rest: ReturnType<typeof setTimeout> | undefined;
  private toolPointer = -1;
  private bringing = false;
  private snapped = -1;
  private readonly coarse = window.matchMedia("(pointer: coarse)");
  private touched = false;
  enabled = true;
  /** Draws a region. */
  tool: StageTool | null = null;
  /** Lies over the picture while a sweep's map is shown. */
  map: StageTool | null = null;
  /** What a crop leaves, in image pixels. */
  crop: Rectangle | null = null;

  constructor(
    private readonly scene: Scene,
    disposer: Disposer,
    private readonly events: StageEvents = { leaveTool: () => undefined },
  ) {
    this.canvas = new ImageCanvas({
      label: "picture to edit",
      scale: sequential,
      margin: 8,
      wheelNeedsCtrl: true,
      frameGap: () => (this.grip === null ? 0 : FRAME_GAP),
      paint: (context, viewport) => this.paintSprites(context, viewport),
      paintAbove: (context, viewport) => this.paintAbove(context, viewport),
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
    this.endBringing();
  }

  /** A thing from the palette was dropped or taken back. */
  endBringing(): void {
    this.bringing = false;
    this.snapped = -1;
    this.canvas.redraw();
  }

  /** A new thing from the palette under the pointer, while it is over the picture; null takes it away again. */
  bring(sprite: string, at: { clientX: number; clientY: number; altKey?: boolean } | null, others: Placement[]): void {
    this.bringing = at !== null;
    if (at === null) this.scene.preview(others);
    else {
      const brought = place(sprite, this.canvas.imagePoint(at), this.scene.size);
      this.scene.preview([...others, this.snap(brought, at.altKey === true)]);
      if (this.scene.selected !== others.length) this.scene.select(others.length);
    }
  }

  /** A new thing in the middle (or at a point of the window), or beside the one that is there already. */
  putInMiddle(sprite: string, where: { clientX: number; clientY: number } | null = null): void {
    const { width, height } = this.scene.size;
    let at = where === null ? { x: width / 2, y: height / 2 } : this.canvas.imagePoint(where);
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

  /** The selected thing onto the centre of a detected box; `cover`: and as large as it. */
  putOn(number: number, cover: boolean): void {
    const { boxes, size } = this.scene;
    const box = boxes[number];
    if (box === undefined) return;
    this.change((placement) => (cover ? over(placement, box, this.scene.aspect(placement), size) : onto(placement, box, size)));
  }

  /** The picture with its things as a small canvas of that height, for a history card. */
  miniature({ placements }: State, height: number): HTMLCanvasElement {
    const ratio = window.devicePixelRatio || 1;
    const { size, edited: picture } = this.scene;
    const scale = (height * ratio) / Math.max(1, size.height);
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(size.width * scale));
    canvas.height = Math.max(1, Math.round(size.height * scale));
    const context = canvas.getContext("2d");
    if (context === null || picture === null) return canvas;
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    for (const placement of placements) this.paintSprite(context, placement, { scale, x: 0, y: 0 });
    if (this.crop !== null) paintCrop(context, { scale, x: 0, y: 0 }, size, this.crop);
    return canvas;
  }

  /** A finger needs more than a mouse. */
  private get fingers(): boolean {
    return this.touched || this.coarse.matches;
  }

  private get reach(): number {
    return (this.fingers ? FINGER_REACH : REACH) / this.canvas.viewport.scale;
  }

  /** Held on to by the nearest box within a few CSS pixels, unless Alt is down. */
  private snap(placement: Placement, free: boolean): Placement {
    const { boxes, size } = this.scene;
    this.snapped = free ? -1 : nearestBox(boxes, centre(placement, size), SNAP / this.canvas.viewport.scale);
    return this.snapped < 0 ? placement : onto(placement, boxes[this.snapped], size);
  }

  private partUnder(at: Point): { part: Part; index: number } | null {
    const { scene } = this;
    const current = scene.current;
    if (current !== null && current.hidden !== true) {
      const part = partAt(current, scene.aspect(current), scene.size, at, this.reach);
      if (part !== null && part !== "body") return { part, index: scene.selected };
    }
    const index = hit(scene.placements, scene.aspects, scene.size, at, this.reach / 4);
    return index < 0 ? null : { part: "body", index };
  }

  private take(event: PointerEvent, at: Point): boolean {
    if (!this.enabled) return false;
    this.touched = event.pointerType === "touch";
    if (this.grip !== null) return this.takeWithSecondFinger(event, at);
    const under = this.partUnder(at);
    const tool = this.tool ?? this.map;
    if (tool?.down(event, at, under?.index ?? -1) === true) {
      this.toolPointer = event.pointerId;
      this.canvas.element.setPointerCapture(event.pointerId);
      return true;
    }
    if (under === null) {
      this.scene.select(-1);
      return false;
    }
    if (under.part === "remove") {
      this.scene.remove(under.index);
      return true;
    }
    this.scene.select(under.index);
    this.grip = { ...under, start: at, before: this.scene.placements[under.index], pointer: event.pointerId, at, second: null };
    this.canvas.element.setPointerCapture(event.pointerId);
    return true;
  }

  /** Both fingers then hold the thing, wherever the second one is. */
  private takeWithSecondFinger(event: PointerEvent, at: Point): boolean {
    const { grip } = this;
    if (grip === null || grip.second !== null || event.pointerId === grip.pointer) return true;
    grip.before = this.scene.placements[grip.index];
    grip.second = { pointer: event.pointerId, at, start: { one: grip.at, other: at } };
    this.snapped = -1;
    this.canvas.element.setPointerCapture(event.pointerId);
    return true;
  }

  private move(event: PointerEvent, at: Point): void {
    this.raw = null;
    if (this.grip !== null) return this.moveGrip(this.grip, event, at);
    const tool = this.tool ?? this.map;
    if (this.enabled) tool?.move(event, at);
    if (this.toolPointer === event.pointerId) return;
    const under = this.enabled && this.tool === null && event.buttons === 0 ? this.partUnder(at) : null;
    this.canvas.element.style.cursor = under !== null ? CURSORS[under.part] : this.enabled ? (tool?.cursor ?? "") : "";
  }

  private moveGrip(grip: Grip, event: PointerEvent, at: Point): void {
    const { part, before, start, index, second } = grip;
    const { size } = this.scene;
    if (event.pointerId === grip.pointer) grip.at = at;
    else if (event.pointerId === second?.pointer) second.at = at;
    else return;
    if (second !== null) this.scene.replace(index, pinched(before, size, second.start, { one: grip.at, other: second.at }));
    else if (part === "corner") this.scene.replace(index, dragCorner(before, size, start, at));
    else if (part === "turn") this.scene.replace(index, dragTurn(before, size, at));
    else {
      const from = centre(before, size);
      const moved = place(before.sprite, { x: from.x + at.x - start.x, y: from.y + at.y - start.y }, size);
      this.scene.replace(index, this.snap({ ...before, x: moved.x, y: moved.y }, event.altKey));
    }
  }

  private letGo(event: PointerEvent): void {
    if (event.pointerId === this.toolPointer) {
      this.toolPointer = -1;
      (this.tool ?? this.map)?.up(event);
      return;
    }
    if (this.grip === null || ![this.grip.pointer, this.grip.second?.pointer].includes(event.pointerId)) return;
    this.grip = null;
    this.snapped = -1;
    if (event.type === "pointercancel") this.scene.cancel();
    else this.scene.commit();
    this.canvas.redraw();
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
    if ((this.tool ?? this.map)?.key(event) === true) return true;
    if (event.key === "Escape") return this.escape();
    if (event.key === "n" || event.key === "N") return this.next(event.key === "N" ? -1 : 1);
    const current = this.scene.current;
    if (current === null) return false;
    if (event.key === "Delete" || event.key === "Backspace" || event.key === "x") {
      this.scene.remove(this.scene.selected);
      return true;
    }
    if (this.arrange(event.key)) return true;
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

  /** The order of the things, a second one like it, hiding it. */
  private arrange(key: string): boolean {
    const { scene } = this;
    if (key === "]" || key === "[") scene.reorder(scene.selected, key === "]" ? 1 : -1);
    else if (key === "d") scene.duplicate(scene.selected);
    else if (key === "h") scene.hide(scene.selected);
    else return false;
    return true;
  }

  private escape(): boolean {
    if (this.grip !== null) {
      this.grip = null;
      this.snapped = -1;
      this.scene.cancel();
      return true;
    }
    if (this.tool !== null) {
      this.events.leaveTool();
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
    if (sprite === undefined || placement.hidden === true) return;
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

  private paintAbove(context: CanvasRenderingContext2D, viewport: Viewport): void {
    const { scene } = this;
    const current = scene.current;
    if (this.crop !== null) paintCrop(context, viewport, scene.size, this.crop);
    this.map?.paint(context, viewport);
    this.tool?.paint(context, viewport);
    if (this.bringing || (this.grip?.part === "body" && this.grip.second === null)) {
      paintSnaps(context, viewport, scene.boxes, this.snapped, "system-ui, sans-serif");
    }
    if (current === null || current.hidden === true || !this.enabled) return;
    paintHandles(context, viewport, current, scene.aspect(current), scene.size, this.reach, this.fingers);
  }
}
