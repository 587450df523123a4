// The part of a picture that is in sight, said so that a picture of another size can show the same part. Pure arithmetic.
import { clampPan, fit, type Point, type Size, toImage, type Viewport } from "./viewport";

export interface RelativeView {
  /** Over the fitted size, at least 1. */
  zoom: number;
  /** The point in the middle of the area, as a fraction of the picture's width and height. */
  centre: Point;
}

export function relativeView(view: Viewport, image: Size, area: Size, margin = 0): RelativeView {
  const middle = toImage(view, { x: area.width / 2, y: area.height / 2 });
  return {
    zoom: Math.max(1, view.scale / fit(image, area, margin).scale),
    centre: { x: middle.x / Math.max(1, image.width), y: middle.y / Math.max(1, image.height) },
  };
}

export function absoluteView(relative: RelativeView, image: Size, area: Size, margin = 0): Viewport {
  const scale = fit(image, area, margin).scale * relative.zoom;
  const x = area.width / 2 - relative.centre.x * image.width * scale;
  const y = area.height / 2 - relative.centre.y * image.height * scale;
  return clampPan({ scale, x, y }, image, area);
}
