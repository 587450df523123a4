// The regions as a list, strongest first: the one that is on is outlined on every map. Before the map may be seen they stand in
// reading order, without a number.
import { css } from "../shared/colour";
import { type Disposer, h } from "../shared/dom";
import { ListBox } from "../shared/listBox";
import { speaks } from "./colours";
import type { Shown, Side } from "./panel";
import { byStrength, type Explained, isClear, largest, writeWeight } from "./state";

export interface RegionEvents {
  /** The region that the list is on, or -1. */
  on(region: number): void;
  /** "f", "a" or "x" on a region while marking. */
  mark(region: number, side: Side | null): void;
}

const MARKS: Record<string, Side | null> = { f: "for", a: "against", x: null };

export class RegionList {
  readonly el: HTMLElement;
  private readonly head = h("div", { class: "li-head" });
  private readonly list: ListBox;

  constructor(
    private readonly shown: Shown,
    events: RegionEvents,
    disposer: Disposer,
  ) {
    this.list = new ListBox("regions", "region", {
      on: (region) => events.on(region),
      key: (region, key) => {
        if (!(key in MARKS)) return false;
        events.mark(region, MARKS[key]);
        return true;
      },
    }, disposer);
    this.el = h("section", { class: "li-regions-part", "aria-label": "Regions" }, this.head, this.list.el);
  }

  /** New weights, or a new look. */
  update(): void {
    const { map, covered } = this.shown;
    this.el.hidden = map === null;
    if (map === null) return;
    const explained = covered ? null : (map.explained[0] ?? null);
    this.head.textContent = explained === null ? "Regions, from top to bottom" : `Regions by weight for ${explained.target}`;
    const order = explained === null ? map.segments.reading() : byStrength(explained.weights);
    this.list.update(this.head.textContent, order, (row, region, rank) => this.fill(row, region, rank, explained));
  }

  select(region: number): void {
    this.list.select(region);
  }

  private fill(row: HTMLElement, region: number, rank: number, explained: Explained | null): void {
    const side = this.shown.marks.get(region);
    const mark = h("span", { class: "li-mark", "aria-hidden": "true" }, side === "for" ? "+" : side === "against" ? "−" : "");
    const area = `${(100 * this.shown.map!.segments.areas[region]).toFixed(1)} %`;
    const marked = side === undefined ? [] : [`marked ${side}`];
    const size = h("span", { class: "ec-number ec-muted" }, area);
    row.className = "li-region";
    if (explained === null) {
      const name = `Region ${rank + 1}`;
      row.dataset.weight = "";
      row.setAttribute("aria-label", [name, `${area} of the image`, ...marked].join(", "));
      row.replaceChildren(mark, h("span", { class: "li-region-name" }, name), " ", size);
      return;
    }
    const most = largest(this.shown.map!, explained) || 1;
    const weight = explained.weights[region];
    const error = explained.errors[region];
    const text = writeWeight(weight, most);
    const sure = Number.isFinite(error) ? `± ${writeWeight(error, most).replace("+", "")}` : "";
    const unclear = isClear(weight, error) ? [] : ["not told from 0 yet"];
    row.classList.toggle("li-unclear", unclear.length > 0);
    row.dataset.weight = String(weight);
    row.setAttribute("aria-label", [`${text} ${sure}`.trim(), `${area} of the image`, ...unclear, ...marked].join(", "));
    row.replaceChildren(mark, this.bar(weight / most), h("b", { class: "ec-number" }, text), " ", h("span", { class: "ec-number ec-muted" }, sure), " ", size);
  }

  private bar(share: number): HTMLElement {
    const colour = css(speaks(Math.sign(share) * Math.max(0.55, Math.abs(share)), this.shown.palette));
    const left = share < 0 ? 50 * (1 + share) : 50;
    return h("span", { class: "li-bar" }, h("i", { style: { left: `${left}%`, width: `${50 * Math.abs(share)}%`, background: colour } }));
  }
}
