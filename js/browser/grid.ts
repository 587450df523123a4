// The grid of thumbnails: only what is on screen exists as elements; keys move a cursor and select, Enter opens.
import { describeBox } from "../shared/boxes";
import { Tooltip } from "../shared/controls";
import { type Disposer, h, onThemeChange, watchScreen } from "../shared/dom";
import { VirtualGrid } from "../shared/virtualGrid";
import { justifyLargest, type Layout, verticalNeighbour } from "./layout";
import { stretch, toggled } from "./picking";
import type { BrowserStore } from "./store";
import { CAPTION, type GridView, Tile } from "./tile";

const SPACING = { gap: 8, caption: CAPTION };
const ROW_HEIGHT = 128;
const ROW_HEIGHTS = [200, 160, ROW_HEIGHT];
const PADDING = 8;
const NARROWEST = 60;

export interface GridEvents {
  select: (imageId: string) => void;
  open: (imageId: string) => void;
  /** The images that are selected together now. */
  pick: (imageIds: string[]) => void;
}

let grids = 0;

export class Grid {
  readonly el: HTMLElement;
  private readonly rows: VirtualGrid<Layout, Tile>;
  private readonly name = `ec-grid-${grids++}`;
  private readonly tooltip: Tooltip;
  private picked = new Set<number>();
  private cursor = -1;
  /** Where a stretch of selected images begins. */
  private anchor = -1;
  private hovered: Tile | null = null;
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
    });
    this.tooltip = new Tooltip(host, disposer);
    this.rows = new VirtualGrid(this.el, "ec-grid-inner", CAPTION + 2 * PADDING, {
      layOut: (width, height) => this.layOut(width, height),
      make: (place) => this.makeTile(place),
      placed: (tile) => tile.paint(this.view),
      drawn: (places) => this.drawn(places),
      moved: () => this.pointed(null),
    }, disposer);
    const { inner } = this.rows;
    disposer.listen<KeyboardEvent>(this.el, "keydown", (event) => this.key(event));
    disposer.listen<MouseEvent>(inner, "mousedown", (event) => {
      if (event.shiftKey) event.preventDefault(); // no text is meant to be selected
      this.el.focus({ preventScroll: true });
    });
    disposer.listen<MouseEvent>(inner, "click", (event) => this.pressed(event, false));
    disposer.listen<MouseEvent>(inner, "dblclick", (event) => this.pressed(event, true));
    disposer.listen<PointerEvent>(inner, "pointermove", (event) => this.pointed(event));
    disposer.listen(inner, "pointerleave", () => this.pointed(null));
    onThemeChange(disposer, () => this.repaint());
    disposer.add(watchScreen(() => this.repaint()));
  }

  /** After the order changed: a new layout, from the top; where it is the same, only what lies over the pictures is new. */
  orderChanged(same: boolean): void {
    if (same) return this.rows.draw();
    const kept = this.selectedId;
    this.rows.anew();
    this.cursor = kept === null ? -1 : this.store.order.indexOf(this.store.position(kept));
    this.anchor = this.cursor;
    if (this.cursor >= 0) this.rows.reveal(this.cursor);
    else this.el.scrollTop = 0;
    this.rows.draw();
  }

  /** New pictures, overlays or labels for some images. */
  refresh(positions: number[]): void {
    const fresh = new Set(positions);
    for (const tile of this.rows.items.values()) if (fresh.has(tile.position)) tile.paint(this.view);
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
    if (cursor >= 0) this.rows.reveal(cursor);
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

  private layOut(width: number, height: number): Layout {
    const aspects = Float32Array.from(this.store.order, (position) => this.store.aspect(position));
    return justifyLargest(aspects, Math.max(NARROWEST, width - 2 * PADDING), height - 2 * PADDING, ROW_HEIGHTS, SPACING);
  }

  /** What is near sight is there; its pictures are fetched, the most urgent first. */
  private drawn(places: number[]): void {
    this.mark();
    this.store.thumbnails.want(places.map((place) => this.store.order[place]));
  }

  private makeTile(place: number): Tile {
    const { layout } = this.rows;
    const row = layout.rows[layout.rowOf[place]];
    const at = { left: layout.x[place] + PADDING, top: row.y + PADDING, width: layout.width[place], height: row.height };
    return new Tile(this.store, this.store.order[place], place, `${this.name}-${place}`, at);
  }

  private repaint(): void {
    for (const tile of this.rows.items.values()) tile.paint(this.view);
  }

  private mark(): void {
    for (const [place, tile] of this.rows.items) tile.mark(this.picked.has(tile.position), place === this.cursor, this.picked.size > 0);
    if (this.rows.items.has(this.cursor)) this.el.setAttribute("aria-activedescendant", `${this.name}-${this.cursor}`);
    else this.el.removeAttribute("aria-activedescendant");
  }

  // -- pointer and keys -----------------------------------------------------------------------------------------------

  private tileOf(event: Event): Tile | null {
    const element = (event.target as Element).closest<HTMLElement>(".ec-tile");
    return element === null ? null : (this.rows.items.get(Number(element.dataset.place)) ?? null);
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
    this.rows.reveal(this.cursor);
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
    if (key === "ArrowDown") return started ? verticalNeighbour(this.rows.layout, at, 1) : 0;
    if (key === "ArrowUp") return verticalNeighbour(this.rows.layout, at, -1);
    if (key === "PageDown") return verticalNeighbour(this.rows.layout, at, page);
    if (key === "PageUp") return verticalNeighbour(this.rows.layout, at, -page);
    if (key === "Home") return 0;
    return key === "End" ? this.store.order.length - 1 : null;
  }
}
