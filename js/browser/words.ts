// What the browser says about its filter: a chip for each condition, and one sentence for all. Pure, so that every case is tested.
import { type Conditions, NO_CONDITIONS, type Order } from "./protocol";

type Shown = Omit<Order, "revision" | "by">;

export interface Chip {
  /** What it is about, in a word or two; empty where its text says it. */
  kind: string;
  text: string;
  /** The traits that take it away. */
  without: Partial<Conditions> & { only_images_caption?: string };
}

const images = (count: number): string => `${count} ${count === 1 ? "image" : "images"}`;
const number = (value: number): string => value.toFixed(2);

/** "0.30 to 0.60", "from 0.30", "up to 0.60". */
export function range([low, high]: [number, number]): string {
  if (high >= 1) return `from ${number(low)}`;
  return low <= 0 ? `up to ${number(high)}` : `${number(low)} to ${number(high)}`;
}

/** One for each condition, a cell as its class and its label. */
export function chips(on: Conditions, caption: string): Chip[] {
  const found: Chip[] = [];
  if (on.cell !== null) {
    const [objectClass, label] = on.cell;
    found.push({ kind: "", text: objectClass, without: { cell: null, label } });
    found.push({ kind: "", text: label, without: { cell: null, object_class: on.object_class ?? objectClass } });
  }
  if (on.label !== null) found.push({ kind: "", text: on.label, without: { label: null } });
  if (on.annotation !== null) found.push({ kind: "annotated", text: on.annotation, without: { annotation: null } });
  if (on.object_class !== null) found.push({ kind: on.cell === null ? "" : "with", text: on.object_class, without: { object_class: null } });
  if (on.confidence !== null) found.push({ kind: "confidence", text: range([on.confidence, 1]), without: { confidence: null } });
  if (on.importance !== null) found.push({ kind: "importance", text: range(on.importance), without: { importance: null } });
  if (on.disagreement) found.push({ kind: "", text: "not as annotated", without: { disagreement: false } });
  if (on.text.trim() !== "") found.push({ kind: "text", text: on.text.trim(), without: { text: "" } });
  if (on.only_images !== null) {
    found.push({ kind: "", text: caption || `${on.only_images.length} chosen`, without: { only_images: null, only_images_caption: "" } });
  }
  return found;
}

export const CLEARED = { ...NO_CONDITIONS, only_images_caption: "" };

export function isFiltered(order: Shown): boolean {
  return subject(order) !== null || further(order).length > 0;
}

/** "Sports equipment in Excitement", "Joy with Tree detected", ... */
function subject({ cell, label, object_class: objectClass }: Shown): string | null {
  const detected = objectClass === null ? "" : `${objectClass} detected`;
  if (cell !== null) return `${cell[0]} in ${cell[1]}${detected && ` with ${detected}`}`;
  if (label !== null) return `${label}${detected && ` with ${detected}`}`;
  return detected || null;
}

function further(order: Shown): string[] {
  const found: string[] = [];
  if (order.annotation !== null) found.push(`annotated ${order.annotation}`);
  if (order.confidence !== null) found.push(`confidence ${range([order.confidence, 1])}`);
  if (order.importance !== null) found.push(`importance ${range(order.importance)}`);
  if (order.disagreement) found.push("not predicted as annotated");
  if (order.text.trim() !== "") found.push(`“${order.text.trim()}”`);
  if (order.only_images !== null) found.push(order.only_images_caption || `${order.only_images} chosen`);
  return found;
}

function conditions(order: Shown): string {
  const words = [subject(order), ...further(order)].filter((part) => part !== null).join(", ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** "Sports equipment in Excitement: 36 of 108 images". */
export function breadcrumb(order: Shown): string {
  return isFiltered(order) ? `${conditions(order)}: ${order.count} of ${images(order.total)}` : images(order.count);
}

/** Why nothing is shown, and what the way out is called. */
export function emptiness(order: Shown): { sentence: string; action: string | null } {
  if (!isFiltered(order)) return { sentence: "This run has no images yet.", action: null };
  const action = "Show all images";
  const { cell, label, object_class: objectClass } = order;
  if (further(order).length > 0 || (cell !== null && objectClass !== null)) {
    return { sentence: `No image answers to all of this: ${conditions(order)}.`, action };
  }
  if (cell !== null) return { sentence: `${cell[0]} does not count in any image labelled ${cell[1]}.`, action };
  if (label === null) return { sentence: `${objectClass} was not detected in any image.`, action };
  if (objectClass === null) return { sentence: `No image has the label ${label}.`, action };
  return { sentence: `${objectClass} was not detected in any image labelled ${label}.`, action };
}
