// The arithmetic between image pixels and screen pixels: fitting, zooming at a point and panning within limits.
// Pure functions; the canvas component holds the state.

export interface Point {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

/** screen = image * scale + (x, y), in CSS pixels of the canvas. */
export interface Viewport {
  scale: number;
  x: number;
  y: number;
}

export const MAX_FIT_SCALE = 4;
export const MAX_ZOOM = 16;

/** The whole image, centred, as large as the area allows (small images grow at most MAX_FIT_SCALE times). */
export function fit(image: Size, area: Size, margin = 0): Viewport {
  if (image.width <= 0 || image.height <= 0) return { scale: 1, x: 0, y: 0 };
  const width = Math.max(1, area.width - 2 * margin);
  const height = Math.max(1, area.height - 2 * margin);
  const scale = Math.min(width / image.width, height / image.height, MAX_FIT_SCALE);
  return { scale, x: (area.width - image.width * scale) / 2, y: (area.height - image.height * scale) / 2 };
}

export function toImage(view: Viewport, at: Point): Point {
  return { x: (at.x - view.x) / view.scale, y: (at.y - view.y) / view.scale };
}

export function toScreen(view: Viewport, at: Point): Point {
  return { x: at.x * view.scale + view.x, y: at.y * view.scale + view.y };
}

/** Zooms by `factor` so that the image point under `at` stays under it; never below the fitted size. */
export function zoomAt(view: Viewport, factor: number, at: Point, image: Size, area: Size, margin = 0): Viewport {
  const least = fit(image, area, margin).scale;
  const scale = Math.min(Math.max(view.scale * factor, least), Math.max(MAX_ZOOM, least));
  const under = toImage(view, at);
  return clampPan({ scale, x: at.x - under.x * scale, y: at.y - under.y * scale }, image, area);
}

/** Keeps the image over the area: centred along an axis where it is smaller, without a gap where it is larger. */
export function clampPan(view: Viewport, image: Size, area: Size): Viewport {
  return {
    scale: view.scale,
    x: clampAxis(view.x, image.width * view.scale, area.width),
    y: clampAxis(view.y, image.height * view.scale, area.height),
  };
}

function clampAxis(offset: number, drawn: number, available: number): number {
  if (drawn <= available) return (available - drawn) / 2;
  return Math.min(0, Math.max(available - drawn, offset));
}

/** After the area changed from `before` to `after`: the same image point stays in the centre. */
export function recentre(view: Viewport, image: Size, before: Size, after: Size): Viewport {
  const centre = toImage(view, { x: before.width / 2, y: before.height / 2 });
  const moved = {
    scale: Math.max(view.scale, fit(image, after).scale),
    x: after.width / 2 - centre.x * view.scale,
    y: after.height / 2 - centre.y * view.scale,
  };
  return clampPan(moved, image, after);
}
