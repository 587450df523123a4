// Which images are selected together after a click or a key: pure functions over places in the shown order.

/** All of `selected` with `place` in it, or without it where it was. */
export function toggled(selected: ReadonlySet<number>, place: number): Set<number> {
  const next = new Set(selected);
  if (!next.delete(place)) next.add(place);
  return next;
}

/** The stretch from `anchor` to `place`, both included. */
export function stretch(anchor: number, place: number): Set<number> {
  const first = Math.min(anchor, place);
  return new Set(Array.from({ length: Math.abs(place - anchor) + 1 }, (_, i) => first + i));
}
