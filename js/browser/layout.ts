// Where every thumbnail stands: rows of equal height that fill the width, each picture in its own aspect ratio. Pure arithmetic
// over typed arrays, so that 25,000 images are placed within a few milliseconds.

import type { Rows } from "../shared/virtualGrid";

export interface Layout extends Rows {
  /** Of each image: left edge and width of its picture; its row has the rest. */
  x: Float32Array;
  width: Float32Array;
}

export interface Spacing {
  /** Wanted height of a picture, in CSS pixels; a full row is made to fit and may be a third taller or lower. */
  rowHeight: number;
  gap: number;
  /** Height of the line of text under a picture. */
  caption: number;
}

const NARROWEST = 0.55;
const WIDEST = 2.6;
const TALLEST_ROW = 1.4;
const MANY = 60; // images that cannot fit at a larger size anyway

export function justify(aspects: ArrayLike<number>, available: number, spacing: Spacing): Layout {
  const count = aspects.length;
  const layout: Layout = {
    rows: [],
    x: new Float32Array(count),
    width: new Float32Array(count),
    rowOf: new Int32Array(count),
    height: 0,
  };
  let first = 0;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const aspect = shown(aspects[i]);
    const with_ = (available - (i - first) * spacing.gap) / (sum + aspect);
    const without = (available - (i - first - 1) * spacing.gap) / sum;
    // The row ends before this image where that is nearer to the wanted height than with it.
    if (i > first && with_ < spacing.rowHeight && without - spacing.rowHeight < spacing.rowHeight - with_) {
      close(layout, aspects, first, i, Math.min(without, TALLEST_ROW * spacing.rowHeight), spacing);
      first = i;
      sum = 0;
    }
    sum += aspect;
  }
  if (first < count) {
    const full = (available - (count - first - 1) * spacing.gap) / sum;
    close(layout, aspects, first, count, Math.min(full, spacing.rowHeight), spacing);
  }
  layout.height = Math.max(0, layout.height - spacing.gap);
  return layout;
}

function shown(aspect: number): number {
  return Number.isFinite(aspect) ? Math.min(Math.max(aspect, NARROWEST), WIDEST) : 1;
}

function close(layout: Layout, aspects: ArrayLike<number>, first: number, last: number, height: number, spacing: Spacing): void {
  let x = 0;
  for (let i = first; i < last; i++) {
    layout.x[i] = x;
    layout.width[i] = shown(aspects[i]) * height;
    layout.rowOf[i] = layout.rows.length;
    x += layout.width[i] + spacing.gap;
  }
  layout.rows.push({ first, last, y: layout.height, height });
  layout.height += height + spacing.caption + spacing.gap;
}

/** Few images are shown larger: the greatest of the `heights` (descending) at which all fit without scrolling, else the last. */
export function justifyLargest(aspects: ArrayLike<number>, available: number, room: number, heights: number[], spacing: Omit<Spacing, "rowHeight">): Layout {
  let layout = justify(aspects, available, { ...spacing, rowHeight: heights[heights.length - 1] });
  for (const rowHeight of heights.slice(0, -1)) {
    const larger = aspects.length > MANY ? null : justify(aspects, available, { ...spacing, rowHeight });
    if (larger === null || larger.height > room) continue;
    layout = larger;
    break;
  }
  return layout;
}

/** The image in the row `step` rows further (or the nearest there is) whose middle is nearest to that of image `at`. */
export function verticalNeighbour(layout: Layout, at: number, step: number): number {
  const target = Math.min(Math.max(layout.rowOf[at] + step, 0), layout.rows.length - 1);
  if (target === layout.rowOf[at]) return step > 0 ? layout.x.length - 1 : 0;
  const middle = layout.x[at] + layout.width[at] / 2;
  const row = layout.rows[target];
  let best = row.first;
  for (let i = row.first; i < row.last; i++) {
    const distance = Math.abs(layout.x[i] + layout.width[i] / 2 - middle);
    if (distance < Math.abs(layout.x[best] + layout.width[best] / 2 - middle)) best = i;
  }
  return best;
}
