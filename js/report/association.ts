// The association of object classes and labels at one threshold, counted in the browser exactly as Python's
// `analysis/association.py` counts it: an image counts once per class, by the greatest importance of the class's boxes.
import { thresholdCode } from "./data";
import type { Numbers, Settings } from "./numbers";

const MIN_CONTRIBUTORS = 5;
const MIN_LIFT = 2;
const MIN_FRACTION = 0.1;

export interface Strongest {
  cell: [objectClass: string, label: string];
  sentence: string;
}

export class Association {
  readonly labels: string[];
  readonly classes: string[];
  /** Images per label. */
  readonly nImages: Int32Array;
  /** Row-major, classes x labels. */
  readonly counts: Int32Array;
  /** The images of the label in which the class has a box, wherever the map is. */
  readonly present: Int32Array;
  readonly fractions: Float64Array;
  readonly elsewhere: Float64Array;
  readonly lift: Float64Array;

  constructor(
    private readonly numbers: Numbers,
    private readonly settings: Settings,
  ) {
    this.labels = numbers.labelsBy(settings.by);
    this.classes = numbers.header.classes;
    this.nImages = new Int32Array(this.labels.length);
    const cells = this.classes.length * this.labels.length;
    this.counts = new Int32Array(cells);
    this.present = new Int32Array(cells);
    this.fractions = new Float64Array(cells);
    this.elsewhere = new Float64Array(cells);
    this.lift = new Float64Array(cells);
    this.count();
    this.compare();
  }

  /** The positions of the images that a cell counts, in the run's order. */
  contributors(objectClass: string, label: string): Int32Array {
    const [row, column] = [this.classes.indexOf(objectClass), this.labels.indexOf(label)];
    const { pairClass, pairImage } = this.numbers;
    const { method, score, threshold, by } = this.settings;
    const [labelOf, explained] = [this.numbers.labelOf(by), this.numbers.explained(method)];
    const importance = this.numbers.pairImportance(method, score);
    const code = thresholdCode(threshold);
    const found: number[] = [];
    for (let pair = 0; importance !== null && pair < importance.length; pair++) {
      const image = pairImage[pair];
      if (pairClass[pair] === row && labelOf[image] === column && importance[pair] > code && explained[image]) found.push(image);
    }
    return Int32Array.from(found).sort();
  }

  /** The cell of these classes that stands out most, and how, in a sentence. */
  strongest(rows: number[]): Strongest | null {
    const n = this.labels.length;
    let best = -1;
    let most = 0;
    for (const row of [...rows].sort((a, b) => a - b)) {
      for (let i = row * n; i < (row + 1) * n; i++) {
        const difference = this.fractions[i] - this.elsewhere[i];
        const strong = this.counts[i] >= MIN_CONTRIBUTORS && this.lift[i] >= MIN_LIFT && this.fractions[i] >= MIN_FRACTION;
        if (strong && difference > most) [best, most] = [i, difference];
      }
    }
    if (best < 0) return null;
    const cell: [string, string] = [this.classes[Math.floor(best / n)], this.labels[best % n]];
    return { cell, sentence: `${this.sentence(best, cell)} Click it.` };
  }

  private sentence(index: number, [objectClass, label]: [string, string]): string {
    const lift = this.lift[index];
    const times = lift >= 2.95 ? `${lift.toFixed(0)} times` : Math.abs(lift - 2) < 0.05 ? "twice" : `${lift.toFixed(1)} times`;
    const compared = this.elsewhere[index] > 0 ? `${times} as often as elsewhere` : "and in no other";
    return `${objectClass} is highlighted in ${(100 * this.fractions[index]).toFixed(0)} % of the images labelled ${label}, ${compared}.`;
  }

  private count(): void {
    const { numbers, settings } = this;
    const labelOf = numbers.labelOf(settings.by);
    const n = this.labels.length;
    const explained = numbers.explained(settings.method);
    for (let image = 0; image < numbers.length; image++) if (explained[image] && labelOf[image] >= 0) this.nImages[labelOf[image]]++;
    const { pairClass, pairImage } = numbers;
    const code = thresholdCode(settings.threshold);
    const importance = numbers.pairImportance(settings.method, settings.score);
    for (let pair = 0; importance !== null && pair < importance.length; pair++) {
      const label = labelOf[pairImage[pair]];
      if (label < 0 || !explained[pairImage[pair]]) continue;
      const cell = pairClass[pair] * n + label;
      this.present[cell]++;
      if (importance[pair] > code) this.counts[cell]++;
    }
  }

  private compare(): void {
    const n = this.labels.length;
    const all = this.nImages.reduce((sum, v) => sum + v, 0);
    for (let row = 0; row < this.classes.length; row++) {
      const total = this.counts.subarray(row * n, (row + 1) * n).reduce((sum, v) => sum + v, 0);
      for (let column = 0; column < n; column++) {
        const i = row * n + column;
        const [mine, others] = [this.nImages[column], all - this.nImages[column]];
        const elsewhere = total - this.counts[i];
        this.fractions[i] = mine > 0 ? this.counts[i] / mine : 0;
        this.elsewhere[i] = others > 0 ? elsewhere / others : 0;
        // Half an image where none of another label counts, and 1 where there is nothing to compare with: as in Python.
        const comparison = others > 0 ? Math.max(elsewhere, 0.5) / others : 0;
        this.lift[i] = this.counts[i] === 0 ? 0 : comparison > 0 ? this.fractions[i] / comparison : 1;
      }
    }
  }
}
