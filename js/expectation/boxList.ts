// The things that were found, as a list: marked by Enter, space or a click; after the reveal with the importance that each has
// under the map, its size, and how many of the class expected it.
import type { Box } from "../shared/boxes";
import { type Disposer, h, percent } from "../shared/dom";
import { ListBox } from "../shared/listBox";
import { CLASS_COLOUR } from "./classPanel";
import type { Shown } from "./picture";

export interface Revealed {
  importance: Float32Array;
  /** How many of `participants` marked each box; empty where there is no class. */
  counts: readonly number[];
  participants: number;
}

export class BoxList {
  readonly el: HTMLElement;
  private readonly head = h("div", { class: "xp-head" });
  private readonly list: ListBox;

  constructor(
    private readonly shown: Shown,
    on: (index: number) => void,
    toggle: (index: number) => void,
    disposer: Disposer,
  ) {
    this.list = new ListBox("boxes", "box", {
      on,
      pick: toggle,
      key: (index, key) => {
        if (key === " ") toggle(index);
        return key === " ";
      },
    }, disposer);
    this.el = h("section", { class: "xp-boxes-part", "aria-label": "Things in the picture" }, this.head, this.list.el);
  }

  update(size: { width: number; height: number }, revealed: Revealed | null, none: string): void {
    const { boxes, marking } = this.shown;
    this.head.textContent = boxes.length === 0 ? none : marking || revealed === null ? "Things in the picture, from top to bottom" : revealed.counts.length > 0 ? "Things by importance (the map's mean on each), and how many of the class expected them" : "Things by importance: the map's mean on each";
    const order = boxes.map((_, i) => i).sort((a, b) => {
      if (revealed !== null) return revealed.importance[b] - revealed.importance[a] || a - b;
      return boxes[a].y0 - boxes[b].y0 || boxes[a].x0 - boxes[b].x0;
    });
    this.list.update(this.head.textContent, order, (row, i) => this.fill(row, boxes[i], i, size, revealed));
  }

  select(index: number): void {
    this.list.select(index);
  }

  private fill(row: HTMLElement, box: Box, index: number, size: { width: number; height: number }, revealed: Revealed | null): void {
    const marked = this.shown.marks.boxes.has(index);
    const share = ((box.x1 - box.x0) * (box.y1 - box.y0)) / Math.max(1, size.width * size.height);
    const area = share < 0.01 ? "under 1 %" : percent(Math.min(1, share));
    // The accessible name begins with what is seen, in its order: who speaks to the page says what they see.
    const words = [box.objectClass];
    const mark = h("span", { class: `xp-mark${marked ? " xp-marked" : ""}`, "aria-hidden": "true" }, marked ? "✓" : "");
    const name = h("span", { class: "xp-name", title: box.objectClass }, box.objectClass);
    const dot = h("i", { class: "xp-dot", style: { background: box.colour } });
    const areaCell = h("span", { class: "ec-number ec-muted", title: "share of the picture" }, area);
    row.dataset.marked = String(marked);
    row.className = revealed === null ? "xp-box" : "xp-box xp-revealed";
    if (revealed === null) {
      row.dataset.importance = "";
      words.push(`${area} of the picture`);
      row.replaceChildren(mark, dot, name, " ", areaCell);
    } else {
      const value = revealed.importance[index];
      const counted = revealed.counts.length > 0;
      words.push(value.toFixed(2), area, "that is importance and share of the picture");
      row.dataset.importance = value.toFixed(4);
      row.replaceChildren(mark, dot, name, " ", bar(value), h("b", { class: "ec-number" }, value.toFixed(2)), " ", areaCell);
      if (counted) {
        const n = revealed.counts[index];
        const of = `${n} of ${revealed.participants}`;
        words.splice(3, 0, `expected by ${of}`);
        row.append(" ", h("span", { class: "xp-expected" }, "expected by"), " ", bar(n / Math.max(1, revealed.participants), CLASS_COLOUR), h("span", { class: "xp-count ec-number", "data-testid": "expected-by" }, of));
      }
    }
    row.setAttribute("aria-label", [...words, ...(marked ? ["marked"] : [])].join(", "));
  }
}

function bar(share: number, colour = ""): HTMLElement {
  return h("span", { class: "xp-bar" }, h("i", { style: { width: `${100 * Math.min(1, Math.max(0, share))}%`, background: colour } }));
}
