// Which images answer to a filter, and in what order: what Python's `widgets/image_filter.py` does, over a report's numbers.
import type { Conditions } from "../browser/protocol";
import { Association } from "./association";
import { aboutBoxes, boxClass, boxLabel, oneBox } from "./conditions";
import { importanceOf } from "./data";
import type { Numbers, Settings } from "./numbers";
import type { Shown } from "./shown";

type Holds = (position: number) => boolean;

export class ImageFilter {
  private association: { key: string; value: Association } | null = null;
  private ranks: Float64Array | null = null;
  private readonly folded: string[];

  constructor(
    private readonly numbers: Numbers,
    private readonly shown: Shown,
  ) {
    this.folded = numbers.header.ids.map((id) => id.toLowerCase());
  }

  /** The association at these settings; the last one is kept, since heatmap and browser ask for the same. */
  at(settings: Settings): Association {
    const key = JSON.stringify([settings.method, settings.score, settings.threshold, settings.by]);
    if (this.association?.key !== key) this.association = { key, value: new Association(this.numbers, settings) };
    return this.association.value;
  }

  /** The positions of the images that answer to all conditions, in the run's order. */
  filtered(wanted: Conditions, settings: Settings): number[] {
    const conditions = this.conditions(wanted, settings);
    const found: number[] = [];
    for (let position = 0; position < this.numbers.length; position++) if (conditions.every((holds) => holds(position))) found.push(position);
    return found;
  }

  /** Those in the order that `sort` names: greatest first, but "corpus" and "name"; what it says nothing of comes last. */
  ordered(wanted: Conditions, settings: Settings, sort: string, reverse = false): Int32Array {
    const chosen = this.filtered(wanted, settings);
    if (sort === "corpus") return Int32Array.from(reverse ? chosen.reverse() : chosen);
    const key = this.sortKey(wanted, settings, sort);
    const keys = new Float64Array(this.numbers.length);
    for (const position of chosen) keys[position] = key(position);
    const known = chosen.filter((position) => Number.isFinite(keys[position]));
    const unknown = chosen.filter((position) => !Number.isFinite(keys[position]));
    const sign = reverse ? 1 : -1;
    known.sort((a, b) => sign * (keys[a] - keys[b]) || a - b);
    return Int32Array.from([...known, ...unknown]);
  }

  /** Of how many images the filtered ones are a part: those of the label where one more thing is asked of them, else all. */
  total(wanted: Conditions, settings: Settings): number {
    const label = boxLabel(wanted);
    if (label === null || (wanted.cell === null && wanted.object_class === null)) return this.numbers.length;
    const filed = this.filed(label, settings.by);
    let total = 0;
    for (let position = 0; position < this.numbers.length; position++) total += Number(filed(position));
    return total;
  }

  private conditions(wanted: Conditions, settings: Settings): Holds[] {
    const { numbers } = this;
    const conditions: Holds[] = [];
    if (wanted.cell !== null) {
      const contributors = new Set(this.at(settings).contributors(...wanted.cell));
      conditions.push((position) => contributors.has(position));
    }
    if (wanted.label !== null) conditions.push(this.filed(wanted.label, settings.by));
    if (wanted.annotation !== null) conditions.push((position) => numbers.annotation(position) === wanted.annotation);
    if (aboutBoxes(wanted)) conditions.push(this.hasBox(wanted, settings));
    if (wanted.disagreement) {
      conditions.push((position) => {
        const annotated = numbers.annotation(position);
        return annotated !== null && annotated !== numbers.label(position);
      });
    }
    for (const word of wanted.text.toLowerCase().split(/\s+/).filter(Boolean)) conditions.push(this.mentions(word));
    if (wanted.only_images !== null) {
      const ids = new Set(wanted.only_images);
      conditions.push((position) => ids.has(numbers.header.ids[position]));
    }
    return conditions;
  }

  private filed(label: string, by: string): Holds {
    const index = this.numbers.labelsBy(by).indexOf(label);
    const labelOf = this.numbers.labelOf(by);
    return (position) => index >= 0 && labelOf[position] === index;
  }

  private mentions(word: string): Holds {
    const { numbers } = this;
    return (position) =>
      [this.folded[position], numbers.label(position)?.toLowerCase(), numbers.annotation(position)?.toLowerCase()].some((text) => text?.includes(word));
  }

  /**
   * Images with one box that is all that is asked for. Of an image whose picture is left out a report holds no boxes: there the
   * greatest confidence and importance of each class answer, which is the same unless both, or an upper end, are asked for.
   */
  private hasBox(wanted: Conditions, settings: Settings): Holds {
    const { numbers } = this;
    const row = boxClass(wanted) === null ? -1 : numbers.header.classes.indexOf(boxClass(wanted)!);
    const importance = numbers.pairImportance(settings.method, settings.score);
    const one = oneBox(wanted, row);
    const present = new Uint8Array(numbers.length);
    for (let pair = 0; pair < numbers.pairClass.length; pair++) {
      const image = numbers.pairImage[pair];
      if ((row >= 0 && numbers.pairClass[pair] !== row) || numbers.pairConfidence[pair] < one.least) continue;
      if (one.range !== null) {
        if (importance === null || importance[pair] < one.range[0]) continue;
        if (importance[pair] > one.range[1] && !this.shown.has(image)) continue;
      }
      present[image] = 1;
    }
    return (position) => present[position] === 1 && (!this.shown.has(position) || this.shown.some(position, settings, one));
  }

  private sortKey(wanted: Conditions, settings: Settings, sort: string): (position: number) => number {
    const { numbers } = this;
    if (sort === "probability") {
      const column = numbers.header.labels.indexOf(boxLabel(wanted) ?? "");
      return (position) => numbers.probabilityOf(position, column >= 0 ? column : numbers.predicted[position]);
    }
    if (sort === "importance") {
      const greatest = this.greatest(boxClass(wanted), settings);
      return (position) => greatest[position];
    }
    if (sort === "disagreement") {
      return (position) => {
        const annotated = numbers.header.labels.indexOf(numbers.annotation(position) ?? "");
        return annotated < 0 ? NaN : numbers.probabilityOf(position, numbers.predicted[position]) - numbers.probabilityOf(position, annotated);
      };
    }
    if (sort === "name") {
      const ranks = (this.ranks ??= naturalRank(numbers.header.ids));
      return (position) => -ranks[position];
    }
    throw new Error(`There is no order called ${sort}.`);
  }

  private greatest(objectClass: string | null, settings: Settings): Float64Array {
    const { numbers } = this;
    const row = objectClass === null ? -1 : numbers.header.classes.indexOf(objectClass);
    const importance = numbers.pairImportance(settings.method, settings.score);
    const greatest = new Float64Array(numbers.length).fill(-Infinity);
    for (let pair = 0; importance !== null && pair < importance.length; pair++) {
      if (row >= 0 && numbers.pairClass[pair] !== row) continue;
      const image = numbers.pairImage[pair];
      greatest[image] = Math.max(greatest[image], importanceOf(importance[pair]));
    }
    return greatest;
  }
}

/** Each id's place by file name as a person counts: photo2 before photo10, whatever the case. */
export function naturalRank(ids: string[]): Float64Array {
  const padded = ids.map((id) => id.slice(id.lastIndexOf("/") + 1).toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, "0")));
  const order = ids.map((_, i) => i).sort((a, b) => compare(padded[a], padded[b]) || compare(ids[a], ids[b]));
  const rank = new Float64Array(ids.length);
  order.forEach((position, place) => (rank[position] = place));
  return rank;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
