// What Python computed, read from its buffers, and its numbers in words.
import { floats } from "../shared/rpc";

export interface RawTables {
  methods?: string[];
  rho: DataView;
  p_value: DataView;
  low: DataView;
  high: DataView;
  shuffled: DataView;
  uniform: DataView;
  images: number;
  values: number;
  whole: boolean;
}

/** Tables are methods x methods, row-major; `uniform` has one value per method; nan where there is none (yet). */
export interface RsaTables {
  methods: string[];
  rho: Float32Array;
  pValue: Float32Array;
  low: Float32Array;
  high: Float32Array;
  shuffled: Float32Array;
  uniform: Float32Array;
  images: number;
  values: number;
  whole: boolean;
}

export function readTables(raw: RawTables): RsaTables | null {
  if (!raw.methods) return null;
  return {
    methods: raw.methods,
    rho: floats(raw.rho),
    pValue: floats(raw.p_value),
    low: floats(raw.low),
    high: floats(raw.high),
    shuffled: floats(raw.shuffled),
    uniform: floats(raw.uniform),
    images: raw.images,
    values: raw.values,
    whole: raw.whole,
  };
}

/** "0.86", "−0.12", and "–" for what is not defined. */
export function write(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const text = value.toFixed(2);
  return Number(text) === 0 ? "0.00" : text.replace("-", "−");
}

export function writeP(p: number): string {
  if (!Number.isFinite(p)) return "–";
  return p < 1e-4 ? "< 0.0001" : p.toFixed(4);
}

/** Everything that is known of a pair, in one sentence. */
export function describePair(tables: RsaTables, i: number, j: number): string {
  const n = tables.methods.length;
  const at = i * n + j;
  if (i === j) {
    return `${tables.methods[i]}: a uniform map reaches ${write(tables.uniform[i])} with it, its own maps exchanged between the images ${write(tables.shuffled[at])}.`;
  }
  const head = `${tables.methods[i]} and ${tables.methods[j]}: ρ ${write(tables.rho[at])}`;
  if (!Number.isFinite(tables.rho[at])) return `${head}: under one of them nothing counts, so there is nothing to rank.`;
  const interval = Number.isFinite(tables.low[at]) ? ` (95 % ${write(tables.low[at])} to ${write(tables.high[at])} over resampled images)` : "";
  const mean = (tables.shuffled[at] + tables.shuffled[j * n + i]) / 2;
  const shuffled = Number.isFinite(mean) ? `; with one's maps exchanged between the images ${write(mean)}` : "";
  return `${head}${interval}${shuffled}; p ${writeP(tables.pValue[at])}.`;
}

const range = (values: number[]): string => {
  const known = values.filter((value) => Number.isFinite(value));
  if (known.length === 0) return "";
  const [low, high] = [write(Math.min(...known)), write(Math.max(...known))];
  return low === high ? low : `${low} to ${high}`;
};

/** How far the methods agree, beside what maps reach that know nothing. */
export function summary(tables: RsaTables): string {
  const n = tables.methods.length;
  const pairs = range([...tables.rho].filter((_, at) => at % (n + 1) !== 0));
  const uniform = range([...tables.uniform]);
  const shuffled = range([...tables.shuffled].filter((_, at) => at % (n + 1) === 0));
  const beside = [uniform && `a uniform map reaches ${uniform}`, shuffled && `their own maps, exchanged between the images, ${shuffled}`].filter(Boolean).join(", ");
  return `The methods agree at ρ ${pairs || "–"}${beside ? `; ${beside}` : ""}.`;
}

/** What the p-values are worth, in words that stand beside them. */
export function caveat(tables: RsaTables): string {
  return `${tables.images.toLocaleString("en")} images, ${tables.values.toLocaleString("en")} cells. The p-values take the cells for independent, which they are not: all methods share the images, boxes and labels. Read the intervals, and what maps reach that know nothing.`;
}
