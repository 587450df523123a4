// The panes of the explorer: heatmap and browser side by side, the detail below; in a narrow place all below each other.
import { h, type Disposer } from "../shared/dom";
import { divider } from "./split";

const STACK_BELOW = 1100;
const STRIP = 38;
const DIVIDER = 8;
const STACKED_PANE = 460;

export class Layout {
  readonly heatmap = h("section", { class: "ex-pane ex-heatmap", "aria-label": "Association heatmap", "data-testid": "pane-heatmap" });
  readonly browser = h("section", { class: "ex-pane ex-browser", "aria-label": "Images", "data-testid": "pane-browser" });
  readonly detail = h("section", { class: "ex-pane ex-detail", "aria-label": "One image", "data-testid": "pane-detail" });
  readonly el: HTMLElement;
  private stacked = false;
  private size = { width: 1200, height: 700 };
  private left = 0.52;
  private bottom = 0.46;
  private stack = { heatmap: STACKED_PANE + 120, browser: STACKED_PANE, detail: STACKED_PANE };
  private folded = { heatmap: false, detail: true };
  private touched = false;

  constructor(
    disposer: Disposer,
    private readonly onFold: () => void,
  ) {
    const across = divider(disposer, {
      name: "Divider between heatmap and images",
      testId: "divider-heatmap",
      axis: () => (this.stacked ? "y" : "x"),
      after: () => false,
      size: () => (this.stacked ? this.heatmap.offsetHeight : this.heatmap.offsetWidth),
      range: () => (this.stacked ? { min: 200, max: 1600 } : { min: 240, max: this.size.width - 320 }),
      resize: (pixels) => {
        this.folded.heatmap = false;
        if (this.stacked) this.stack.heatmap = pixels;
        else this.left = pixels / this.size.width;
        this.apply();
      },
      fold: () => {
        this.folded.heatmap = !this.folded.heatmap;
        this.apply();
      },
    });
    const below = divider(disposer, {
      name: "Divider above the image",
      testId: "divider-detail",
      axis: () => "y",
      after: () => !this.stacked,
      size: () => (this.stacked ? this.browser.offsetHeight : this.detail.offsetHeight),
      range: () => (this.stacked ? { min: 200, max: 1600 } : { min: STRIP, max: this.size.height - 160 }),
      resize: (pixels) => {
        if (this.stacked) this.stack.browser = pixels;
        else {
          this.touched = true;
          this.bottom = pixels / this.size.height;
          this.folded.detail = pixels < STRIP + 60;
          if (this.folded.detail) this.bottom = 0.46;
        }
        this.apply();
      },
      fold: () => this.fold(!this.folded.detail),
    });
    across.classList.add("ex-across");
    below.classList.add("ex-below");
    this.el = h("div", { class: "ex-body" }, this.heatmap, across, this.browser, below, this.detail);
    disposer.resize(this.el, (width, height) => {
      if (!width) return;
      this.size = { width, height };
      this.stacked = width < STACK_BELOW;
      this.apply();
    });
    this.apply();
  }

  get detailFolded(): boolean {
    return this.folded.detail;
  }

  /** Shows or folds the detail; `roomy` gives it the greater part, unless the user has chosen a size. */
  fold(folded: boolean, roomy = false): void {
    this.folded.detail = folded;
    if (!folded && roomy && !this.touched) this.bottom = Math.max(this.bottom, 0.62);
    this.apply();
  }

  private apply(): void {
    const { el, stacked, folded } = this;
    el.classList.toggle("ex-stacked", stacked);
    el.classList.toggle("ex-heatmap-folded", folded.heatmap);
    el.classList.toggle("ex-detail-folded", folded.detail);
    this.heatmap.inert = folded.heatmap;
    if (stacked) {
      el.style.gridTemplateColumns = "minmax(0, 1fr)";
      const rows = [folded.heatmap ? 0 : this.stack.heatmap, DIVIDER, this.stack.browser, DIVIDER, folded.detail ? STRIP : this.stack.detail];
      el.style.gridTemplateRows = rows.map((row) => `${row}px`).join(" ");
    } else {
      const left = folded.heatmap ? 0 : Math.min(Math.max(240, Math.round(this.left * this.size.width)), this.size.width - 320);
      el.style.gridTemplateColumns = `${left}px ${DIVIDER}px minmax(0, 1fr)`;
      const bottom = folded.detail ? `${STRIP}px` : `clamp(120px, ${(100 * this.bottom).toFixed(2)}%, calc(100% - 160px))`;
      el.style.gridTemplateRows = `minmax(0, 1fr) ${DIVIDER}px ${bottom}`;
    }
    this.onFold();
  }
}
