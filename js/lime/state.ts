// What Python has sent of a LIME explanation, read from its buffers, and its numbers in words.
import { floats, integers } from "../shared/rpc";
import { Segments } from "./segments";

export type Status = "empty" | "running" | "done" | "stored" | "cancelled" | "failed";

export interface MapContent {
  scene: number;
  targets: string[];
  regions: number;
  width: number;
  height: number;
  samples: number;
  total: number;
  r2: number[];
  output: string;
  /** Nothing is said of the weights yet. */
  covered: boolean;
}

/** One label's weights; `errors` are nan where they are not known. */
export interface Explained {
  target: string;
  weights: Float32Array;
  errors: Float32Array;
  r2: number;
}

export interface LimeMap {
  scene: number;
  segments: Segments;
  explained: Explained[];
  samples: number;
  total: number;
  output: string;
  /** The weights are all 0: they are not told before the marks are locked. */
  covered: boolean;
}

/** Null before there are regions. The same regions as `before` keep its object, and with it the outlines made so far. */
export function readMap(content: MapContent, buffers: DataView[], before: LimeMap | null): LimeMap | null {
  if (content.regions === 0) return null;
  const runs = integers(buffers[0]);
  const segments = new Segments(runs, content.width, content.height, content.regions);
  const same = before !== null && before.scene === content.scene && sameIds(before.segments, segments);
  const n = content.regions;
  const { covered } = content;
  const weights = covered ? new Float32Array(n * content.targets.length) : floats(buffers[1]);
  const errors = covered ? new Float32Array(weights.length).fill(NaN) : floats(buffers[2]);
  return {
    scene: content.scene,
    segments: same ? before.segments : segments,
    explained: content.targets.map((target, i) => ({
      target,
      weights: weights.slice(i * n, (i + 1) * n),
      errors: errors.slice(i * n, (i + 1) * n),
      r2: content.r2[i] ?? NaN,
    })),
    samples: content.samples,
    total: content.total,
    output: content.output,
    covered,
  };
}

function sameIds(a: Segments, b: Segments): boolean {
  return a.width === b.width && a.height === b.height && a.ids.every((id, i) => id === b.ids[i]);
}

/** The greatest absolute weight: of all labels, or of one. */
export function largest(map: LimeMap, only: Explained | null = null): number {
  let most = 0;
  for (const { weights } of only ? [only] : map.explained) for (const weight of weights) most = Math.max(most, Math.abs(weight));
  return most;
}

/** Regions by strength, of equally strong ones the first. */
export function byStrength(weights: Float32Array): number[] {
  return Array.from(weights, (_, id) => id).sort((a, b) => Math.abs(weights[b]) - Math.abs(weights[a]) || a - b);
}

/** As many digits as the largest weight needs: "+0.132", "−1.42". */
export function writeWeight(weight: number, most: number): string {
  const digits = most >= 10 ? 1 : most >= 1 ? 2 : most >= 0.0995 ? 3 : 4;
  const text = Math.abs(weight).toFixed(digits);
  if (Number(text) === 0) return text;
  return weight > 0 ? `+${text}` : `−${text}`;
}

/** Whether a weight is told from nothing by the samples so far: more than twice its standard error. */
export const isClear = (weight: number, error: number): boolean => !Number.isFinite(error) || Math.abs(weight) > 2 * error;

export function median(values: Float32Array): number {
  const sorted = Float32Array.from(values.filter((value) => Number.isFinite(value))).sort();
  return sorted.length === 0 ? NaN : sorted[sorted.length >> 1];
}

const count = (n: number): string => n.toLocaleString("en");

/** "400 of 1,000 samples, 41 regions, weights ± 0.004". */
export function describe(map: LimeMap | null, status: Status): string {
  if (map === null) return status === "running" ? "Cutting the image into regions…" : "";
  const regions = `${count(map.segments.count)} regions`;
  if (map.explained.length === 0) return status === "running" ? `${regions}, first samples under way…` : regions;
  const whole = status === "done" || status === "stored" || map.samples >= map.total;
  const samples = whole ? `${count(map.samples)} samples` : `${count(map.samples)} of ${count(map.total)} samples`;
  const spread = median(map.explained[0].errors);
  const sure = Number.isFinite(spread) ? `, weights ± ${writeWeight(spread, largest(map)).replace("+", "")}` : "";
  if (map.covered && whole) return `${samples}, ${regions}: the map is ready, and shown when you lock`;
  if (map.covered && status === "running") return `${samples}, ${regions}: the map is made meanwhile, and shown when you lock`;
  const how = status === "stored" ? ", stored in the run" : status === "cancelled" ? ", cancelled" : "";
  return `${samples}, ${regions}${sure}${how}`;
}

/** "+0.132 ± 0.004, speaks for Joy, 6.2 % of the image". */
export function describeRegion(map: LimeMap, explained: Explained, region: number): string {
  const most = largest(map);
  const weight = explained.weights[region];
  const error = explained.errors[region];
  const sure = Number.isFinite(error) ? ` ± ${writeWeight(error, most).replace("+", "")}` : "";
  const side = !isClear(weight, error) ? "not told from 0 yet" : weight > 0 ? `for ${explained.target}` : weight < 0 ? `against ${explained.target}` : "no effect";
  return `${writeWeight(weight, most)}${sure}, ${side}, ${(100 * map.segments.areas[region]).toFixed(1)} % of the image`;
}
