// How high a widget stands that is as high as what shows it: JupyterLab's pane, a page, the whole screen.
import { h, type Disposer } from "./dom";

const LOWEST = 480;
const HIGHEST = 1200;
/** One line of code may stay in sight above it. */
const MARGIN = 36;
const FAR = 20_000;
/** What clips at less is no pane but an output that scrolls in itself: that is what its user chose. */
const PANE = 400;

/**
 * The height in CSS pixels that can be seen of `el` at once: that of the lowest of the window and all its ancestors that clip and
 * do not grow with their content. What grows is told by something very high beside `el`, which is gone before anything is painted;
 * `el` itself stays as it is, for where it is scrolled to would be lost.
 */
export function visibleHeight(el: HTMLElement): { height: number; clippers: Element[] } {
  const high = h("div", { style: { height: `${FAR}px` } });
  el.after(high);
  let height = window.innerHeight;
  const clippers: Element[] = [];
  for (let ancestor = el.parentElement; ancestor; ancestor = ancestor.parentElement) {
    if (getComputedStyle(ancestor).overflowY === "visible" || ancestor.clientHeight >= FAR || ancestor.clientHeight < PANE) continue;
    clippers.push(ancestor);
    height = Math.min(height, ancestor.clientHeight);
  }
  high.remove();
  return { height, clippers };
}

export const fittingHeight = (visible: number): number => Math.min(Math.max(visible - MARGIN, LOWEST), HIGHEST);

/** Keeps `el` as high as `wanted` says, which may ask how many pixels fit. Asked anew whenever that may have changed. */
export class Height {
  private observed = new Set<Element>();
  private readonly observer: ResizeObserver;
  private frame = 0;

  constructor(
    private readonly el: HTMLElement,
    private readonly wanted: (fits: () => number) => string,
    disposer: Disposer,
  ) {
    this.observer = new ResizeObserver(() => this.later());
    disposer.listen(window, "resize", () => this.later());
    disposer.listen(document, "fullscreenchange", () => this.later());
    disposer.add(() => {
      cancelAnimationFrame(this.frame);
      this.observer.disconnect();
    });
    this.later();
  }

  /** Measured at most once a frame, and not in the middle of a layout. */
  later(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      const height = this.wanted(() => this.fits());
      if (this.el.style.height !== height) this.el.style.height = height;
    });
  }

  private fits(): number {
    const { height, clippers } = visibleHeight(this.el);
    for (const clipper of clippers) if (!this.observed.has(clipper)) this.observer.observe(clipper);
    this.observed = new Set([...this.observed, ...clippers]);
    return fittingHeight(height);
  }
}
