// From counts to what is written in the cells: the formulas of analysis/association.py, on the few rows that are shown.
import type { Measure } from "./protocol";

export interface Counted {
  images: Int32Array;
  counts: Int32Array;
  present: Int32Array;
}

/** (rows x columns); `counts` row-major, a column for each of `images`. NaN: there is nothing to divide by ("presence"). */
export function measured({ images, counts, present }: Counted, measure: Measure): Float64Array {
  const n = images.length;
  const values = Float64Array.from(counts);
  if (measure === "count") return values;
  if (measure === "presence") return values.map((count, i) => (present[i] ? count / present[i] : Number.NaN));
  const share = values.map((count, i) => (images[i % n] ? count / images[i % n] : 0));
  return measure === "fraction" ? share : lift(share, images, counts);
}

/** The fraction over that in all other labels; half an image is taken to count there where none does. */
function lift(share: Float64Array, images: Int32Array, counts: Int32Array): Float64Array {
  const n = images.length;
  const all = images.reduce((sum, each) => sum + each, 0);
  const ofRow = new Float64Array(n ? counts.length / n : 0);
  counts.forEach((count, i) => (ofRow[Math.floor(i / n)] += count));
  return share.map((fraction, i) => {
    const others = all - images[i % n];
    if (!counts[i]) return 0;
    return others ? fraction / (Math.max(ofRow[Math.floor(i / n)] - counts[i], 0.5) / others) : 1;
  });
}
