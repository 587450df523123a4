// The grid of thumbnails: only what is on screen exists as elements; keys move a cursor and select, Enter opens.
import { describeBox } from "../shared/boxes";
import { Tooltip } from "../shared/controls";
import { type Disposer, h, onThemeChange } from "../shared/dom";
import { justify, justifyLargest, type Layout, verticalNeighbour, visibleRows } from "./layout";
import { stretch, toggled } from "./picking";
import type { BrowserStore } from "./store";
import { CAPTION, type GridView, Tile } from "./tile";

const SPACING = { gap: 8, caption: CAPTION };
const ROW_HEIGHT = 128;
const ROW_HEIGHTS = [200, 160, ROW_HEIGHT];
const PADDING = 8;
const SCROLLBAR = 12;
/** While it rolls, pictures are asked for where the screen will be when they come. */
const LEAD_SECONDS = 0.2;
const RESTING_MS = 120;

export interface GridEvents {
  select: (imageId: string) => void;
  open: (imageId: string) => void;
  /** The images that are selected together now. */
  pick: (imageIds: string[]) => void;
}

let grids = 0;

export class Grid {
  readonly el: HTMLElement;
  private readonly inner = h("div", { class: "ec-grid-inner", role: "presentation" });
  private readonly name = `ec-grid-${grids++}`;
  private readonly tooltip: Tooltip;
  private layout: Layout = justify(new Float32Array(0), 1, { ...SPACING, rowHeight: ROW_HEIGHT });
  private readonly tiles = new Map<number, Tile>();
  private picked = new Set<number>();
  private cursor = -1;
  /** Where a stretch of selected images begins. */
  private anchor = -1;
  private hovered: Tile | null = null;
  private width = 0;
  private height = 0;
  private frame = 0;
  private readonly motion = { top: 0, at: 0, speed: 0, rest: 0 };
  private view: GridView = { boxes: true, cam: false, camOpacity: 0.6, annotations: false };

  constructor(
    private readonly store: BrowserStore,
    private readonly events: GridEvents,
    host: HTMLElement,
    disposer: Disposer,
  ) {
    this.el = h("div", {
      class: "ec-grid",
      tabindex: 0,
      role: "listbox",
      "aria-multiselectable": "true",
      "aria-label": "images",
      "data-testid": "grid",
    }, this.inner);
    this.tooltip = new Tooltip(host, disposer);
    disposer.listen(this.el, "scroll", () => this.scrolled(), { passive: true });
    disposer.listen<KeyboardEvent>(this.el, "keydown", (event) => this.key(event));
    disposer.listen<MouseEvent>(this.inner, "mousedown", (event) => {
      if (event.shiftKey) event.preventDefault(); // no text is meant to be selected
      this.el.focus({ preventScroll: true });
    });
    disposer.listen<MouseEvent>(this.inner, "click", (event) => this.pressed(event, false));
    disposer.listen<MouseEvent>(this.inner, "dblclick", (event) => this.pressed(event, true));
    disposer.listen<PointerEvent>(this.inner, "pointermove", (event) => this.pointed(event));
    disposer.listen(this.inner, "pointerleave", () => this.pointed(null));
    disposer.resize(this.el, (width, height) => {
      if (width > 0 && Math.abs(width - this.width) + Math.abs(height - this.height) > 1) this.reflow(width, height);
      else this.schedule();
    });
    onThemeChange(disposer, () => this.repaint());
    disposer.add(() => {
      cancelAnimationFrame(this.frame);
      clearTimeout(this.motion.rest);
    });
  }

  /** After the order changed: a new layout, from the top; where it is the same, only what lies over the pictures is new. */
  orderChanged(same: boolean): void {
    if (same) return this.draw();
    const kept = this.selectedId;
    this.clear();
    this.place();
    this.cursor = kept === null ? -1 : this.store.order.indexOf(this.store.position(kept));
    this.anchor = this.cursor;
    if (this.cursor >= 0) this.reveal(this.cursor);
    else this.el.scrollTop = 0;
    this.draw();
  }

  /** New pictures, overlays or labels for some images. */
  refresh(positions: number[]): void {
    const fresh = new Set(positions);
    for (const tile of this.tiles.values()) if (fresh.has(tile.position)) tile.paint(this.view);
  }

  show(view: GridView): void {
    this.view = view;
    this.repaint();
  }

  select(imageId: string | null): void {
    const cursor = imageId === null ? -1 : this.store.order.indexOf(this.store.position(imageId));
    if (cursor === this.cursor) return;
    this.cursor = cursor;
    if (this.picked.size === 0) this.anchor = cursor;
    if (cursor >= 0) this.reveal(cursor);
    this.mark();
  }

  /** The images that are selected together, by position. */
  pick(positions: Set<number>): void {
    this.picked = positions;
    this.mark();
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  private get selectedId(): string | null {
    const position = this.store.order[this.cursor];
    return position === undefined ? null : this.store.ids[position];
  }

  private reflow(width: number, height: number): void {
    const first = this.firstVisible();
    this.width = width;
    this.height = height;
    this.clear();
    this.place();
    if (first > 0) this.el.scrollTop = this.layout.rows[this.layout.rowOf[first]]?.y ?? 0;
    this.draw();
  }

  private firstVisible(): number {
    const [from] = visibleRows(this.layout, this.el.scrollTop, this.el.scrollTop + 1);
    return this.layout.rows[from]?.first ?? 0;
  }

  private place(): void {
    const aspects = Float32Array.from(this.store.order, (position) => this.store.aspect(position));
    const available = Math.max(60, (this.width || this.el.clientWidth) - 2 * PADDING - (this.width ? 0 : SCROLLBAR));
    this.layout = justifyLargest(aspects, available, this.height - 2 * PADDING, ROW_HEIGHTS, SPACING);
    this.inner.style.height = `${this.layout.height}px`;
  }

  private clear(): void {
    this.pointed(null);
    this.tiles.clear();
    this.inner.replaceChildren();
  }

  private scrolled(): void {
    this.pointed(null);
    this.measure();
    this.schedule();
  }

  /** Speed in pixels a second, smoothed; a leap to another place is none. */
  private measure(): void {
    const { motion } = this;
    const now = performance.now();
    const moved = this.el.scrollTop - motion.top;
    const speed = now - motion.at > RESTING_MS || Math.abs(moved) > 2 * this.height ? 0 : (1000 * moved) / Math.max(1, now - motion.at);
    motion.speed = speed === 0 ? 0 : 0.5 * motion.speed + 0.5 * speed;
    motion.top = this.el.scrollTop;
    motion.at = now;
    clearTimeout(motion.rest);
    if (speed !== 0) {
      motion.rest = window.setTimeout(() => {
        motion.speed = 0;
        this.schedule();
      }, RESTING_MS);
    }
  }

  private schedule(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    // As it was told, not as it is: a host that changes its theme hides everything for a moment, and tells nobody.
    const { height } = this;
    if (height === 0 || this.width === 0) return;
    const top = this.el.scrollTop;
    const lead = Math.max(-2 * height, Math.min(2 * height, this.motion.speed * LEAD_SECONDS));
    // What it rolls away from is not kept ready: every tile costs time that those to come need.
    const above = lead > 0 ? 0 : height / 2 - lead;
    const below = lead < 0 ? 0 : height / 2 + lead;
    const [from, to] = visibleRows(this.layout, top - above, top + height + below);
    const first = this.layout.rows[from]?.first ?? 0;
    const last = this.layout.rows[to - 1]?.last ?? 0;
    for (const [place, tile] of this.tiles) {
      if (place >= first && place < last) continue;
      tile.element.remove();
      this.tiles.delete(place);
    }
    for (let place = first; place < last; place++) if (!this.tiles.has(place)) this.tiles.set(place, this.makeTile(place));
    this.mark();
    const middle = top + height / 2 + lead;
    const far = (place: number): number => Math.abs(this.layout.rows[this.layout.rowOf[place]].y + ROW_HEIGHT / 2 - middle);
    const places = [...this.tiles.keys()].sort((a, b) => far(a) - far(b) || a - b);
    this.store.thumbnails.want(places.map((place) => this.store.order[place]));
  }

  private makeTile(place: number): Tile {
    const row = this.layout.rows[this.layout.rowOf[place]];
    const at = { left: this.layout.x[place] + PADDING, top: row.y + PADDING, width: this.layout.width[place], height: row.height };
    const tile = new Tile(this.store, this.store.order[place], place, `${this.name}-${place}`, at);
    this.inner.append(tile.element);
    tile.paint(this.view);
    return tile;
  }

  private repaint(): void {
    for (const tile of this.tiles.values()) tile.paint(this.view);
  }

  private mark(): void {
    for (const [place, tile] of this.tiles) tile.mark(this.picked.has(tile.position), place === this.cursor, this.picked.size > 0);
    if (this.tiles.has(this.cursor)) this.el.setAttribute("aria-activedescendant", `${this.name}-${this.cursor}`);
    else this.el.removeAttribute("aria-activedescendant");
  }

  private reveal(place: number): void {
    const row = this.layout.rows[this.layout.rowOf[place]];
    if (row === undefined) return;
    const bottom = row.y + row.height + SPACING.caption + 2 * PADDING;
    if (row.y < this.el.scrollTop) this.el.scrollTop = row.y;
    else if (bottom > this.el.scrollTop + this.el.clientHeight) this.el.scrollTop = bottom - this.el.clientHeight;
    this.draw();
  }

  // -- pointer and keys -----------------------------------------------------------------------------------------------

  private tileOf(event: Event): Tile | null {
    const element = (event.target as Element).closest<HTMLElement>(".ec-tile");
    return element === null ? null : (this.tiles.get(Number(element.dataset.place)) ?? null);
  }

  /** The name of the box under the pointer. */
  private pointed(event: PointerEvent | null): void {
    const tile = event === null || event.pointerType === "touch" ? null : this.tileOf(event);
    if (this.hovered !== null && this.hovered !== tile) this.hovered.hover(null, this.view);
    this.hovered = tile;
    const box = tile?.hover(event, this.view) ?? null;
    if (box === null || tile === null) this.tooltip.hide();
    else this.tooltip.show(tile.element, describeBox(box, tile.imageSize));
  }

  private pressed(event: MouseEvent, open: boolean): void {
    const tile = this.tileOf(event);
    if (tile === null) return;
    const place = Number(tile.element.dataset.place);
    if (event.detail < 2) this.store.thumbnails.again(tile.position);
    if (open) return this.open();
    if (event.shiftKey) this.extendTo(place);
    else if (event.ctrlKey || event.metaKey) this.toggle(place);
    else this.moveTo(place);
  }

  /** The cursor alone, and with it the place that a stretch begins from. */
  private moveTo(place: number): void {
    this.step(place);
    this.anchor = this.cursor;
    this.pickPlaces(new Set());
  }

  private extendTo(place: number): void {
    if (this.anchor < 0) this.anchor = Math.max(0, this.cursor);
    this.step(place);
    this.pickPlaces(stretch(this.anchor, this.cursor));
  }

  /** The first image that is added joins the one under the cursor, which looked selected already. */
  private toggle(place: number): void {
    const before = this.pickedPlaces();
    if (before.size === 0 && this.cursor >= 0 && this.cursor !== place) before.add(this.cursor);
    this.step(place);
    this.anchor = place;
    this.pickPlaces(toggled(before, place));
  }

  private pickedPlaces(): Set<number> {
    const places = new Set<number>();
    if (this.picked.size > 0) this.store.order.forEach((position, place) => this.picked.has(position) && places.add(place));
    return places;
  }

  private pickPlaces(places: Set<number>): void {
    if (places.size === 0 && this.picked.size === 0) return;
    const positions = [...places].sort((a, b) => a - b).map((place) => this.store.order[place]);
    this.pick(new Set(positions));
    this.events.pick(positions.map((position) => this.store.ids[position]));
  }

  private step(place: number): void {
    if (this.store.order.length === 0) return;
    this.cursor = Math.min(Math.max(place, 0), this.store.order.length - 1);
    this.reveal(this.cursor);
    this.mark();
    const imageId = this.selectedId;
    if (imageId !== null) this.events.select(imageId);
  }

  private open(): void {
    const imageId = this.selectedId;
    if (imageId === null) return;
    this.store.thumbnails.again(this.store.order[this.cursor]);
    this.events.open(imageId);
  }

  private key(event: KeyboardEvent): void {
    if (event.altKey || event.target !== this.el || this.store.order.length === 0) return;
    if (!(event.ctrlKey || event.metaKey ? this.commanded(event.key) : this.press(event.key, event.shiftKey))) return;
    event.preventDefault();
    event.stopPropagation();
  }

  private commanded(key: string): boolean {
    if (key !== "a" && key !== "A") return false;
    this.pickPlaces(stretch(0, this.store.order.length - 1));
    return true;
  }

  private press(key: string, extend: boolean): boolean {
    const at = Math.max(0, this.cursor);
    const started = this.cursor >= 0;
    const target = this.target(key, at, started);
    if (target !== null) {
      if (extend) this.extendTo(target);
      else this.moveTo(target);
    } else if (key === "Enter") {
      if (!started) this.moveTo(0);
      this.open();
    } else if (key === " ") this.toggle(at);
    else if (key === "Escape" && this.picked.size > 0) this.pickPlaces(new Set());
    else return false;
    return true;
  }

  /** The place that a key moves to. */
  private target(key: string, at: number, started: boolean): number | null {
    const page = Math.max(1, Math.floor(this.el.clientHeight / (ROW_HEIGHT + SPACING.caption)));
    if (key === "ArrowRight") return started ? at + 1 : 0;
    if (key === "ArrowLeft") return at - 1;
    if (key === "ArrowDown") return started ? verticalNeighbour(this.layout, at, 1) : 0;
    if (key === "ArrowUp") return verticalNeighbour(this.layout, at, -1);
    if (key === "PageDown") return verticalNeighbour(this.layout, at, page);
    if (key === "PageUp") return verticalNeighbour(this.layout, at, -page);
    if (key === "Home") return 0;
    return key === "End" ? this.store.order.length - 1 : null;
  }
}
