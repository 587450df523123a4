// Rows that are alike beside each other: Ward's clustering, its leaves in optimal order (Bar-Joseph et al. 2001) where they are few.

interface Node {
  leaves: number[];
  /** The two parts; none of a leaf. */
  parts: [Node, Node] | null;
  /** With which leaf at the left and at the right end which order is shortest: its length, and the leaves. */
  best: Map<string, { length: number; order: number[] }> | null;
}

/** Up to so many rows the leaves are put into their optimal order; of more that would be felt. */
const OPTIMAL_ROWS = 60;

/** The places of the rows in an order in which alike ones are neighbours. */
export function leafOrder(rows: number[][]): number[] {
  if (rows.length < 3 || rows[0].length === 0) return rows.map((_, i) => i);
  const distance = rows.map((a) => rows.map((b) => Math.hypot(...a.map((value, i) => value - b[i]))));
  const tree = ward(distance);
  return rows.length <= OPTIMAL_ROWS ? optimal(tree, distance) : tree.leaves;
}

/** Ward's tree by Lance and Williams' update: the two whose union adds least to the spread are joined, again and again. */
function ward(distance: number[][]): Node {
  const nodes = new Map<number, Node>(distance.map((_, i) => [i, { leaves: [i], parts: null, best: null }]));
  const far = new Map(distance.map((row, i) => [i, new Map(row.map((value, j) => [j, value]))]));
  let next = distance.length;
  while (nodes.size > 1) {
    let pair: [number, number] = [-1, -1];
    let least = Infinity;
    for (const a of nodes.keys()) for (const b of nodes.keys()) if (a < b && far.get(a)!.get(b)! < least) [least, pair] = [far.get(a)!.get(b)!, [a, b]];
    const [one, other] = [nodes.get(pair[0])!, nodes.get(pair[1])!];
    const row = new Map<number, number>();
    for (const [key, node] of nodes) {
      if (pair.includes(key)) continue;
      const [a, b, c] = [one.leaves.length, other.leaves.length, node.leaves.length];
      const [toOne, toOther] = [far.get(pair[0])!.get(key)!, far.get(pair[1])!.get(key)!];
      const squared = ((a + c) * toOne ** 2 + (b + c) * toOther ** 2 - c * least ** 2) / (a + b + c);
      row.set(key, Math.sqrt(Math.max(0, squared)));
    }
    for (const key of pair) nodes.delete(key);
    for (const [key, value] of row) far.get(key)!.set(next, value);
    far.set(next, row);
    nodes.set(next++, { leaves: [...one.leaves, ...other.leaves], parts: [one, other], best: null });
  }
  return [...nodes.values()][0];
}

/** Of all orders that the tree allows, the one whose neighbours are nearest to each other together. */
function optimal(tree: Node, distance: number[][]): number[] {
  solve(tree, distance);
  let found = { length: Infinity, order: tree.leaves };
  for (const each of tree.best!.values()) if (each.length < found.length) found = each;
  return found.order;
}

function solve(node: Node, distance: number[][]): void {
  node.best = new Map();
  if (node.parts === null) {
    const [leaf] = node.leaves;
    node.best.set(`${leaf},${leaf}`, { length: 0, order: [leaf] });
    return;
  }
  for (const part of node.parts) solve(part, distance);
  const [one, other] = node.parts;
  for (const [left, right] of [[one, other], [other, one]]) {
    for (const first of left.best!.values()) {
      for (const second of right.best!.values()) {
        const length = first.length + distance[first.order[first.order.length - 1]][second.order[0]] + second.length;
        const key = `${first.order[0]},${second.order[second.order.length - 1]}`;
        if (length < (node.best.get(key)?.length ?? Infinity)) node.best.set(key, { length, order: [...first.order, ...second.order] });
      }
    }
  }
  for (const part of node.parts) part.best = null;
}
