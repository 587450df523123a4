// Which cells of an association differ from chance: Fisher's exact test of each, two-sided, called at a false discovery rate over
// all cells together (Benjamini and Hochberg). What Python's `analysis/significance.py` does for the heatmap's marks.
import type { Association } from "./association";

export const RATE = 0.05;
const NEGLIGIBLE = 1e-17;

export interface Called {
  /** 1: more often than under the other labels, -1: less often, 0: neither. Classes x labels. */
  sign: Int8Array;
  /** The rate at which a cell is called; NaN: no test. */
  adjusted: Float32Array;
}

export function called(association: Association): Called {
  const { counts, nImages, classes, labels } = association;
  const n = labels.length;
  const total = nImages.reduce((sum, value) => sum + value, 0);
  const test = tester(total);
  const p = new Float64Array(counts.length).fill(NaN);
  const ofClass = classes.map((_, row) => counts.subarray(row * n, (row + 1) * n).reduce((sum, value) => sum + value, 0));
  for (let i = 0; i < counts.length; i++) {
    const [row, label] = [ofClass[Math.floor(i / n)], nImages[i % n]];
    if (row > 0 && row < total && label > 0 && label < total) p[i] = test(counts[i], row, label);
  }
  const adjusted = benjaminiHochberg(p);
  const sign = new Int8Array(counts.length);
  for (let i = 0; i < counts.length; i++) {
    if (adjusted[i] <= RATE) sign[i] = counts[i] * total > ofClass[Math.floor(i / n)] * nImages[i % n] ? 1 : -1;
  }
  return { sign, adjusted: Float32Array.from(adjusted) };
}

/** P-values of `count` of `label` images where `row` of all count; the same three numbers are computed once. */
export function tester(total: number): (count: number, row: number, label: number) => number {
  const logFactorial = new Float64Array(total + 1);
  for (let i = 2; i <= total; i++) logFactorial[i] = logFactorial[i - 1] + Math.log(i);
  const choose = (n: number, k: number): number => logFactorial[n] - logFactorial[k] - logFactorial[n - k];
  const known = new Map<string, number>();
  return (count, row, label) => {
    const key = `${count},${row},${label}`;
    let p = known.get(key);
    if (p === undefined) known.set(key, (p = twoSided(count, row, label, total, Math.exp(choose(row, count) + choose(total - row, label - count) - choose(total, label)))));
    return p;
  };
}

function twoSided(count: number, row: number, label: number, total: number, chance: number): number {
  // The hypergeometric distribution's terms follow from each other by a ratio.
  const tail = (step: 1 | -1): number => {
    let [sum, term] = [chance, chance];
    for (let k = count; ; k += step) {
      const up = ((row - k) * (label - k)) / ((k + 1) * (total - row - label + k + 1));
      const down = (k * (total - row - label + k)) / ((row - k + 1) * (label - k + 1));
      term *= step > 0 ? up : down;
      if (!(term > NEGLIGIBLE * sum)) return sum;
      sum += term;
    }
  };
  return Math.min(1, 2 * Math.min(tail(1), tail(-1)));
}

/** Adjusted for all that are not NaN. */
export function benjaminiHochberg(p: Float64Array): Float64Array {
  const adjusted = new Float64Array(p.length).fill(NaN);
  const tested = [...p.keys()].filter((i) => !Number.isNaN(p[i])).sort((a, b) => p[a] - p[b]);
  let least = 1;
  for (let rank = tested.length; rank > 0; rank--) {
    least = Math.min(least, (p[tested[rank - 1]] * tested.length) / rank);
    adjusted[tested[rank - 1]] = least;
  }
  return adjusted;
}
