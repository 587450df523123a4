// What is done to regions of the picture, as data and in words. Pure; positions are relative to the image, as in Python's RegionEdit.
import type { Point } from "../shared/viewport";

export type EditKind = "grey" | "brighten" | "warm" | "blur" | "recolour" | "crop";
export type RegionKind = "all" | "box" | "lasso" | "segments";

/** The fields, and their order, are those that Python writes. */
export interface Edit {
  kind: EditKind;
  strength: number;
  region: RegionKind;
  box: [number, number, number, number] | null;
  points: [number, number][];
  segments: number[];
  colour: string;
}

export type Region = Pick<Edit, "region" | "box" | "points" | "segments">;

interface Words {
  name: string;
  usual: number;
  signed: boolean;
}

export const KINDS: Record<EditKind, Words> = {
  grey: { name: "Grey out", usual: 1, signed: false },
  brighten: { name: "Brighten or darken", usual: 0.5, signed: true },
  warm: { name: "Warmer or cooler", usual: 0.8, signed: true },
  blur: { name: "Blur", usual: 0.5, signed: false },
  recolour: { name: "Recolour", usual: 0.8, signed: false },
  crop: { name: "Crop to", usual: 1, signed: false },
};
export const USUAL_COLOUR = "#2a6fdb";
const LEAST_CROP = 0.02;
const MOST_POINTS = 400;

export const WHOLE: Region = { region: "all", box: null, points: [], segments: [] };

export function makeEdit(kind: EditKind, region: Region, colour = USUAL_COLOUR): Edit {
  return { kind, strength: KINDS[kind].usual, region: region.region, box: region.box, points: region.points, segments: region.segments, colour };
}

/** Adds an edit; an image is cropped once, so that a crop takes the place of the one before. */
export function withEdit(edits: Edit[], edit: Edit): Edit[] {
  return [...(edit.kind === "crop" ? edits.filter((other) => other.kind !== "crop") : edits), edit];
}

/** Another kind for an edit: a strength that was set stays where that kind can have it, else it is the kind's usual one. */
export function asKind(edit: Edit, kind: EditKind): Edit {
  const same = edit.strength !== KINDS[edit.kind].usual && (KINDS[kind].signed || edit.strength > 0);
  return { ...edit, kind, strength: kind === "crop" || !same ? KINDS[kind].usual : edit.strength };
}

/** A box between two corners, in any order, kept on the image; null where it is too small to be meant. */
export function boxBetween(one: Point, other: Point): Region | null {
  const clamp = (value: number): number => Math.min(1, Math.max(0, value));
  const box: [number, number, number, number] = [clamp(Math.min(one.x, other.x)), clamp(Math.min(one.y, other.y)), clamp(Math.max(one.x, other.x)), clamp(Math.max(one.y, other.y))];
  return box[2] - box[0] < LEAST_CROP || box[3] - box[1] < LEAST_CROP ? null : { ...WHOLE, region: "box", box };
}

/** A lasso through these corners; null where there are too few. Long ones are thinned out. */
export function lassoThrough(points: Point[]): Region | null {
  if (points.length < 3) return null;
  const step = Math.max(1, Math.ceil(points.length / MOST_POINTS));
  const corners = points.filter((_, i) => i % step === 0).map(({ x, y }): [number, number] => [round(x), round(y)]);
  const width = Math.max(...corners.map(([x]) => x)) - Math.min(...corners.map(([x]) => x));
  const height = Math.max(...corners.map(([, y]) => y)) - Math.min(...corners.map(([, y]) => y));
  return corners.length < 3 || width * height < 1e-5 ? null : { ...WHOLE, region: "lasso", points: corners };
}

const round = (value: number): number => Math.round(value * 1e4) / 1e4;

export function ofSegments(segments: number[]): Region {
  return { ...WHOLE, region: "segments", segments: [...segments].sort((a, b) => a - b) };
}

/** The id taken in or out. */
export function toggled(segments: number[], id: number): number[] {
  const without = segments.filter((other) => other !== id);
  return without.length === segments.length ? [...segments, id].sort((a, b) => a - b) : without;
}

export function writeStrength(edit: Edit): string {
  const percent = Math.round(100 * edit.strength);
  if (edit.kind === "brighten") return percent < 0 ? `${-percent} % darker` : `${percent} % brighter`;
  if (edit.kind === "warm") return percent < 0 ? `${-percent} % cooler` : `${percent} % warmer`;
  return `${percent} %`;
}

const PLACES: Record<RegionKind, string> = { all: "whole picture", box: "box", lasso: "lasso", segments: "segments" };

/** "Grey out: box, 80 %". */
export function describeEdit(edit: Edit): string {
  const count = edit.region === "segments" ? `${edit.segments.length} ${edit.segments.length === 1 ? "segment" : "segments"}` : PLACES[edit.region];
  const name = edit.kind === "brighten" || edit.kind === "warm" ? writeStrength(edit).replace(/^\d+ % /, "") : KINDS[edit.kind].name;
  return `${name[0].toUpperCase()}${name.slice(1)}: ${count}${edit.kind === "crop" ? "" : `, ${Math.abs(Math.round(100 * edit.strength))} %`}`;
}
