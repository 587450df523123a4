// What the stage paints over the picture beside the things themselves: handles, detected boxes, what a crop leaves.
import { paintBoxes } from "../shared/boxes";
import type { Rectangle } from "../shared/cam";
import type { Point, Viewport } from "../shared/viewport";
import { extent, fromLocal, handles, type Placement } from "./placement";
import type { NamedBox } from "./snap";

const screen = (viewport: Viewport, at: Point): Point => ({ x: at.x * viewport.scale + viewport.x, y: at.y * viewport.scale + viewport.y });

/** `reach` in image pixels, as for `handles`; `large`: for fingers. */
export function paintHandles(context: CanvasRenderingContext2D, viewport: Viewport, current: Placement, aspect: number, size: { width: number; height: number }, reach: number, large: boolean): void {
  const found = handles(current, aspect, size, reach);
  const { height } = extent(current, aspect, size);
  const top = screen(viewport, fromLocal(current, size, { x: 0, y: -height / 2 }));
  const knob = screen(viewport, found.turn);
  const grow = large ? 1.8 : 1;
  context.save();
  for (const [colour, width] of [["rgba(0, 0, 0, 0.6)", 4], ["#ffffff", 2]] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    found.corners.map((corner) => screen(viewport, corner)).forEach((at, i) => (i === 0 ? context.moveTo(at.x, at.y) : context.lineTo(at.x, at.y)));
    context.closePath();
    context.moveTo(top.x, top.y);
    context.lineTo(knob.x, knob.y);
    context.stroke();
  }
  for (const corner of found.corners) disc(context, screen(viewport, corner), 5 * grow, "#ffffff");
  disc(context, knob, 6 * grow, "#ffffff");
  paintRemove(context, screen(viewport, found.remove), grow);
  context.restore();
}

function paintRemove(context: CanvasRenderingContext2D, at: Point, grow: number): void {
  disc(context, at, 11 * grow, "#b3261e");
  context.strokeStyle = "#ffffff";
  context.lineWidth = 2;
  context.beginPath();
  for (const side of [-1, 1]) {
    context.moveTo(at.x - 4 * grow, at.y - 4 * grow * side);
    context.lineTo(at.x + 4 * grow, at.y + 4 * grow * side);
  }
  context.stroke();
}

function disc(context: CanvasRenderingContext2D, at: Point, radius: number, colour: string): void {
  context.beginPath();
  context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = colour === "#ffffff" ? "rgba(0, 0, 0, 0.7)" : "#ffffff";
  context.stroke();
}

/** All boxes faintly, and the one that the thing holds on to (or -1) with its name. */
export function paintSnaps(context: CanvasRenderingContext2D, viewport: Viewport, boxes: readonly NamedBox[], snapped: number, font: string): void {
  const plain = { confidence: 1, importance: null, colour: "#ffffff" };
  context.save();
  context.globalAlpha = 0.9;
  paintBoxes(context, boxes.filter((_, i) => i !== snapped).map((box) => ({ ...box, ...plain, strong: false })), viewport, 1.5);
  context.globalAlpha = 1;
  const held = boxes[snapped];
  if (held !== undefined) {
    paintBoxes(context, [{ ...held, ...plain, strong: true }], viewport, 1.5);
    paintWords(context, held.name, screen(viewport, { x: held.x0, y: held.y0 }), font);
  }
  context.restore();
}

/** Words on a dark ground with a light edge, above a point of the canvas. */
export function paintWords(context: CanvasRenderingContext2D, words: string, at: Point, font: string): void {
  context.save();
  context.font = `600 12px ${font}`;
  context.textBaseline = "middle";
  const width = context.measureText(words).width + 12;
  const x = Math.max(2, at.x);
  const y = Math.max(2, at.y - 22);
  context.fillStyle = "rgba(255, 255, 255, 0.95)";
  context.fillRect(x - 1, y - 1, width + 2, 20);
  context.fillStyle = "#1c1c1c";
  context.fillRect(x, y, width, 18);
  context.fillStyle = "#ffffff";
  context.fillText(words, x + 6, y + 9.5);
  context.restore();
}

/** Darkens what a crop cuts away. */
export function paintCrop(context: CanvasRenderingContext2D, viewport: Viewport, size: { width: number; height: number }, kept: Rectangle): void {
  const [from, to] = [screen(viewport, { x: kept.x0, y: kept.y0 }), screen(viewport, { x: kept.x1, y: kept.y1 })];
  context.save();
  context.beginPath();
  context.rect(viewport.x, viewport.y, size.width * viewport.scale, size.height * viewport.scale);
  context.rect(from.x, from.y, to.x - from.x, to.y - from.y);
  context.fillStyle = "rgba(0, 0, 0, 0.72)";
  context.fill("evenodd");
  context.restore();
  outline(context, () => context.rect(from.x, from.y, to.x - from.x, to.y - from.y));
}

/** A path that reads on any picture: dark under light, dashed. */
export function outline(context: CanvasRenderingContext2D, path: () => void): void {
  context.save();
  for (const [colour, dash] of [["rgba(0, 0, 0, 0.8)", []], ["#ffffff", [5, 4]]] as [string, number[]][]) {
    context.strokeStyle = colour;
    context.lineWidth = dash.length > 0 ? 1.5 : 3;
    context.setLineDash(dash);
    context.beginPath();
    path();
    context.stroke();
  }
  context.restore();
}
