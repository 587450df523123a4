// A canvas that shows one picture with its boxes and a class activation map, zooms and pans (wheel, pinch, drag, keys)
// and tells what lies under the pointer. The large view and the object editor are built on it.

import { type Box, boxAt, describeBox, paintBoxes, paintTags } from "./boxes";
import { type CamOverlay, type ColourScale, camBitmap, type Rectangle } from "./cam";
import { setHidden, watchScreen } from "./dom";
import { absoluteView, relativeView, type RelativeView } from "./linkedView";
import { ScaledPicture } from "./scaled";
import { clampPan, fit, type Point, recentre, type Size, toImage, toScreen, type Viewport, zoomAt } from "./viewport";

/** What an owner may add: own painting on the picture, and a first look at the pointer, wheel and keys (true: taken). */
export interface ImageCanvasHooks {
  paint?: (context: CanvasRenderingContext2D, viewport: Viewport) => void;
  /** After everything else: handles and the like. */
  paintAbove?: (context: CanvasRenderingContext2D, viewport: Viewport) => void;
  pointerDown?: (event: PointerEvent, at: Point) => boolean;
  pointerMove?: (event: PointerEvent, at: Point) => void;
  /** Every movement as it comes, where the browser tells; `pointerMove` is told once a frame. */
  pointerRaw?: (event: PointerEvent) => void;
  pointerUp?: (event: PointerEvent) => void;
  wheel?: (event: WheelEvent, at: Point) => boolean;
  key?: (event: KeyboardEvent) => boolean;
  /** After the user zoomed or panned. */
  moved?: () => void;
  /** The pointer came onto another box, or left it. */
  boxHovered?: (box: Box | null) => void;
}

export interface ImageCanvasOptions extends ImageCanvasHooks {
  label: string;
  scale: ColourScale;
  /** CSS pixels left free around the fitted picture. */
  margin?: number;
  /** The least time in ms between two paintings, as of now; 0: every frame. */
  frameGap?: () => number;
  /** Only Ctrl and the wheel (and a pinch) zoom, however near the focus is. */
  wheelNeedsCtrl?: boolean;
}

const WHEEL_STEP = 0.0015;
const KEY_ZOOM = 1.25;
const KEY_PAN = 48;

export class ImageCanvas {
  readonly element: HTMLDivElement;
  private readonly canvas: HTMLCanvasElement;
  private readonly tip: HTMLDivElement;
  private readonly options: ImageCanvasOptions;
  private readonly observer: ResizeObserver;
  private readonly listeners = new AbortController();
  private readonly unwatch = watchScreen(() => this.redraw());
  private picture: CanvasImageSource | null = null;
  private image: Size = { width: 0, height: 0 };
  private area: Size = { width: 0, height: 0 };
  private view: Viewport = { scale: 1, x: 0, y: 0 };
  private fitted = true;
  private boxes: readonly Box[] = [];
  private cam: CamOverlay | null = null;
  private camPicture: HTMLCanvasElement | null = null;
  private readonly scaledPicture = new ScaledPicture();
  private readonly scaledCam = new ScaledPicture();
  private hovered: Box | null = null;
  private frame = 0;
  private rest: ReturnType<typeof setTimeout> | undefined;
  private drawn = -Infinity;
  private readonly pointers = new Map<number, Point>();
  private readonly shown = { boxes: true, cam: true, camOpacity: 0.6, camSmooth: true };

  constructor(options: ImageCanvasOptions) {
    this.options = options;
    this.element = document.createElement("div");
    this.element.className = "ec-canvas";
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", options.label);
    this.canvas = document.createElement("canvas");
    this.canvas.className = "ec-canvas-surface";
    this.tip = document.createElement("div");
    this.tip.className = "ec-canvas-tip";
    this.tip.setAttribute("role", "status");
    this.tip.hidden = true;
    this.element.append(this.canvas, this.tip);
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.element);
    this.listen();
  }

  /** Shows a picture whose pixels stand for an image of `size` (the picture itself may be smaller). */
  setImage(picture: CanvasImageSource | null, size: Size): void {
    this.picture = picture;
    this.image = size;
    this.hover(null);
    this.fit();
  }

  /** Another picture of the same image: zoom and pan stay. */
  replacePicture(picture: CanvasImageSource | null): void {
    this.picture = picture;
    this.redraw();
  }

  setBoxes(boxes: readonly Box[]): void {
    this.boxes = boxes;
    this.hover(null);
    this.redraw();
  }

  setCam(cam: CamOverlay | null): void {
    this.cam = cam;
    this.camPicture = null;
    this.redraw();
  }

  show(what: Partial<{ boxes: boolean; cam: boolean; camOpacity: number; camSmooth: boolean }>): void {
    if (what.camSmooth !== undefined && what.camSmooth !== this.shown.camSmooth) this.camPicture = null;
    Object.assign(this.shown, what);
    if (!this.shown.boxes) this.hover(null);
    this.redraw();
  }

  setLabel(label: string): void {
    this.element.setAttribute("aria-label", label);
  }

  fit(): void {
    this.fitted = true;
    this.view = fit(this.image, this.area, this.options.margin ?? 0);
    this.redraw();
  }

  /** By a button or a key: as `fit`, and `moved` is told. */
  fitAsked(): void {
    this.fit();
    this.options.moved?.();
  }

  zoom(factor: number, at: Point = { x: this.area.width / 2, y: this.area.height / 2 }): void {
    this.view = zoomAt(this.view, factor, at, this.image, this.area, this.options.margin ?? 0);
    this.fitted = this.view.scale <= fit(this.image, this.area, this.options.margin ?? 0).scale * 1.001;
    if (this.fitted) this.view = fit(this.image, this.area, this.options.margin ?? 0);
    this.redraw();
    this.options.moved?.();
  }

  /** The part of the picture that is in sight. */
  get relative(): RelativeView {
    return relativeView(this.view, this.image, this.area, this.options.margin ?? 0);
  }

  /** Shows the same part as another canvas does; `moved` is not called. */
  follow(other: RelativeView): void {
    this.fitted = other.zoom <= 1.001;
    const { image, area, options: { margin = 0 } } = this;
    this.view = this.fitted ? fit(image, area, margin) : absoluteView(other, image, area, margin);
    this.redraw();
  }

  /** Draws a box as if the pointer were on it, without the words beside the pointer. */
  highlight(box: Box | null): void {
    if (box === this.hovered) return;
    this.hovered = box;
    this.tip.hidden = true;
    this.redraw();
  }

  get viewport(): Viewport {
    return this.view;
  }

  get imageSize(): Size {
    return this.image;
  }

  /** A point of the browser window in image pixels. */
  imagePoint(client: { clientX: number; clientY: number }): Point {
    return toImage(this.view, this.canvasPoint(client));
  }

  /** An image point in CSS pixels of the canvas element. */
  screenPoint(at: Point): Point {
    return toScreen(this.view, at);
  }

  /** Whether a point of the browser window lies on the picture. */
  covers(client: { clientX: number; clientY: number }): boolean {
    const on = this.canvasPoint(client);
    if (on.x < 0 || on.y < 0 || on.x > this.area.width || on.y > this.area.height) return false;
    const at = toImage(this.view, on);
    return at.x >= 0 && at.y >= 0 && at.x <= this.image.width && at.y <= this.image.height;
  }

  redraw(): void {
    if (this.frame !== 0 || this.rest !== undefined) return;
    const wait = this.drawn + (this.options.frameGap?.() ?? 0) - performance.now();
    if (wait > 0) this.rest = setTimeout(() => this.drawSoon(), wait);
    else this.drawSoon();
  }

  destroy(): void {
    clearTimeout(this.rest);
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    this.unwatch();
    this.listeners.abort();
    this.element.remove();
  }

  private resized(): void {
    const before = this.area;
    this.area = { width: this.element.clientWidth, height: this.element.clientHeight };
    if (this.area.width === 0 || this.area.height === 0) return;
    const keep = !this.fitted && before.width > 0;
    if (keep) this.view = recentre(this.view, this.image, before, this.area);
    else this.view = fit(this.image, this.area, this.options.margin ?? 0);
    // Painting at once, not in the next frame: a resized canvas is blank until it is painted.
    this.draw();
  }

  private drawSoon(): void {
    this.rest = undefined;
    this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.drawn = performance.now();
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(this.area.width * ratio);
    const height = Math.round(this.area.height * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const context = this.canvas.getContext("2d");
    if (context === null || width === 0 || height === 0) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.area.width, this.area.height);
    if (this.picture === null) return;
    this.paintWhole(context, this.scaledPicture, this.picture, { x0: 0, y0: 0, x1: this.image.width, y1: this.image.height }, this.view.scale < 6);
    this.options.paint?.(context, this.view);
    if (this.shown.cam && this.cam !== null) {
      this.camPicture ??= camBitmap(this.cam, this.options.scale, this.shown.camSmooth);
      context.globalAlpha = this.shown.camOpacity;
      this.paintWhole(context, this.scaledCam, this.camPicture, this.cam.view, this.shown.camSmooth);
      context.globalAlpha = 1;
    }
    if (this.shown.boxes && this.boxes.length > 0) {
      paintBoxes(context, this.boxes, this.view, 2, this.hovered);
      paintTags(context, this.boxes, this.view, this.area, getComputedStyle(this.element).fontFamily);
    }
    this.options.paintAbove?.(context, this.view);
  }

  /** A picture over that part of the image. */
  private paintWhole(context: CanvasRenderingContext2D, scaled: ScaledPicture, picture: CanvasImageSource, part: Rectangle, smooth: boolean): void {
    const { scale, x, y } = this.view;
    const at = { x: part.x0 * scale + x, y: part.y0 * scale + y, width: (part.x1 - part.x0) * scale, height: (part.y1 - part.y0) * scale };
    scaled.paint(context, picture, at, window.devicePixelRatio || 1, smooth);
  }

  private listen(): void {
    const signal = this.listeners.signal;
    const on = this.element;
    on.addEventListener("pointerdown", (event) => this.pointerDown(event), { signal });
    on.addEventListener("pointermove", (event) => this.pointerMove(event), { signal });
    const raw = this.options.pointerRaw;
    if (raw !== undefined) on.addEventListener("pointerrawupdate", (event) => raw(event as PointerEvent), { signal });
    for (const kind of ["pointerup", "pointercancel"] as const) {
      on.addEventListener(kind, (event) => this.pointerUp(event), { signal });
    }
    on.addEventListener("pointerleave", () => this.hover(null), { signal });
    on.addEventListener("wheel", (event) => this.wheel(event), { signal, passive: false });
    on.addEventListener("keydown", (event) => this.key(event), { signal });
    on.addEventListener("dblclick", () => this.fitAsked(), { signal });
  }

  private canvasPoint(client: { clientX: number; clientY: number }): Point {
    const rectangle = this.element.getBoundingClientRect();
    return {
      x: client.clientX - rectangle.left - this.element.clientLeft,
      y: client.clientY - rectangle.top - this.element.clientTop,
    };
  }

  private pointerDown(event: PointerEvent): void {
    if (event.button !== 0) return;
    if (this.pointers.size === 0 && this.options.pointerDown?.(event, this.imagePoint(event)) === true) return;
    this.pointers.set(event.pointerId, this.canvasPoint(event));
    this.element.setPointerCapture(event.pointerId);
  }

  private pointerMove(event: PointerEvent): void {
    this.options.pointerMove?.(event, this.imagePoint(event));
    const before = this.pointers.get(event.pointerId);
    const now = this.canvasPoint(event);
    if (before === undefined) {
      if (this.pointers.size === 0) this.hover(this.shown.boxes ? this.boxUnder(event) : null, now);
      return;
    }
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    const other = others[0];
    if (other !== undefined) this.zoom(distance(now, other) / Math.max(1, distance(before, other)), middle(now, other));
    else this.pan(now.x - before.x, now.y - before.y);
    this.pointers.set(event.pointerId, now);
  }

  private pointerUp(event: PointerEvent): void {
    this.options.pointerUp?.(event);
    this.pointers.delete(event.pointerId);
  }

  private pan(x: number, y: number): void {
    if (this.fitted) return;
    this.view = clampPan({ scale: this.view.scale, x: this.view.x + x, y: this.view.y + y }, this.image, this.area);
    this.redraw();
    this.options.moved?.();
  }

  /** The wheel zooms only where the user is at work (focus inside, or Ctrl as for a pinch): else the page scrolls. */
  private wheel(event: WheelEvent): void {
    if (this.options.wheel?.(event, this.imagePoint(event)) === true) {
      event.preventDefault();
      return;
    }
    const ctrl = event.ctrlKey || event.metaKey;
    const working = ctrl || (this.options.wheelNeedsCtrl !== true && this.element.contains(document.activeElement));
    if (!working || this.picture === null || (!ctrl && this.fitted && event.deltaY > 0)) return;
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 16 : event.deltaY;
    this.zoom(Math.exp(-pixels * WHEEL_STEP * (event.ctrlKey ? 4 : 1)), this.canvasPoint(event));
  }

  private key(event: KeyboardEvent): void {
    if (this.options.key?.(event) === true) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !this.move(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  private move(key: string): boolean {
    if (key === "+" || key === "=") this.zoom(KEY_ZOOM);
    else if (key === "-" || key === "_") this.zoom(1 / KEY_ZOOM);
    else if (key === "0") this.fitAsked();
    else if (this.fitted) return false;
    else if (key === "ArrowLeft") this.pan(KEY_PAN, 0);
    else if (key === "ArrowRight") this.pan(-KEY_PAN, 0);
    else if (key === "ArrowUp") this.pan(0, KEY_PAN);
    else if (key === "ArrowDown") this.pan(0, -KEY_PAN);
    else return false;
    return true;
  }

  private boxUnder(event: PointerEvent): Box | null {
    return boxAt(this.boxes, this.imagePoint(event), 3 / this.view.scale);
  }

  private hover(box: Box | null, at: Point = { x: 0, y: 0 }): void {
    if (box !== this.hovered) {
      this.hovered = box;
      this.redraw();
      this.options.boxHovered?.(box);
    }
    setHidden(this.tip, box === null);
    if (box === null) return;
    this.tip.textContent = describeBox(box, this.image);
    const left = Math.min(at.x + 14, Math.max(0, this.area.width - this.tip.offsetWidth - 4));
    const below = at.y + 18;
    const top = below + this.tip.offsetHeight > this.area.height ? at.y - this.tip.offsetHeight - 8 : below;
    this.tip.style.transform = `translate(${left}px, ${Math.max(0, top)}px)`;
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
