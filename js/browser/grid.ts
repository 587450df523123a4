// The grid of thumbnails: only what is on screen exists as elements; keys move a cursor, Enter opens.
import { type Box, paintBoxes } from "../shared/boxes";
import { keptCamBitmap, paintCam } from "../shared/cam";
import { css, labelColour, sequential } from "../shared/colour";
import { type Disposer, h, isDark, onThemeChange, percent } from "../shared/dom";
import { justify, justifyLargest, type Layout, verticalNeighbour, visibleRows } from "./layout";
import type { BrowserStore, Thumbnail } from "./store";

const SPACING = { gap: 8, caption: 24 };
const ROW_HEIGHT = 128;
const ROW_HEIGHTS = [200, 160, ROW_HEIGHT];
const PADDING = 8;
const SCROLLBAR = 12;

export interface GridView {
  boxes: boolean;
  cam: boolean;
  camOpacity: number;
}

export interface GridEvents {
  select: (imageId: string) => void;
  open: (imageId: string) => void;
}

interface Tile {
  element: HTMLElement;
  canvas: HTMLCanvasElement;
  note: HTMLElement;
  position: number;
}

let grids = 0;

export class Grid {
  readonly el: HTMLElement;
  private readonly inner = h("div", { class: "ec-grid-inner", role: "presentation" });
  private readonly name = `ec-grid-${grids++}`;
  private layout: Layout = justify(new Float32Array(0), 1, { ...SPACING, rowHeight: ROW_HEIGHT });
  private readonly tiles = new Map<number, Tile>();
  private cursor = -1;
  private width = 0;
  private height = 0;
  private frame = 0;
  private view: GridView = { boxes: true, cam: false, camOpacity: 0.6 };

  constructor(
    private readonly store: BrowserStore,
    private readonly events: GridEvents,
    disposer: Disposer,
  ) {
    this.el = h("div", {
      class: "ec-grid",
      tabindex: 0,
      role: "listbox",
      "aria-label": "images",
      "data-testid": "grid",
    }, this.inner);
    disposer.listen(this.el, "scroll", () => this.schedule(), { passive: true });
    disposer.listen<KeyboardEvent>(this.el, "keydown", (event) => this.key(event));
    disposer.listen<MouseEvent>(this.inner, "click", (event) => this.pressed(event, false));
    disposer.listen<MouseEvent>(this.inner, "dblclick", (event) => this.pressed(event, true));
    disposer.resize(this.el, (width, height) => {
      if (width > 0 && Math.abs(width - this.width) + Math.abs(height - this.height) > 1) this.reflow(width, height);
      else this.schedule();
    });
    onThemeChange(disposer, () => this.repaint());
    disposer.add(() => cancelAnimationFrame(this.frame));
  }

  /** After the order changed: a new layout, from the top. */
  orderChanged(): void {
    const kept = this.selectedId;
    this.clear();
    this.place();
    this.cursor = kept === null ? -1 : this.store.order.indexOf(this.store.position(kept));
    if (this.cursor >= 0) this.reveal(this.cursor);
    else this.el.scrollTop = 0;
    this.draw();
  }

  /** New pictures or overlays for some images. */
  refresh(positions: number[]): void {
    const fresh = new Set(positions);
    for (const tile of this.tiles.values()) if (fresh.has(tile.position)) this.paint(tile);
  }

  show(view: GridView): void {
    this.view = view;
    this.repaint();
  }

  select(imageId: string | null): void {
    const cursor = imageId === null ? -1 : this.store.order.indexOf(this.store.position(imageId));
    if (cursor === this.cursor) return;
    this.cursor = cursor;
    if (cursor >= 0) this.reveal(cursor);
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
    this.tiles.clear();
    this.inner.replaceChildren();
  }

  private schedule(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const height = this.el.clientHeight;
    if (height === 0 || this.width === 0) return;
    const top = this.el.scrollTop;
    const [from, to] = visibleRows(this.layout, top - height / 2, top + height * 1.5);
    const first = this.layout.rows[from]?.first ?? 0;
    const last = this.layout.rows[to - 1]?.last ?? 0;
    for (const [place, tile] of this.tiles) {
      if (place >= first && place < last) continue;
      tile.element.remove();
      this.tiles.delete(place);
    }
    for (let place = first; place < last; place++) if (!this.tiles.has(place)) this.tiles.set(place, this.makeTile(place));
    this.mark();
    const middle = top + height / 2;
    const far = (place: number): number => Math.abs(this.layout.rows[this.layout.rowOf[place]].y + ROW_HEIGHT / 2 - middle);
    const places = [...this.tiles.keys()].sort((a, b) => far(a) - far(b) || a - b);
    this.store.want(places.map((place) => this.store.order[place]));
  }

  private makeTile(place: number): Tile {
    const position = this.store.order[place];
    const row = this.layout.rows[this.layout.rowOf[place]];
    const imageId = this.store.ids[position];
    const label = this.store.labels[this.store.predicted[position]] ?? "";
    const sure = percent(this.store.probability[position]);
    const canvas = h("canvas", { class: "ec-tile-picture" });
    const note = h("div", { class: "ec-tile-note", hidden: true });
    const dot = h("span", { class: "ec-tile-dot", style: { background: css(labelColour(label, isDark(this.el))) } });
    const element = h(
      "div",
      {
        class: "ec-tile",
        id: `${this.name}-${place}`,
        role: "option",
        title: imageId,
        "aria-label": `${imageId}: ${label} ${sure}`,
        "aria-posinset": place + 1,
        "aria-setsize": this.store.order.length,
        "data-testid": "thumb",
        "data-image-id": imageId,
        "data-place": place,
        "data-label": label,
        style: {
          left: `${this.layout.x[place] + PADDING}px`,
          top: `${row.y + PADDING}px`,
          width: `${this.layout.width[place]}px`,
          height: `${row.height + SPACING.caption}px`,
        },
      },
      h("div", { class: "ec-tile-frame", style: { height: `${row.height}px` } }, canvas, note),
      h("div", { class: "ec-tile-caption" }, dot, h("span", { class: "ec-tile-label" }, label), h("span", { class: "ec-number ec-muted" }, sure)),
    );
    this.inner.append(element);
    const tile = { element, canvas, note, position };
    this.paint(tile);
    return tile;
  }

  private repaint(): void {
    for (const tile of this.tiles.values()) this.paint(tile);
  }

  private paint(tile: Tile): void {
    const thumbnail = this.store.thumbnails.get(tile.position);
    const frame = tile.canvas.parentElement;
    if (!thumbnail || frame === null) return;
    const strong = thumbnail.boxes.filter((box) => box.strong);
    tile.element.dataset.loaded = String(thumbnail.revision);
    tile.element.dataset.strongBoxes = String(strong.length);
    tile.element.dataset.strongClasses = [...new Set(strong.map((box) => box.objectClass))].join("|");
    tile.note.hidden = thumbnail.reason === null;
    if (thumbnail.reason !== null) {
      tile.note.textContent = "cannot be shown";
      tile.note.title = thumbnail.reason;
    }
    if (thumbnail.picture) this.paintPicture(tile, thumbnail, thumbnail.picture);
  }

  private paintPicture(tile: Tile, thumbnail: Thumbnail, picture: ImageBitmap): void {
    const ratio = window.devicePixelRatio || 1;
    const width = parseFloat(tile.element.style.width);
    const height = parseFloat(tile.element.style.height) - SPACING.caption;
    tile.canvas.width = Math.round(width * ratio);
    tile.canvas.height = Math.round(height * ratio);
    const context = tile.canvas.getContext("2d");
    if (context === null) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const imageWidth = this.store.sizes[2 * tile.position];
    const imageHeight = this.store.sizes[2 * tile.position + 1];
    // Extreme aspect ratios are shown whole, with bars, in a tile of a usable shape.
    const scale = Math.min(width / imageWidth, height / imageHeight);
    const viewport = { scale, x: (width - imageWidth * scale) / 2, y: (height - imageHeight * scale) / 2 };
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, viewport.x, viewport.y, imageWidth * scale, imageHeight * scale);
    if (this.view.cam && thumbnail.cam) {
      paintCam(context, keptCamBitmap(thumbnail.cam, sequential), thumbnail.cam.view, viewport, this.view.camOpacity);
    }
    if (this.view.boxes) paintBoxes(context, sparse(thumbnail.boxes), viewport, 1);
  }

  private mark(): void {
    for (const [place, tile] of this.tiles) {
      const selected = place === this.cursor;
      tile.element.setAttribute("aria-selected", String(selected));
      tile.element.classList.toggle("ec-tile-selected", selected);
    }
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

  private pressed(event: MouseEvent, open: boolean): void {
    const element = (event.target as Element).closest<HTMLElement>(".ec-tile");
    if (element === null) return;
    this.moveTo(Number(element.dataset.place));
    if (open) this.open();
  }

  private moveTo(place: number): void {
    if (this.store.order.length === 0) return;
    this.cursor = Math.min(Math.max(place, 0), this.store.order.length - 1);
    this.reveal(this.cursor);
    this.mark();
    const imageId = this.selectedId;
    if (imageId !== null) this.events.select(imageId);
  }

  private open(): void {
    const imageId = this.selectedId;
    if (imageId !== null) this.events.open(imageId);
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.el || !this.press(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  private press(key: string): boolean {
    if (this.store.order.length === 0) return false;
    const page = Math.max(1, Math.floor(this.el.clientHeight / (ROW_HEIGHT + SPACING.caption)));
    const at = Math.max(0, this.cursor);
    const started = this.cursor >= 0;
    if (key === "ArrowRight") this.moveTo(started ? at + 1 : 0);
    else if (key === "ArrowLeft") this.moveTo(at - 1);
    else if (key === "ArrowDown") this.moveTo(started ? verticalNeighbour(this.layout, at, 1) : 0);
    else if (key === "ArrowUp") this.moveTo(verticalNeighbour(this.layout, at, -1));
    else if (key === "PageDown") this.moveTo(verticalNeighbour(this.layout, at, page));
    else if (key === "PageUp") this.moveTo(verticalNeighbour(this.layout, at, -page));
    else if (key === "Home") this.moveTo(0);
    else if (key === "End") this.moveTo(this.store.order.length - 1);
    else if (key === "Enter" || key === " ") {
      if (!started) this.moveTo(0);
      this.open();
    } else return false;
    return true;
  }
}

/** On a thumbnail faint boxes would only be noise beside strong ones. */
function sparse(boxes: Box[]): Box[] {
  const strong = boxes.filter((box) => box.strong);
  return strong.length > 0 ? strong : boxes;
}
