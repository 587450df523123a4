// Which rows and columns of an association are shown, and in what order: what Python's `analysis/selection.py` does.
import type { Association } from "./association";
import { leafOrder } from "./clusters";

export interface Selection {
  rows: number[];
  columns: number[];
}

export interface Choice {
  /** Null: all classes that count. */
  top: number | null;
  order: string;
  search: string;
  /** What is subtracted: fractions, classes x labels. */
  against: Float64Array | null;
  /** From class to what it is a kind of, from the root down to itself. */
  lineage: Record<string, string[]>;
}

/** Means that differ by less are the same: the order of summing would decide else. */
const SAME = 1e-12;

export function selection(association: Association, choice: Choice): Selection {
  const { classes, labels } = association;
  const n = labels.length;
  const values = choice.against === null ? association.fractions : association.fractions.map((value, i) => value - choice.against![i]);
  const mean = classes.map((_, row) => values.subarray(row * n, (row + 1) * n).reduce((sum, value) => sum + Math.abs(value), 0) / Math.max(1, n));
  let rows = classes.map((_, row) => row).sort((a, b) => (Math.abs(mean[a] - mean[b]) > SAME ? mean[b] - mean[a] : a - b));
  const wanted = choice.search.trim().toLowerCase();
  if (wanted) rows = rows.filter((row) => classes[row].toLowerCase().includes(wanted));
  else rows = rows.filter((row) => mean[row] > 0).slice(0, choice.top ?? undefined);
  const columns = labels.map((_, column) => column);
  if (choice.order === "clusters") {
    const shown = rows.map((row) => columns.map((column) => values[row * n + column]));
    return {
      rows: leafOrder(shown).map((i) => rows[i]),
      columns: leafOrder(columns.map((column) => shown.map((row) => row[column]))),
    };
  }
  if (choice.order === "alphabet") return { rows: byName(rows, classes), columns: byName(columns, labels) };
  if (choice.order === "hierarchy") {
    const path = (row: number): string[] => choice.lineage[classes[row]] ?? [classes[row]];
    return { rows: [...rows].sort((a, b) => comparePaths(path(a), path(b))), columns };
  }
  return { rows, columns };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const byName = (positions: number[], names: string[]): number[] =>
  [...positions].sort((a, b) => compare(names[a].toLowerCase(), names[b].toLowerCase()) || a - b);

function comparePaths(a: string[], b: string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return compare(a[i], b[i]);
  return a.length - b.length;
}
