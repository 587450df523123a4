// Two fingers on a thing: it follows their middle, grows with their distance and turns with the line between them. Pure.
import type { Point, Size } from "../shared/viewport";
import { clampCentre, type Placement, resize, turn } from "./placement";

export interface Fingers {
  one: Point;
  other: Point;
}

const middle = ({ one, other }: Fingers): Point => ({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });
const distance = ({ one, other }: Fingers): number => Math.hypot(one.x - other.x, one.y - other.y);
const angle = ({ one, other }: Fingers): number => (Math.atan2(other.y - one.y, other.x - one.x) * 180) / Math.PI;

/** The thing as two fingers have it now that took hold of it at `start`; all in image pixels. */
export function pinched(placement: Placement, image: Size, start: Fingers, now: Fingers): Placement {
  const from = middle(start);
  const to = middle(now);
  const moved = clampCentre({ ...placement, x: placement.x + (to.x - from.x) / image.width, y: placement.y + (to.y - from.y) / image.height });
  return turn(resize(moved, distance(now) / Math.max(1e-6, distance(start))), angle(now) - angle(start));
}
