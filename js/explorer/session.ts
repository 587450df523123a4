// What the explorer's view remembers in this browser tab: sizes and folds of its panes, by run. What is looked at (cell, image,
// filters) is remembered by the kernel.

export interface Sizes {
  /** Shares (0..1) of the width and height that the heatmap and the image have. */
  left: number;
  bottom: number;
  /** Pixels, where the panes stand below each other. */
  stack: { heatmap: number; browser: number; detail: number };
  heatmapFolded: boolean;
  /** The explorer's own height in pixels, null: as high as fits. */
  height: number | null;
  /** Whether the user has chosen the height of the image. */
  touched: boolean;
}

const STACKED_PANE = 460;

export const standard = (): Sizes => ({
  left: 0.52,
  bottom: 0.46,
  stack: { heatmap: STACKED_PANE + 120, browser: STACKED_PANE, detail: STACKED_PANE },
  heatmapFolded: false,
  height: null,
  touched: false,
});

const key = (run: string): string => `emocam-widgets explorer ${run}`;
/** A host may forbid storage (a sandboxed frame): then it is remembered as long as the page lives. */
const inMemory = new Map<string, string>();

export function remember(run: string, sizes: Sizes): void {
  const text = JSON.stringify(sizes);
  inMemory.set(key(run), text);
  try {
    sessionStorage.setItem(key(run), text);
  } catch {
    return; // kept in memory
  }
}

export function recall(run: string): Sizes {
  let text = inMemory.get(key(run)) ?? null;
  try {
    text = sessionStorage.getItem(key(run)) ?? text;
  } catch {
    // as kept in memory
  }
  return text === null ? standard() : sane(text);
}

/** Another version, or another script, may have written there. */
function sane(text: string): Sizes {
  const plain = standard();
  try {
    const found = JSON.parse(text) as Partial<Sizes> | null;
    const share = (value: unknown, or: number): number => (typeof value === "number" && value > 0 && value < 1 ? value : or);
    const pixels = (value: unknown, or: number): number => (typeof value === "number" && value >= 100 && value <= 4000 ? value : or);
    return {
      left: share(found?.left, plain.left),
      bottom: share(found?.bottom, plain.bottom),
      stack: {
        heatmap: pixels(found?.stack?.heatmap, plain.stack.heatmap),
        browser: pixels(found?.stack?.browser, plain.stack.browser),
        detail: pixels(found?.stack?.detail, plain.stack.detail),
      },
      heatmapFolded: found?.heatmapFolded === true,
      height: typeof found?.height === "number" ? pixels(found.height, 760) : null,
      touched: found?.touched === true,
    };
  } catch {
    return plain;
  }
}
