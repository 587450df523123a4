// Detected boxes that a thing on the picture holds on to while it is moved: the centre of a box attracts its centre.
import type { Rectangle } from "../shared/cam";
import type { Point, Size } from "../shared/viewport";
import type { Placement } from "./placement";

/** In image pixels, with a name that tells it from the others: "Human face 1". */
export interface NamedBox extends Rectangle {
  name: string;
  objectClass: string;
}

export const SNAP = 9; // CSS pixels

export const middleOf = (box: Rectangle): Point => ({ x: (box.x0 + box.x1) / 2, y: (box.y0 + box.y1) / 2 });

/** The box whose centre is nearest and within `reach` (image pixels), or -1. */
export function nearestBox(boxes: readonly NamedBox[], at: Point, reach: number): number {
  let nearest = -1;
  let least = reach;
  boxes.forEach((box, i) => {
    const middle = middleOf(box);
    const away = Math.hypot(middle.x - at.x, middle.y - at.y);
    if (away <= least) [nearest, least] = [i, away];
  });
  return nearest;
}

/** The thing with its centre on that of the box. */
export function onto(placement: Placement, box: Rectangle, image: Size): Placement {
  const middle = middleOf(box);
  return { ...placement, x: middle.x / image.width, y: middle.y / image.height };
}

/** The same, as large as it has to be to reach every side of the box. `aspect` is the sprite's width over its height. */
export function over(placement: Placement, box: Rectangle, aspect: number, image: Size): Placement {
  const height = Math.max(box.y1 - box.y0, (box.x1 - box.x0) / aspect);
  return { ...onto(placement, box, image), height: height / image.height, rotation: 0 };
}
