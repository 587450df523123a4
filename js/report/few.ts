// What a thumbnail shows of its boxes: those that count, and a few of the certain others. As `_few` in Python.
import { BOX_FIELDS } from "./shown";

const WEAK_CONFIDENCE = 0.25;
const WEAK_BOXES = 12;
const STRONG_BOXES = 40;

/** Of message rows of boxes, most confident first, those that are drawn on a thumbnail. */
export function few(rows: Float32Array): Float32Array {
  const kept: number[] = [];
  let [weak, strong] = [0, 0];
  for (let at = 0; at < rows.length; at += BOX_FIELDS) {
    if (rows[at + 7] > 0 ? ++strong <= STRONG_BOXES : rows[at + 4] >= WEAK_CONFIDENCE && ++weak <= WEAK_BOXES) kept.push(at);
  }
  const few = new Float32Array(kept.length * BOX_FIELDS);
  kept.forEach((at, i) => few.set(rows.subarray(at, at + BOX_FIELDS), i * BOX_FIELDS));
  return few;
}
