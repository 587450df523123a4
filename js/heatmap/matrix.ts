// The association matrix as Python sends it, and what its numbers say in words and colours.
import { diverging, divergingDark, heat, type Rgb } from "../shared/colour";
import { percent } from "../shared/dom";
import { floats, integers } from "../shared/rpc";

export type Measure = "fraction" | "count" | "lift";
export type Cell = [objectClass: string, label: string];

export interface RawMatrix {
  classes: string[];
  labels: string[];
  images: DataView;
  counts: DataView;
  fractions: DataView;
  lift: DataView;
  strongest: { cell: Cell; sentence: string } | null;
}

export class Matrix {
  readonly classes: string[];
  readonly labels: string[];
  readonly images: Int32Array;
  readonly counts: Int32Array;
  readonly fractions: Float32Array;
  readonly lift: Float32Array;
  readonly strongest: RawMatrix["strongest"];
  private readonly top: Record<Measure, number>;

  /** Where the classes are the same as `before`, they keep that order: rows must not jump under a moving slider. */
  constructor(raw: RawMatrix, before: string[] = []) {
    const same = before.length === raw.classes.length && before.every((name) => raw.classes.includes(name));
    this.classes = same ? before : raw.classes;
    this.labels = raw.labels;
    this.images = integers(raw.images);
    const rows = this.classes.map((name) => raw.classes.indexOf(name));
    const ordered = <T extends Int32Array | Float32Array>(values: T): T => {
      const n = this.labels.length;
      return values.map((_, i) => values[rows[Math.floor(i / n)] * n + (i % n)]) as T;
    };
    this.counts = ordered(integers(raw.counts));
    this.fractions = ordered(floats(raw.fractions));
    this.lift = ordered(floats(raw.lift));
    this.strongest = raw.strongest;
    this.top = {
      fraction: Math.max(0.1, ...this.fractions),
      count: Math.max(1, ...this.counts),
      lift: Math.max(4, ...this.lift.filter((_, i) => this.counts[i] >= 5)),
    };
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

  colour(index: number, measure: Measure, dark: boolean): Rgb {
    if (measure === "lift") {
      // A ratio: twice and half are equally far from "as often as elsewhere".
      const value = this.lift[index];
      // Never is not shown as the strongest colour there is: with few images it says little.
      const log = value > 0 ? Math.log(Math.min(value, this.top.lift)) / Math.log(this.top.lift) : -0.4;
      const d = this.images[index % this.labels.length] ? Math.max(-1, log) : 0;
      return dark ? divergingDark(d) : diverging(d);
    }
    const value = measure === "fraction" ? this.fractions[index] : this.counts[index];
    return heat(value / this.top[measure], dark);
  }

  /** The colour at a place 0..1 of the scale, and what its two ends mean. */
  legendColour(t: number, measure: Measure, dark: boolean): Rgb {
    if (measure !== "lift") return heat(t, dark);
    return dark ? divergingDark(2 * t - 1) : diverging(2 * t - 1);
  }

  legendEnds(measure: Measure): [string, string] {
    const top = this.top[measure];
    if (measure === "fraction") return ["0", percent(top)];
    return measure === "count" ? ["0", String(top)] : [`1/${shortLift(top)}`, shortLift(top)];
  }

  /** The number in a cell, empty where it would read as nothing. */
  text(index: number, measure: Measure): string {
    if (!this.counts[index]) return measure === "lift" && this.images[index % this.labels.length] ? "0" : "";
    if (measure === "count") return String(this.counts[index]);
    if (measure === "fraction") {
      const value = Math.round(100 * this.fractions[index]);
      return value ? String(value) : "";
    }
    return shortLift(this.lift[index]);
  }

  /** "36 of 108 images labelled Excitement (33 %), lift 8.1". */
  sentence(index: number): string {
    const label = this.labels[index % this.labels.length];
    const images = this.images[index % this.labels.length];
    if (!images) return `no image labelled ${label}`;
    const lift = this.counts[index] ? `, lift ${this.lift[index].toFixed(1)}` : "";
    return `${this.counts[index]} of ${images} images labelled ${label} (${percent(this.fractions[index])})${lift}`;
  }
}

const shortLift = (value: number): string => (value >= 9.95 ? value.toFixed(0) : value.toFixed(1));
