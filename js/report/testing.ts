// For the tests: packs arrays as Python's `Block` does, and a small run in them.
import { Block, NONE, THRESHOLD_STEPS, UNIT_STEPS } from "./data";
import { Numbers, type NumbersHeader } from "./numbers";
import { Shown, type ShownHeader } from "./shown";

type Kind = "u1" | "u2" | "u4" | "f4";
const MADE = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array };

export function packed<Header>(header: Header, arrays: Record<string, [Kind, number[]]>): Block<Header> {
  const places: Record<string, unknown> = {};
  const data: number[] = [];
  for (const [name, [kind, values]] of Object.entries(arrays)) {
    const bytes = new Uint8Array(MADE[kind].from(values).buffer);
    const width = values.length ? bytes.length / values.length : 1;
    places[name] = { kind, at: data.length, length: values.length };
    for (let plane = 0; plane < width; plane++) for (let i = 0; i < values.length; i++) data.push(bytes[i * width + plane]);
  }
  const text = new TextEncoder().encode(JSON.stringify({ ...header, arrays: places }));
  const length = new Uint8Array(new Uint32Array([text.length]).buffer);
  return new Block<Header>(Uint8Array.from([...length, ...text, ...data]));
}

export const importance = (value: number): number => Math.ceil(value * THRESHOLD_STEPS);
export const unit = (value: number): number => Math.round(value * UNIT_STEPS);

/** Six images: balls in joy but for the last; a hat in each of the first two. The last image has no map, and no boxes are held of it. */
export function smallRun(given: ReadonlyMap<number, string> = new Map()): { numbers: Numbers; shown: Shown } {
  const header: NumbersHeader = {
    ids: ["b/10.webp", "a/9.webp", "c/2.webp", "d/1.webp", "e/3.webp", "f/4.webp"],
    labels: ["Joy", "Awe"],
    annotations: ["Awe", "Calm"],
    classes: ["Ball", "Hat", "Tree"],
    methods: ["cam"],
    scores: ["mean"],
    outputs: { cam: "logits" },
    default_thresholds: { mean: 0.3 },
    lineage: {},
    failures: 2,
    failed: [["broken.jpg", "the file is empty"]],
    synthetic: false,
  };
  const numbers = packed(header, {
    size: ["u4", header.ids.flatMap(() => [100, 50])],
    predicted: ["u2", [0, 0, 0, 1, 1, 0]],
    annotated: ["u2", [0, 1, NONE, 0, NONE, NONE]],
    probability: ["u2", [0.9, 0.1, 0.6, 0.4, 0.7, 0.3, 0.2, 0.8, 0.45, 0.55, 0.8, 0.2].map(unit)],
    "pair.class": ["u2", [0, 0, 0, 0, 1, 1]],
    "pair.image": ["u4", [0, 1, 2, 5, 0, 1]],
    "pair.confidence": ["u2", [0.9, 0.5, 0.4, 0.9, 0.8, 0.7].map(unit)],
    "pair.importance/cam/mean": ["u2", [0.8, 0.5, 0.2, 0.9, 0.4, 0.1].map(importance)],
    "explained/cam": ["u1", [1, 1, 1, 1, 1, 0]],
    valence: ["f4", [0.5, NaN, 0, 0, 0, 0]],
  });
  const shownHeader: ShownHeader = { states: {}, pictures: [[0, 0, 0, 1], [1, 0, 1, 1], [2, 0, 2, 1]], unreadable: { 3: "damaged" }, no_room: "left out", given: {}, notes: [], name: "" };
  const shown = packed(shownHeader, {
    "box.start": ["u4", [0, 3, 5, 6, 6, 6, 6]],
    "box.class": ["u2", [0, 1, 0, 1, 0, 0]],
    "box.confidence": ["u2", [0.9, 0.8, 0.3, 0.7, 0.5, 0.4].map(unit)],
    "box.corners": ["u2", Array.from({ length: 6 }, () => [0.1, 0.2, 0.5, 0.8]).flat().map(unit)],
    "box.importance/cam/mean": ["u2", [0.1, 0.4, 0.8, 0.1, 0.5, 0.2].map(importance)],
    "cam.image/cam": ["u4", [0, 1]],
    "cam.shape/cam": ["u2", [1, 2, 2, 1]],
    "cam.view/cam": ["f4", [0, 0, 100, 50, 25, 0, 75, 50]],
    "cam.grid/cam": ["u1", [0, 255, 51, 102]],
  });
  const read = new Numbers(numbers, given);
  return { numbers: read, shown: new Shown(shown, read) };
}
