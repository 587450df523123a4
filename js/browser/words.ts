// What the browser says about its filter, in one sentence each. Pure, so that every case is tested.
import type { Order } from "./store";

type Shown = Pick<Order, "count" | "total" | "cell" | "label" | "object_class">;

const images = (count: number): string => `${count} ${count === 1 ? "image" : "images"}`;

export function isFiltered(order: Shown): boolean {
  return order.cell !== null || order.label !== null || order.object_class !== null;
}

/** "Sports equipment in Excitement: 36 of 108 images". */
export function breadcrumb(order: Shown): string {
  const of = `${order.count} of ${images(order.total)}`;
  if (order.cell !== null) return `${order.cell[0]} in ${order.cell[1]}: ${of}`;
  if (order.label !== null && order.object_class !== null) return `${order.label} with ${order.object_class} detected: ${of}`;
  if (order.label !== null) return `${order.label}: ${of}`;
  if (order.object_class !== null) return `${order.object_class} detected: ${of}`;
  return images(order.count);
}

/** Why nothing is shown, and what the way out is called. */
export function emptiness(order: Shown): { sentence: string; action: string | null } {
  const action = isFiltered(order) ? "Show all images" : null;
  if (order.cell !== null) return { sentence: `${order.cell[0]} does not count in any image labelled ${order.cell[1]}.`, action };
  if (order.label !== null && order.object_class !== null) {
    return { sentence: `${order.object_class} was not detected in any image labelled ${order.label}.`, action };
  }
  if (order.label !== null) return { sentence: `No image has the label ${order.label}.`, action };
  if (order.object_class !== null) return { sentence: `${order.object_class} was not detected in any image.`, action };
  return { sentence: "This run has no images yet.", action };
}
