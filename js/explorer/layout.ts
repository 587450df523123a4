// The panes of the explorer: heatmap and browser side by side, the detail below; in a narrow place all below each other.
import { h, type Disposer } from "../shared/dom";
import { recall, remember, type Sizes } from "./session";
import { divider } from "./split";

const STACK_BELOW = 1100;
const STRIP = 38;
const DIVIDER = 8;
/** What the heatmap and the browser keep at least while the detail is open: their bars and one row. */
const KEPT_ABOVE = 150;
/** With less than this for everything, an editor that opens takes all but that. */
const LOW = 760;

export class Layout {
  readonly heatmap = h("section", { class: "ex-pane ex-heatmap", "aria-label": "Association heatmap", "data-testid": "pane-heatmap" });
  readonly browser = h("section", { class: "ex-pane ex-browser", "aria-label": "Images", "data-testid": "pane-browser" });
  readonly detail = h("section", { class: "ex-pane ex-detail", "aria-label": "One image", "data-testid": "pane-detail" });
  readonly el: HTMLElement;
  stacked = false;
  private size = { width: 1200, height: 700 };
  private readonly sizes: Sizes;
  private detailFoldedNow = true;
  private fullNow = false;

  /** `run` names what the sizes are remembered by; `changed` is called after every change. */
  constructor(
    disposer: Disposer,
    private readonly run: string,
    private readonly changed: () => void,
  ) {
    this.sizes = recall(run);
    const { sizes } = this;
    const across = divider(disposer, {
      name: "Divider between heatmap and images",
      testId: "divider-heatmap",
      axis: () => (this.stacked ? "y" : "x"),
      after: () => false,
      size: () => (this.stacked ? this.heatmap.offsetHeight : this.heatmap.offsetWidth),
      range: () => (this.stacked ? { min: 200, max: 1600 } : { min: 240, max: this.size.width - 320 }),
      resize: (pixels) => {
        sizes.heatmapFolded = false;
        if (this.stacked) sizes.stack.heatmap = pixels;
        else sizes.left = pixels / this.size.width;
        this.keep();
      },
      fold: () => {
        sizes.heatmapFolded = !sizes.heatmapFolded;
        this.keep();
      },
    });
    const below = divider(disposer, {
      name: "Divider above the image",
      testId: "divider-detail",
      axis: () => "y",
      after: () => !this.stacked,
      size: () => (this.stacked ? this.browser.offsetHeight : this.detail.offsetHeight),
      range: () => (this.stacked ? { min: 200, max: 1600 } : { min: STRIP, max: this.size.height - KEPT_ABOVE }),
      resize: (pixels) => this.resizeDetail(pixels),
      fold: () => this.fold(!this.detailFoldedNow),
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
    return this.detailFoldedNow;
  }

  /** Whether the detail covers the other panes. */
  get full(): boolean {
    return this.fullNow;
  }

  set full(full: boolean) {
    this.fullNow = full;
    if (full) this.detailFoldedNow = false;
    this.apply();
  }

  /** The explorer's own height in pixels, or null: as high as fits. */
  get height(): number | null {
    return this.sizes.height;
  }

  set height(height: number | null) {
    this.sizes.height = height;
    this.keep();
  }

  /** Shows or folds the detail; `roomy` gives it the greater part, unless the user has chosen a size. */
  fold(folded: boolean, roomy = false): void {
    this.detailFoldedNow = folded;
    if (folded) this.fullNow = false;
    if (!folded && roomy && !this.sizes.touched) {
      const most = this.size.height < LOW ? 1 - (KEPT_ABOVE + DIVIDER) / Math.max(this.size.height, 1) : 0.62;
      this.sizes.bottom = Math.max(this.sizes.bottom, most);
    }
    this.apply();
  }

  private resizeDetail(pixels: number): void {
    const { sizes } = this;
    if (this.stacked) sizes.stack.browser = pixels;
    else {
      this.fullNow = false;
      this.detailFoldedNow = pixels < STRIP + 60;
      sizes.touched = !this.detailFoldedNow;
      if (!this.detailFoldedNow) sizes.bottom = pixels / this.size.height;
    }
    this.keep();
  }

  private keep(): void {
    remember(this.run, this.sizes);
    this.apply();
  }

  private apply(): void {
    const { el, stacked, sizes } = this;
    const folded = this.detailFoldedNow;
    const full = this.fullNow && !stacked;
    el.classList.toggle("ex-stacked", stacked);
    el.classList.toggle("ex-heatmap-folded", sizes.heatmapFolded);
    el.classList.toggle("ex-detail-folded", folded);
    el.classList.toggle("ex-full", full);
    this.heatmap.inert = sizes.heatmapFolded || full;
    this.browser.inert = full;
    if (stacked) {
      el.style.gridTemplateColumns = "minmax(0, 1fr)";
      const { heatmap, browser, detail } = sizes.stack;
      const rows = [sizes.heatmapFolded ? 0 : heatmap, DIVIDER, browser, DIVIDER, folded ? STRIP : detail];
      el.style.gridTemplateRows = rows.map((row) => `${row}px`).join(" ");
    } else {
      const left = sizes.heatmapFolded ? 0 : Math.min(Math.max(240, Math.round(sizes.left * this.size.width)), this.size.width - 320);
      el.style.gridTemplateColumns = `${left}px ${DIVIDER}px minmax(0, 1fr)`;
      const open = full ? `calc(100% - ${DIVIDER}px)` : `clamp(120px, ${(100 * sizes.bottom).toFixed(2)}%, calc(100% - ${KEPT_ABOVE}px))`;
      el.style.gridTemplateRows = `minmax(0, 1fr) ${DIVIDER}px ${folded ? `${STRIP}px` : open}`;
    }
    this.changed();
  }
}
