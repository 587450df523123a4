// The boxes that were found, the most important first: the one that is on is drawn in every tile.
import type { Box } from "../shared/boxes";
import { type Disposer, h } from "../shared/dom";
import { ListBox } from "../shared/listBox";

export class BoxList {
  readonly el: HTMLElement;
  private readonly head = h("div", { class: "me-head" });
  private readonly list: ListBox;

  constructor(on: (index: number) => void, pick: (index: number) => void, disposer: Disposer) {
    this.list = new ListBox("boxes", "box", { on, pick }, disposer);
    this.el = h("section", { class: "me-boxes-part", "aria-label": "Boxes" }, this.head, this.list.el);
  }

  /** `importance`: the mean over the maps that are there, nan where there is none yet. */
  update(boxes: readonly Box[], importance: Float32Array, maps: number, none: string): void {
    this.head.textContent = boxes.length === 0 ? none : maps > 0 ? `Boxes by mean importance under ${maps} ${maps === 1 ? "map" : "maps"}` : "Boxes";
    const of = (i: number): number => (Number.isFinite(importance[i]) ? importance[i] : -1);
    const order = boxes.map((_, i) => i).sort((a, b) => of(b) - of(a) || a - b);
    this.list.update(this.head.textContent, order, (row, i) => {
      const box = boxes[i];
      const value = of(i);
      const text = value < 0 ? "" : value.toFixed(2);
      row.className = "me-box";
      row.setAttribute("aria-label", `${box.objectClass}${text === "" ? "" : `, ${text} mean importance`}, confidence ${box.confidence.toFixed(2)}`);
      row.replaceChildren(
        h("i", { class: "me-dot", style: { background: box.colour } }),
        h("span", { class: "me-box-name", title: `confidence ${box.confidence.toFixed(2)}` }, box.objectClass),
        h("span", { class: "me-bar" }, h("i", { style: { width: `${100 * Math.max(0, value)}%` } })),
        " ",
        h("b", { class: "ec-number" }, text),
      );
    });
  }

  select(index: number): void {
    this.list.select(index);
  }
}

