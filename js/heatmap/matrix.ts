// The association matrix as it was answered, and what its numbers say in words and colours.
import { diverging, divergingDark, heat, type Rgb } from "../shared/colour";
import { percent } from "../shared/dom";
import { measured } from "./measures";
import type { Cell, Marks, Measure, RawMatrix } from "./protocol";

export type { Cell, Measure, RawMatrix } from "./protocol";

/** Cells with fewer images than this never set the scale of lift. */
const FEW = 5;

export class Matrix {
  readonly classes: string[];
  readonly labels: string[];
  readonly strongest: RawMatrix["strongest"];
  readonly other: string | null;
  /** What is written: the measure, or how much greater it is than in what it is compared with. */
  readonly values: Float64Array;
  private readonly mine: Float64Array;
  private readonly theirs: Float64Array | null;
  private readonly lifts: Float64Array;
  private readonly top: number;

  constructor(
    readonly raw: RawMatrix,
    readonly measure: Measure,
  ) {
    this.classes = raw.classes;
    this.labels = raw.labels;
    this.strongest = raw.strongest;
    this.other = raw.other?.name ?? null;
    this.lifts = measured(raw, "lift");
    this.mine = measure === "lift" ? this.lifts : measured(raw, measure);
    this.theirs = raw.other && (measure === "lift" && raw.other.lift ? Float64Array.from(raw.other.lift) : measured(raw.other, measure));
    this.values = this.theirs ? this.mine.map((value, i) => value - this.theirs![i]) : this.mine;
    this.top = this.greatest();
  }

  get counts(): Int32Array {
    return this.raw.counts;
  }

  /** Images per column. */
  get images(): Int32Array {
    return this.raw.images;
  }

  get isDifference(): boolean {
    return this.theirs !== null;
  }

  private greatest(): number {
    const { measure, values } = this;
    let greatest = 0;
    values.forEach((value, i) => {
      if (measure === "lift" && this.counts[i] < FEW) return;
      if (Math.abs(value) > greatest) greatest = Math.abs(value); // false for NaN
    });
    const least = this.isDifference ? { fraction: 0.05, count: 1, lift: 1, presence: 0.05 } : { fraction: 0.1, count: 1, lift: 4, presence: 0.1 };
    return Math.max(greatest, least[measure]);
  }

  index([objectClass, label]: Cell): number {
    const row = this.classes.indexOf(objectClass);
    const column = this.labels.indexOf(label);
    return row < 0 || column < 0 ? -1 : row * this.labels.length + column;
  }

  cell(index: number): Cell {
    const n = this.labels.length;
    return [this.classes[Math.floor(index / n)], this.labels[index % n]];
  }

  /** Whether there is nothing to show in a cell: the label has no image, or the measure nothing to divide by. */
  isEmpty(index: number): boolean {
    return !this.images[index % this.labels.length] || Number.isNaN(this.values[index]);
  }

  colour(index: number, dark: boolean): Rgb {
    return this.colourOf(this.isEmpty(index) ? null : this.values[index], dark);
  }

  private colourOf(value: number | null, dark: boolean): Rgb {
    if (this.isDifference) return signed(value === null ? 0 : value / this.top, dark);
    if (this.measure !== "lift") return heat(value === null ? 0 : value / this.top, dark);
    // A ratio: twice and half are equally far from "as often as elsewhere". Never is not shown as the strongest colour there is:
    // with few images it says little.
    const log = value === null ? 0 : value > 0 ? Math.log(Math.min(value, this.top)) / Math.log(this.top) : -0.4;
    return signed(Math.max(-1, log), dark);
  }

  /** The colour at a place 0..1 of the scale, and what its two ends mean. */
  legendColour(t: number, dark: boolean): Rgb {
    return this.isDifference || this.measure === "lift" ? signed(2 * t - 1, dark) : heat(t, dark);
  }

  get legendEnds(): [string, string] {
    const { top, measure } = this;
    if (this.isDifference) return [this.write(-top), this.write(top)];
    if (measure === "lift") return [`1/${shortLift(top)}`, shortLift(top)];
    return ["0", measure === "count" ? String(top) : percent(top)];
  }

  private write(value: number): string {
    const sign = value > 0 ? "+" : "−";
    const size = Math.abs(value);
    if (this.measure === "lift") return `${sign}${shortLift(size)}`;
    return this.measure === "count" ? `${sign}${size}` : `${sign}${(100 * size).toFixed(0)}`;
  }

  /** The number in a cell, empty where it would read as nothing. */
  text(index: number): string {
    if (this.isEmpty(index)) return "";
    const value = this.values[index];
    if (this.isDifference) {
      const text = this.write(value);
      return /[1-9]/.test(text) ? text : "";
    }
    if (this.measure === "count") return value ? String(value) : "";
    if (this.measure === "lift") return value ? shortLift(value) : "0";
    const share = Math.round(100 * value);
    return share ? String(share) : "";
  }

  /** "36 of 108 images labelled Excitement (33 %), significantly more (q < 0.001), lift 8.1". */
  sentence(index: number, marks: Marks | null = null): string {
    const n = this.labels.length;
    const label = this.labels[index % n];
    const images = this.images[index % n];
    const { counts, present } = this.raw;
    if (!images) return `no image labelled ${label}`;
    const parts = [`${counts[index]} of ${images} images labelled ${label} (${percent(counts[index] / images)})`];
    if (marks && !this.isDifference) parts.push(...significance(marks, index));
    if (this.isDifference) parts.push(this.against(index, label));
    else if (this.measure === "presence" && present[index]) parts.push(`${percent(counts[index] / present[index])} of the ${present[index]} that show it`);
    else if (counts[index]) parts.push(`lift ${this.lifts[index].toFixed(1)}`);
    return parts.join(", ");
  }

  private against(index: number, label: string): string {
    const { images, counts } = this.raw.other!;
    const all = images[index % this.labels.length];
    if (!all) return `${this.other} has no image labelled ${label}`;
    const difference = this.values[index];
    const amount = Number.isNaN(difference) ? "" : `: ${this.write(difference)}${UNITS[this.measure]}`;
    return `${counts[index]} of ${all} (${percent(counts[index] / all)}) by ${this.other}${amount}`;
  }
}

const UNITS: Record<Measure, string> = { fraction: " points", count: " images", lift: " in lift", presence: " points of the images that show it" };

function significance(marks: Marks, index: number): string[] {
  const rate = marks.rates[index];
  if (Number.isNaN(rate)) return [];
  const q = rate < 0.001 ? "q < 0.001" : `q = ${rate.toFixed(3)}`;
  if (!marks.sign[index]) return [`not significant (${q})`];
  return [`significantly ${marks.sign[index] > 0 ? "more" : "less"} (${q})`];
}

/** More is blue and less is orange, as in the figures. */
const signed = (d: number, dark: boolean): Rgb => (dark ? divergingDark(-d) : diverging(-d));

const shortLift = (value: number): string => (value >= 9.95 ? value.toFixed(0) : value.toFixed(1));
