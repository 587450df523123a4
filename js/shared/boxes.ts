// Boxes over a picture: painted so that they read on any background, found again under the pointer, and put in words.

import type { Rectangle } from "./cam";
import type { Point, Size, Viewport } from "./viewport";

/** A detection in image pixels. `strong`: it is what made the image count; the others are drawn faintly. */
export interface Box extends Rectangle {
  objectClass: string;
  confidence: number;
  importance: number | null;
  strong: boolean;
  colour: string;
}

/** The smallest box under the point: parts lie inside wholes, and the part is what is meant. Strong boxes win. */
export function boxAt(boxes: readonly Box[], at: Point, slack = 0): Box | null {
  let found: Box | null = null;
  for (const box of boxes) {
    const inside =
      at.x >= box.x0 - slack && at.x <= box.x1 + slack && at.y >= box.y0 - slack && at.y <= box.y1 + slack;
    if (inside && (found === null || prefer(box, found))) found = box;
  }
  return found;
}

function prefer(box: Box, other: Box): boolean {
  if (box.strong !== other.strong) return box.strong;
  return areaOf(box) < areaOf(other);
}

function areaOf(box: Rectangle): number {
  return Math.max(0, box.x1 - box.x0) * Math.max(0, box.y1 - box.y0);
}

/** "Person: confidence 0.97, importance 0.42, 12 % of the image". */
export function describeBox(box: Box, image: Size): string {
  const share = (100 * areaOf(box)) / Math.max(1, image.width * image.height);
  const size = share < 1 ? "under 1 %" : `${share.toFixed(0)} %`;
  const importance = box.importance === null ? "" : `, importance ${box.importance.toFixed(2)}`;
  return `${box.objectClass}: confidence ${box.confidence.toFixed(2)}${importance}, ${size} of the image`;
}

interface Stroke {
  colour: string;
  width: number;
}

function strokes(box: Box, weight: number, hovered: boolean): Stroke[] {
  const grow = hovered ? 1 : 0;
  if (!box.strong && !hovered) {
    return [
      { colour: "rgba(0, 0, 0, 0.35)", width: weight + 1 },
      { colour: box.colour, width: Math.max(1, weight * 0.5) },
    ];
  }
  return [
    { colour: "rgba(0, 0, 0, 0.65)", width: weight * 2 + 3 + grow },
    { colour: "rgba(255, 255, 255, 0.95)", width: weight * 2 + 1 + grow },
    { colour: box.colour, width: weight * 1.5 + grow },
  ];
}

/** `weight` is the line width in CSS pixels (thumbnails use 1, the large view 2). */
export function paintBoxes(
  context: CanvasRenderingContext2D,
  boxes: readonly Box[],
  viewport: Viewport,
  weight: number,
  hovered: Box | null = null,
): void {
  const ordered = [...boxes].sort((a, b) => Number(a === hovered) - Number(b === hovered) || Number(a.strong) - Number(b.strong));
  context.save();
  context.lineJoin = "round";
  for (const box of ordered) {
    for (const stroke of strokes(box, weight, box === hovered)) {
      context.strokeStyle = stroke.colour;
      context.lineWidth = stroke.width;
      context.strokeRect(
        box.x0 * viewport.scale + viewport.x,
        box.y0 * viewport.scale + viewport.y,
        (box.x1 - box.x0) * viewport.scale,
        (box.y1 - box.y0) * viewport.scale,
      );
    }
  }
  context.restore();
}

const TAG_HEIGHT = 18;

/** Class names on the strong boxes, largest box first; a name that would cover another one is left to the pointer. */
export function paintTags(
  context: CanvasRenderingContext2D,
  boxes: readonly Box[],
  viewport: Viewport,
  area: Size,
  font: string,
): void {
  const placed: Rectangle[] = [];
  const strong = boxes.filter((box) => box.strong).sort((a, b) => areaOf(b) - areaOf(a));
  context.save();
  context.font = `600 12px ${font}`;
  context.textBaseline = "middle";
  for (const box of strong) {
    const width = context.measureText(box.objectClass).width + 12;
    const left = Math.min(Math.max(0, box.x0 * viewport.scale + viewport.x - 1), Math.max(0, area.width - width));
    const above = box.y0 * viewport.scale + viewport.y - TAG_HEIGHT - 1;
    const top = Math.max(0, above < 0 ? box.y0 * viewport.scale + viewport.y + 2 : above);
    const tag = { x0: left, y0: top, x1: left + width, y1: top + TAG_HEIGHT };
    if (placed.some((other) => overlap(tag, other))) continue;
    placed.push(tag);
    context.fillStyle = "rgba(255, 255, 255, 0.95)";
    context.fillRect(left - 1, top - 1, width + 2, TAG_HEIGHT + 2);
    context.fillStyle = "#1c1c1c";
    context.fillRect(left, top, width, TAG_HEIGHT);
    context.fillStyle = box.colour;
    context.fillRect(left, top, 4, TAG_HEIGHT);
    context.fillStyle = "#ffffff";
    context.fillText(box.objectClass, left + 8, top + TAG_HEIGHT / 2 + 1);
  }
  context.restore();
}

function overlap(a: Rectangle, b: Rectangle): boolean {
  return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
}
