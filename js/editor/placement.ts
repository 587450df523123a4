// The arithmetic of a thing on a picture: where its corners are, what lies under the pointer, and how a hand or a key changes
// it. Pure; x, y and height are relative to the image (as in Python's Placement), everything else in image pixels.
import type { Point, Size } from "../shared/viewport";

export interface Placement {
  sprite: string;
  x: number;
  y: number;
  height: number;
  rotation: number;
  flip: boolean;
  opacity: number;
  /** Kept and not shown. */
  hidden?: boolean;
}

export type Part = "body" | "corner" | "turn" | "remove";

export const SMALLEST = 0.03;
export const LARGEST = 2;
export const USUAL_HEIGHT = 0.2;

export function place(sprite: string, at: Point, image: Size, height = USUAL_HEIGHT): Placement {
  return clampCentre({ sprite, x: at.x / image.width, y: at.y / image.height, height, rotation: 0, flip: false, opacity: 1 });
}

/** The centre stays on the picture, so that nothing gets lost. */
export function clampCentre(placement: Placement): Placement {
  return { ...placement, x: Math.min(1, Math.max(0, placement.x)), y: Math.min(1, Math.max(0, placement.y)) };
}

export function centre(placement: Placement, image: Size): Point {
  return { x: placement.x * image.width, y: placement.y * image.height };
}

/** Width and height as drawn; `aspect` is the sprite's width over its height. */
export function extent(placement: Placement, aspect: number, image: Size): Size {
  const height = placement.height * image.height;
  return { width: height * aspect, height };
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** A point of the image in the thing's own upright frame, relative to its centre. */
export function toLocal(placement: Placement, image: Size, at: Point): Point {
  const middle = centre(placement, image);
  const angle = radians(-placement.rotation);
  const dx = at.x - middle.x;
  const dy = at.y - middle.y;
  return { x: dx * Math.cos(angle) - dy * Math.sin(angle), y: dx * Math.sin(angle) + dy * Math.cos(angle) };
}

/** The inverse of `toLocal`. */
export function fromLocal(placement: Placement, image: Size, local: Point): Point {
  const middle = centre(placement, image);
  const angle = radians(placement.rotation);
  return {
    x: middle.x + local.x * Math.cos(angle) - local.y * Math.sin(angle),
    y: middle.y + local.x * Math.sin(angle) + local.y * Math.cos(angle),
  };
}

export interface Handles {
  corners: Point[];
  turn: Point;
  remove: Point;
}

/** Where the handles of a selected thing are, in image pixels; `reach` is their distance from its outline. */
export function handles(placement: Placement, aspect: number, image: Size, reach: number): Handles {
  const { width, height } = extent(placement, aspect, image);
  const at = (x: number, y: number): Point => fromLocal(placement, image, { x, y });
  const right = width / 2;
  const bottom = height / 2;
  return {
    corners: [at(-right, -bottom), at(right, -bottom), at(right, bottom), at(-right, bottom)],
    turn: at(0, -bottom - reach * 1.6),
    remove: at(right + reach, -bottom - reach),
  };
}

/** What of a selected thing lies under a point; `reach` is how near is near enough, in image pixels. */
export function partAt(placement: Placement, aspect: number, image: Size, at: Point, reach: number): Part | null {
  const found = handles(placement, aspect, image, reach);
  const near = (point: Point): boolean => Math.hypot(point.x - at.x, point.y - at.y) <= reach;
  if (near(found.remove)) return "remove";
  if (near(found.turn)) return "turn";
  // A small thing must still have a body to take hold of: there the inside wins over the corners.
  const { width, height } = extent(placement, aspect, image);
  const roomy = Math.min(width, height) > 3 * reach;
  const inside = covers(placement, aspect, image, at, 0);
  if (found.corners.some(near) && (roomy || !inside)) return "corner";
  return covers(placement, aspect, image, at, reach / 3) ? "body" : null;
}

export function covers(placement: Placement, aspect: number, image: Size, at: Point, slack: number): boolean {
  const local = toLocal(placement, image, at);
  const { width, height } = extent(placement, aspect, image);
  return Math.abs(local.x) <= width / 2 + slack && Math.abs(local.y) <= height / 2 + slack;
}

/** The topmost thing under a point, or -1. */
export function hit(placements: Placement[], aspects: Map<string, number>, image: Size, at: Point, slack: number): number {
  for (let i = placements.length - 1; i >= 0; i--) {
    if (placements[i].hidden !== true && covers(placements[i], aspects.get(placements[i].sprite) ?? 1, image, at, slack)) return i;
  }
  return -1;
}

export function resize(placement: Placement, factor: number): Placement {
  return { ...placement, height: Math.min(LARGEST, Math.max(SMALLEST, placement.height * factor)) };
}

/** Dragging a corner from `start` to `at`: the thing grows about its centre. */
export function dragCorner(placement: Placement, image: Size, start: Point, at: Point): Placement {
  const middle = centre(placement, image);
  const from = Math.hypot(start.x - middle.x, start.y - middle.y);
  return resize(placement, Math.hypot(at.x - middle.x, at.y - middle.y) / Math.max(1e-6, from));
}

export function turn(placement: Placement, degrees: number): Placement {
  const rotation = (((placement.rotation + degrees + 180) % 360) + 360) % 360 - 180;
  return { ...placement, rotation: Math.abs(rotation) < 1e-9 ? 0 : rotation };
}

/** Dragging the turning handle to `at`; upright and the quarters hold on a little. */
export function dragTurn(placement: Placement, image: Size, at: Point): Placement {
  const middle = centre(placement, image);
  const angle = (Math.atan2(at.x - middle.x, middle.y - at.y) * 180) / Math.PI;
  const quarter = Math.round(angle / 90) * 90;
  return turn({ ...placement, rotation: 0 }, Math.abs(angle - quarter) < 4 ? quarter : angle);
}

const STEP = 0.01;
const BIG_STEP = 0.05;

/** What a key does to a selected thing; null where it does nothing. */
export function keyed(placement: Placement, key: string, big: boolean, image: Size): Placement | null {
  const step = big ? BIG_STEP : STEP;
  const along = (step * image.height) / image.width; // equal steps in pixels both ways
  if (key === "ArrowLeft") return clampCentre({ ...placement, x: placement.x - along });
  if (key === "ArrowRight") return clampCentre({ ...placement, x: placement.x + along });
  if (key === "ArrowUp") return clampCentre({ ...placement, y: placement.y - step });
  if (key === "ArrowDown") return clampCentre({ ...placement, y: placement.y + step });
  if (key === "+" || key === "=") return resize(placement, 1.1);
  if (key === "-" || key === "_") return resize(placement, 1 / 1.1);
  if (key === "r") return turn(placement, 15);
  if (key === "R") return turn(placement, -15);
  if (key === "f") return { ...placement, flip: !placement.flip };
  return null;
}

export const same = (a: Placement[], b: Placement[]): boolean => JSON.stringify(a) === JSON.stringify(b);
