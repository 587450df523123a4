// The column beside the picture: as many bars as fit, so that what stands below them is not cut through; where even the fewest do
// not fit, or all are asked for, it scrolls, and its edge says so.
import { type Disposer, h } from "../shared/dom";
import type { LabelBars } from "../shared/labelBars";

export class SidePanel {
  readonly el: HTMLElement;
  private readonly others: HTMLElement[];

  /** `above` and `below` the bars. */
  constructor(
    private readonly bars: LabelBars,
    above: HTMLElement[],
    below: HTMLElement[],
    disposer: Disposer,
  ) {
    this.others = [...above, ...below];
    this.el = h("div", { class: "ec-editor-side" }, ...above, bars.el, ...below);
    for (const element of [this.el, ...this.others]) disposer.resize(element, () => this.fit());
  }

  /** To be called too when the bars' own head comes or goes. */
  fit(): void {
    const { el, bars } = this;
    const style = getComputedStyle(el);
    // Where the page is narrow it grows with what it holds.
    if (style.overflowY === "visible" || el.clientHeight === 0) return bars.fit(Infinity);
    const heights = this.others.filter(({ hidden }) => !hidden).map(({ offsetHeight }) => offsetHeight);
    const taken = heights.reduce((sum, height) => sum + height + parseFloat(style.rowGap), 0);
    bars.fit(el.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom) - taken);
  }
}
