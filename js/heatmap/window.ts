// Which rows of a long heatmap exist as elements, and which part of a large one is drawn: all of it where it is small, else what is in
// sight and some around it.

export interface Span {
  start: number;
  end: number;
}

/** So many rows stand in the page at most. */
export const ROWS_AT_ONCE = 120;

/** The rows (or columns) to have, given those there are (`now`): it changes only when some come into sight that are missing. */
export function rowsFor(now: Span | null, first: number, last: number, total: number, atOnce = ROWS_AT_ONCE): Span {
  if (total <= atOnce) return { start: 0, end: total };
  const from = Math.max(0, Math.min(first, total));
  const to = Math.min(total, Math.max(last, from));
  if (now && now.end <= total && now.end - now.start === atOnce && now.start <= from && to <= now.end) return now;
  const start = Math.max(0, Math.min(Math.round((from + to - atOnce) / 2), total - atOnce));
  return { start, end: start + atOnce };
}

/** As much again as is in sight is drawn around it: scrolling comes to its end seldom. */
const DRAWN = 2;

/** The rows (or columns) to draw, of `size` pixels each, where `room` pixels from `scrolled` on are in sight. */
export function drawnFor(now: Span | null, scrolled: number, room: number, size: number, total: number): Span {
  const seen = Math.ceil(room / size) + 1;
  const first = Math.floor(scrolled / size);
  return rowsFor(now, first, first + seen, total, DRAWN * seen);
}
