// The bars: one row per object, one group per place, the controls hatched beside the object's bar. A bar has the colour of the
// label that it switched to most.
import { css, labelColour } from "../shared/colour";
import { type Disposer, h, isDark, onThemeChange, percent, svg } from "../shared/dom";
import { axisTop, type Bar, byObject, describe, initials, type Key, keyOf, OBJECT, type Place, placeName, sameKey } from "./state";

export interface ChartEvents {
  on(bar: Bar | null): void;
  pick(bar: Bar): void;
}

const TICKS = 2;

export class Chart {
  readonly el = h("div", { class: "pb-chart", role: "group", "aria-label": "Share of pastes that switched the label" });
  private bars: Bar[] = [];
  private rows: HTMLElement[][] = [];
  private readonly of = new Map<HTMLElement, Bar>();
  private selected: Key | null = null;

  constructor(
    private readonly events: ChartEvents,
    disposer: Disposer,
  ) {
    disposer.listen(this.el, "click", (event) => {
      const bar = this.under(event);
      if (bar) this.events.pick(bar);
    });
    disposer.listen(this.el, "pointerover", (event) => this.events.on(this.under(event)));
    disposer.listen(this.el, "pointerleave", () => this.events.on(null));
    disposer.listen(this.el, "focusin", (event) => this.events.on(this.under(event)));
    disposer.listen(this.el, "focusout", () => this.events.on(null));
    disposer.listen<KeyboardEvent>(this.el, "keydown", (event) => this.key(event));
    onThemeChange(disposer, () => this.draw());
  }

  show(bars: Bar[]): void {
    this.bars = bars;
    this.draw();
  }

  select(key: Key | null): void {
    this.selected = key;
    for (const [el, bar] of this.of) el.setAttribute("aria-pressed", String(sameKey(key, keyOf(bar))));
  }

  private under(event: Event): Bar | null {
    const el = (event.target as HTMLElement).closest<HTMLElement>("[data-bar]");
    return el === null ? null : (this.of.get(el) ?? null);
  }

  private draw(): void {
    const focused = [...this.of].find(([el]) => el === document.activeElement)?.[1];
    this.of.clear();
    this.rows = [];
    const top = axisTop(this.bars);
    const dark = isDark(this.el);
    this.el.replaceChildren(...[...byObject(this.bars)].map(([name, places]) => this.object(name, places, top, dark)));
    const first = [...this.of.keys()].find((el) => focused && sameKey(keyOf(this.of.get(el)!), keyOf(focused))) ?? this.rows[0]?.[0];
    if (first) first.tabIndex = 0;
    if (focused) first?.focus({ preventScroll: true });
    this.select(this.selected);
  }

  private object(name: string, places: Place[], top: number, dark: boolean): HTMLElement {
    const row: HTMLElement[] = [];
    this.rows.push(row);
    const groups = places.map((place) => {
      const bars = place.bars.map((bar) => {
        const el = this.bar(bar, top, dark);
        row.push(el);
        return el;
      });
      return h("div", { class: "pb-place" }, h("div", { class: "pb-bars" }, ...bars), this.foot(place, dark));
    });
    const lines = Array.from({ length: TICKS + 1 }, (_, i) => h("span", { class: "pb-tick", style: { bottom: `${(100 * i) / TICKS}%` } }, percent((top * i) / TICKS)));
    return h("section", { class: "pb-object", "aria-label": name, "data-testid": "object-bars" },
      h("h4", { class: "pb-title" }, name),
      h("div", { class: "pb-plot" }, h("div", { class: "pb-axis", "aria-hidden": "true" }, ...lines), ...groups));
  }

  private bar(bar: Bar, top: number, dark: boolean): HTMLElement {
    const own = bar.variant === OBJECT;
    const colour = bar.to_label === null ? "var(--ec-line-strong)" : css(labelColour(bar.to_label, dark));
    const whisker = bar.low === null || bar.high === null ? null : h("i", { class: "pb-whisker", style: { bottom: `${(100 * bar.low) / top}%`, height: `${(100 * (Math.min(bar.high, top) - bar.low)) / top}%` } });
    const el = h("button", {
      class: `pb-bar${own ? "" : " pb-control"}`,
      type: "button",
      tabindex: -1,
      "aria-label": describe(bar),
      "aria-pressed": "false",
      "data-bar": "",
      "data-testid": "paste-bar",
      "data-object": bar.object,
      "data-variant": bar.variant,
      "data-position": bar.position,
      "data-share": bar.share,
    },
    h("i", { class: "pb-fill", style: { height: `${(100 * bar.share) / top}%`, "--pb-colour": colour } }),
    whisker,
    own ? h("span", { class: "pb-value", style: { bottom: `${(100 * Math.min(bar.high ?? bar.share, top)) / top}%` } }, (100 * bar.share).toFixed(0)) : null);
    this.of.set(el, bar);
    return el;
  }

  /** The label most often switched to, and where on the picture the place is. */
  private foot(place: Place, dark: boolean): HTMLElement {
    const to = place.bars[0].to_label;
    const dot = to === null ? null : h("i", { class: "pb-dot", style: { background: css(labelColour(to, dark)) } });
    const label = h("span", { class: "pb-to", title: to ?? "no image switched" }, dot, to === null ? "–" : initials(to));
    const first = place.bars[0];
    const where = place.at === null && first.x !== null && first.y !== null ? plan(first.x, first.y) : h("span", { class: "pb-at", title: placeName(place) }, place.at ?? "");
    return h("div", { class: "pb-foot", "aria-hidden": "true" }, label, where, place.at === null ? h("span", { class: "pb-number" }, place.position + 1) : null);
  }

  private key(event: KeyboardEvent): void {
    const row = this.rows.findIndex((each) => each.includes(document.activeElement as HTMLElement));
    if (row < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.rows[row].indexOf(document.activeElement as HTMLElement);
    const to: Record<string, HTMLElement | undefined> = {
      ArrowLeft: this.rows[row][at - 1],
      ArrowRight: this.rows[row][at + 1],
      ArrowUp: this.rows[row - 1]?.[Math.min(at, this.rows[row - 1].length - 1)],
      ArrowDown: this.rows[row + 1]?.[Math.min(at, this.rows[row + 1].length - 1)],
      Home: this.rows[row][0],
      End: this.rows[row][this.rows[row].length - 1],
    };
    if (!(event.key in to)) return;
    const next = to[event.key];
    if (next) {
      for (const el of this.of.keys()) el.tabIndex = el === next ? 0 : -1;
      next.focus();
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

/** The place on the picture's plane, as a tiny plan. */
function plan(x: number, y: number): SVGElement {
  return svg("svg", { class: "pb-plan", viewBox: "0 0 24 18", width: 24, height: 18 },
    svg("rect", { x: 0.5, y: 0.5, width: 23, height: 17, rx: 2 }),
    svg("circle", { cx: 1 + 22 * x, cy: 1 + 16 * y, r: 3 }));
}
