// Which rows of a long heatmap exist as elements: all of a short one, else those in sight and some around them.

export interface Span {
  start: number;
  end: number;
}

/** So many rows stand in the page at most. */
export const ROWS_AT_ONCE = 120;

/** The rows to have, given those there are (`now`): it changes only when rows come into sight that are missing. */
export function rowsFor(now: Span | null, first: number, last: number, total: number): Span {
  if (total <= ROWS_AT_ONCE) return { start: 0, end: total };
  const from = Math.max(0, Math.min(first, total));
  const to = Math.min(total, Math.max(last, from));
  if (now && now.end <= total && now.end - now.start === ROWS_AT_ONCE && now.start <= from && to <= now.end) return now;
  const start = Math.max(0, Math.min(Math.round((from + to - ROWS_AT_ONCE) / 2), total - ROWS_AT_ONCE));
  return { start, end: start + ROWS_AT_ONCE };
}
