// Rows of things in a scroller of which only those near sight exist as elements: which these are, that they come and go, that what
// was in sight stays there when the width changes, and what is most urgent to fetch. How rows are laid out and what an element
// looks like is its owner's.
import { type Disposer, h } from "./dom";

/** Things `first` to `last` (exclusive) beside each other; `y` and `height` in CSS pixels from the top of the scrolled content. */
export interface Row {
  first: number;
  last: number;
  y: number;
  height: number;
}

/** Rows from top to bottom; `rowOf` is each thing's row, `height` that of all. */
export interface Rows {
  rows: Row[];
  rowOf: Int32Array;
  height: number;
}

/** Rows [from, to) that touch the stretch of the scroller between `top` and `bottom`. */
export function visibleRows({ rows }: Rows, top: number, bottom: number): [number, number] {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const next = rows[middle + 1];
    if (next !== undefined && next.y <= top) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < rows.length && rows[end].y < bottom) end++;
  return [low, end];
}

/** What the owner of a grid says of its things, which are known by their places: 0 for the first. */
export interface VirtualGridOwner<Layout extends Rows, Item> {
  /** All rows in a scroller of this inner width and height. */
  layOut: (width: number, height: number) => Layout;
  /** A thing has come near sight: its element, absolutely placed. */
  make: (place: number) => Item;
  /** That element is in the page and can be painted. */
  placed: (item: Item) => void;
  /** After everything near sight is there: its places, the nearest to where the screen will be first. */
  drawn: (places: number[]) => void;
  /** The elements move under the pointer, or go. */
  moved: () => void;
}

const SCROLLBAR = 12;
/** While it rolls, things are asked for where the screen will be when they come. */
const LEAD_SECONDS = 0.2;
const RESTING_MS = 120;

export class VirtualGrid<Layout extends Rows, Item extends { element: HTMLElement }> {
  readonly inner: HTMLElement;
  /** What exists, by place. */
  readonly items = new Map<number, Item>();
  layout: Layout;
  private width = 0;
  private height = 0;
  private frame = 0;
  private readonly motion = { top: 0, at: 0, speed: 0, rest: 0 };

  /** `el` scrolls; a row takes `extra` pixels beyond its height (a caption, a margin). */
  constructor(
    readonly el: HTMLElement,
    className: string,
    private readonly extra: number,
    private readonly owner: VirtualGridOwner<Layout, Item>,
    disposer: Disposer,
  ) {
    this.inner = h("div", { class: className, role: "presentation" });
    this.el.append(this.inner);
    this.layout = owner.layOut(1, 0);
    disposer.listen(el, "scroll", () => this.scrolled(), { passive: true });
    disposer.resize(el, (width, height) => {
      if (width > 0 && Math.abs(width - this.width) + Math.abs(height - this.height) > 1) this.reflow(width, height);
      else this.schedule();
    });
    disposer.add(() => {
      cancelAnimationFrame(this.frame);
      clearTimeout(this.motion.rest);
    });
  }

  /** Other things, or in another order: nothing of what is there stays. `draw` or `reveal` comes next. */
  anew(): void {
    this.owner.moved();
    this.items.clear();
    this.inner.replaceChildren();
    this.layout = this.owner.layOut(this.width || this.el.clientWidth - SCROLLBAR, this.height);
    this.inner.style.height = `${this.layout.height}px`;
  }

  /** Scrolls as little as needed for a thing to be in sight. */
  reveal(place: number): void {
    const row = this.layout.rows[this.layout.rowOf[place]];
    if (row === undefined) return;
    const bottom = row.y + row.height + this.extra;
    if (row.y < this.el.scrollTop) this.el.scrollTop = row.y;
    else if (bottom > this.el.scrollTop + this.el.clientHeight) this.el.scrollTop = bottom - this.el.clientHeight;
    this.draw();
  }

  /** Makes what is near sight and drops the rest. */
  draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    // As it was told, not as it is: a host that changes its theme hides everything for a moment, and tells nobody.
    const { height, layout, items } = this;
    if (height === 0 || this.width === 0) return;
    const top = this.el.scrollTop;
    const lead = Math.max(-2 * height, Math.min(2 * height, this.motion.speed * LEAD_SECONDS));
    // What it rolls away from is not kept ready: every element costs time that those to come need.
    const above = lead > 0 ? 0 : height / 2 - lead;
    const below = lead < 0 ? 0 : height / 2 + lead;
    const [from, to] = visibleRows(layout, top - above, top + height + below);
    const first = layout.rows[from]?.first ?? 0;
    const last = layout.rows[to - 1]?.last ?? 0;
    for (const [place, { element }] of items) {
      if (place >= first && place < last) continue;
      element.remove();
      items.delete(place);
    }
    for (let place = first; place < last; place++) if (!items.has(place)) items.set(place, this.make(place));
    const middle = top + height / 2 + lead;
    const far = (place: number): number => {
      const row = layout.rows[layout.rowOf[place]];
      return Math.abs(row.y + row.height / 2 - middle);
    };
    this.owner.drawn([...items.keys()].sort((a, b) => far(a) - far(b) || a - b));
  }

  private make(place: number): Item {
    const item = this.owner.make(place);
    this.inner.append(item.element);
    this.owner.placed(item);
    return item;
  }

  private reflow(width: number, height: number): void {
    const first = this.firstVisible();
    this.width = width;
    this.height = height;
    this.anew();
    if (first > 0) this.el.scrollTop = this.layout.rows[this.layout.rowOf[first]]?.y ?? 0;
    this.draw();
  }

  private firstVisible(): number {
    const [from] = visibleRows(this.layout, this.el.scrollTop, this.el.scrollTop + 1);
    return this.layout.rows[from]?.first ?? 0;
  }

  private scrolled(): void {
    this.owner.moved();
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
}
