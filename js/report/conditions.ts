// What a filter asks of boxes, in the numbers that a report stores.
import type { Conditions } from "../browser/protocol";
import { thresholdCode, UNIT_STEPS } from "./data";

export const boxClass = (wanted: Conditions): string | null => wanted.object_class ?? wanted.cell?.[0] ?? null;
export const boxLabel = (wanted: Conditions): string | null => (wanted.cell === null ? wanted.label : wanted.cell[1]);
export const aboutBoxes = (wanted: Conditions): boolean => wanted.object_class !== null || wanted.confidence !== null || wanted.importance !== null;

/** One box that is all of this: of the class with this number (-1: any), at least so confident, of an importance in the range. */
export interface OneBox {
  row: number;
  least: number;
  range: [low: number, high: number] | null;
}

export function oneBox(wanted: Conditions, row: number): OneBox {
  const range: OneBox["range"] = wanted.importance === null ? null : [thresholdCode(wanted.importance[0]), thresholdCode(wanted.importance[1])];
  return { row, least: (wanted.confidence ?? 0) * UNIT_STEPS - 0.5, range };
}
