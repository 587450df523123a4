// The rows of the paste experiment as bars, and their numbers in words.

/** A row of `PasteResult.shares`. */
export interface Bar {
  object: string;
  variant: string;
  position: number;
  at: string | null;
  x: number | null;
  y: number | null;
  n: number;
  switched: number;
  share: number;
  low: number | null;
  high: number | null;
  to_label: string | null;
  to_count: number;
}

export type Key = [object: string, variant: string, position: number];

export const keyOf = (bar: Bar): Key => [bar.object, bar.variant, bar.position];
export const sameKey = (a: Key | null, b: Key | null): boolean => a !== null && b !== null && a.every((part, i) => part === b[i]);

export const OBJECT = "object";

/** The bars of one object at one place: the object's own first, then its controls. */
export interface Place {
  position: number;
  at: string | null;
  bars: Bar[];
}

/** Per object its places, in the order of the table. */
export function byObject(bars: readonly Bar[]): Map<string, Place[]> {
  const objects = new Map<string, Place[]>();
  for (const bar of bars) {
    const places = objects.get(bar.object) ?? [];
    objects.set(bar.object, places);
    let place = places.find((each) => each.position === bar.position);
    if (place === undefined) places.push((place = { position: bar.position, at: bar.at, bars: [] }));
    place.bars.push(bar);
  }
  for (const places of objects.values()) {
    places.sort((a, b) => (a.position < 0 ? 1 : 0) - (b.position < 0 ? 1 : 0) || Math.abs(a.position) - Math.abs(b.position));
    for (const place of places) place.bars.sort((a, b) => Number(b.variant === OBJECT) - Number(a.variant === OBJECT));
  }
  return objects;
}

/** The top of the axis: a round share just above all bars and their intervals. */
export function axisTop(bars: readonly Bar[]): number {
  const most = Math.max(0.05, ...bars.map((bar) => bar.high ?? bar.share));
  const step = most > 0.5 ? 0.2 : most > 0.2 ? 0.1 : 0.05;
  return Math.min(1, Math.ceil(most / step - 1e-9) * step);
}

export const placeName = (bar: { position: number; at: string | null }): string => (bar.at === null ? `position ${bar.position + 1}` : `on ${bar.at}`);

/** "Empathetic Pain" as EP, "Excitement" as Ex. */
export function initials(label: string): string {
  const words = label.split(/\s+/).filter(Boolean);
  return words.length > 1 ? words.map((word) => word[0]).join("") : label.slice(0, 2);
}

/** Everything that a bar says. */
export function describe(bar: Bar): string {
  const what = bar.variant === OBJECT ? bar.object : `${bar.variant} silhouette of ${bar.object}`;
  const share = `${(100 * bar.share).toFixed(0)} % (${bar.switched} of ${bar.n})`;
  const interval = bar.low === null || bar.high === null ? "" : `, 95 % interval ${(100 * bar.low).toFixed(0)} to ${(100 * bar.high).toFixed(0)} %`;
  const to = bar.to_label === null ? "" : `; most often to ${bar.to_label} (${bar.to_count})`;
  return `${what}, ${placeName(bar)}: ${share} switched${interval}${to}`;
}
