// A class activation map over a picture: upsampled as values (bilinear, half-pixel centres, clamped edges, as the
// importance of a box is computed) and coloured only then, so that no colour appears that the scale does not have.

import type { Viewport } from "./viewport";

export interface Rectangle {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** `grid` is row-major, height x width, scaled 0..1; `view` is the part of the image that the classifier saw, in pixels. */
export interface CamOverlay {
  grid: Float32Array;
  height: number;
  width: number;
  view: Rectangle;
}

export type ColourScale = (value: number) => readonly [number, number, number];

const SMOOTH_SIDE = 128;

/** The grid at `height` x `width`, bilinear with half-pixel centres and clamped edges. */
export function upsample(cam: CamOverlay, height: number, width: number): Float32Array {
  const columns = axisWeights(cam.width, width);
  const rows = axisWeights(cam.height, height);
  const out = new Float32Array(height * width);
  const value = (row: number, column: number): number => cam.grid[row * cam.width + column] ?? 0;
  for (let y = 0; y < height; y++) {
    const top = rows.low[y] ?? 0;
    const bottom = rows.high[y] ?? 0;
    const down = rows.part[y] ?? 0;
    for (let x = 0; x < width; x++) {
      const left = columns.low[x] ?? 0;
      const right = columns.high[x] ?? 0;
      const along = columns.part[x] ?? 0;
      const above = value(top, left) * (1 - along) + value(top, right) * along;
      const below = value(bottom, left) * (1 - along) + value(bottom, right) * along;
      out[y * width + x] = above * (1 - down) + below * down;
    }
  }
  return out;
}

function axisWeights(cells: number, size: number): { low: Uint16Array; high: Uint16Array; part: Float32Array } {
  const low = new Uint16Array(size);
  const high = new Uint16Array(size);
  const part = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const at = Math.min(Math.max(((i + 0.5) * cells) / size - 0.5, 0), cells - 1);
    low[i] = Math.floor(at);
    high[i] = Math.min(Math.floor(at) + 1, cells - 1);
    part[i] = at - Math.floor(at);
  }
  return { low, high, part };
}

/** RGBA pixels: the scale's colour, the more opaque the greater the value, so that what does not count stays visible. */
export function colourise(values: Float32Array, scale: ColourScale, target: Uint8ClampedArray): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    const [red, green, blue] = scale(value);
    target[i * 4] = red;
    target[i * 4 + 1] = green;
    target[i * 4 + 2] = blue;
    target[i * 4 + 3] = 255 * Math.min(1, 0.18 + 1.1 * value);
  }
}

const painted = new WeakMap<CamOverlay, HTMLCanvasElement>();

/** As `camBitmap`, smooth, kept for as long as the map itself: a slider repaints many thumbnails many times. */
export function keptCamBitmap(cam: CamOverlay, scale: ColourScale): HTMLCanvasElement {
  let bitmap = painted.get(cam);
  if (bitmap === undefined) {
    bitmap = camBitmap(cam, scale);
    painted.set(cam, bitmap);
  }
  return bitmap;
}

/** The coloured map as a small canvas; `smooth` false keeps the map's own cells. */
export function camBitmap(cam: CamOverlay, scale: ColourScale, smooth = true): HTMLCanvasElement {
  const longest = Math.max(cam.view.x1 - cam.view.x0, cam.view.y1 - cam.view.y0, 1);
  const width = smooth ? Math.max(1, Math.round((SMOOTH_SIDE * (cam.view.x1 - cam.view.x0)) / longest)) : cam.width;
  const height = smooth ? Math.max(1, Math.round((SMOOTH_SIDE * (cam.view.y1 - cam.view.y0)) / longest)) : cam.height;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("This browser gives no 2d canvas.");
  const pixels = context.createImageData(width, height);
  colourise(smooth ? upsample(cam, height, width) : cam.grid, scale, pixels.data);
  context.putImageData(pixels, 0, 0);
  return canvas;
}

export function paintCam(
  context: CanvasRenderingContext2D,
  bitmap: HTMLCanvasElement,
  area: Rectangle,
  viewport: Viewport,
  opacity: number,
  smooth = true,
): void {
  context.save();
  context.globalAlpha = opacity;
  context.imageSmoothingEnabled = smooth;
  context.imageSmoothingQuality = "high";
  context.drawImage(
    bitmap,
    area.x0 * viewport.scale + viewport.x,
    area.y0 * viewport.scale + viewport.y,
    (area.x1 - area.x0) * viewport.scale,
    (area.y1 - area.y0) * viewport.scale,
  );
  context.restore();
}
