// What lies over the cells: the cross of bands under the pointer, and the rings around what is selected and what stands out.
import { h, setHidden } from "../shared/dom";

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export class Overlay {
  readonly el = h("div", { class: "hm-overlay", "aria-hidden": "true" });
  private readonly parts = {
    row: h("div", { class: "hm-band", hidden: true }),
    column: h("div", { class: "hm-band", hidden: true }),
    strongest: h("div", { class: "hm-ring hm-ring-strong", "data-testid": "strongest", hidden: true }),
    selected: h("div", { class: "hm-ring hm-ring-selected", hidden: true }),
  };

  constructor() {
    this.el.append(...Object.values(this.parts));
  }

  /** Puts one of them there, or takes it away. */
  put(part: "row" | "column" | "strongest" | "selected", at: Rect | null): void {
    const el = this.parts[part];
    setHidden(el, at === null);
    if (at) el.style.cssText = `width:${at.width}px;height:${at.height}px;transform:translate(${at.x}px,${at.y}px)`;
  }
}
