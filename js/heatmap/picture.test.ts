import { afterEach, expect, it, vi } from "vitest";
import { CellView } from "./cells";
import { Matrix } from "./matrix";
import { CellPicture } from "./picture";
import type { Marks, RawMatrix } from "./protocol";

const raw = (...counts: number[]): RawMatrix => ({
  classes: ["Sports equipment", "Food"],
  labels: ["Excitement", "Joy", "Sexual Desire"],
  rows: new Int32Array([0, 1]),
  columns: new Int32Array([0, 1, 2]),
  images: new Int32Array([100, 100, 0]),
  counts: Int32Array.from(counts),
  present: new Int32Array(6).fill(60),
  other: null,
  strongest: null,
});
const matrix = new Matrix(raw(50, 10, 0, 0, 30, 0), "fraction");
const unit = { cell: 30, row: 20, label: 100 };
const all = { rows: { start: 0, end: 2 }, columns: { start: 0, end: 3 } };
const marks: Marks = { rate: 0.05, sign: new Int8Array([1, 0, 0, 0, -1, 0]), rates: new Float32Array(6) };

/** A picture whose canvas writes down what is drawn on it: "colour of fill", "text at x,y". */
function picture(): { picture: CellPicture; taken: () => string[] } {
  let lines: string[] = [];
  const context = {
    fillStyle: "",
    clearRect: () => undefined,
    beginPath: () => undefined,
    roundRect: (x: number, y: number, width: number, height: number) => lines.push(`cell ${[x, y, width, height].join()}`),
    moveTo: (x: number, y: number) => lines.push(`corner ${x},${y}`),
    lineTo: () => undefined,
    fill: () => undefined,
    fillText: (text: string, x: number) => lines.push(`${text} at ${x}`),
    measureText: (text: string) => ({ width: 6.5 * text.length, actualBoundingBoxAscent: 9 }),
  };
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(context as never);
  const taken = (): string[] => {
    const now = lines;
    lines = [];
    return now;
  };
  const made = new CellPicture();
  document.body.append(made.el);
  return { picture: made, taken };
}

afterEach(() => {
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

it("draws each cell with its number, leaves a pixel between two, and nothing where a label has no images", () => {
  const { picture: drawn, taken } = picture();
  drawn.draw(matrix, null, all, unit, false);
  expect(taken()).toEqual(["cell 0,0,29,19", "50 at 14.5", "cell 30,0,29,19", "10 at 44.5", "cell 0,20,29,19", "cell 30,20,29,19", "30 at 44.5"]);
  expect(drawn.el.style.left).toBe("100px");
  expect([drawn.el.width, drawn.el.height]).toEqual([90, 40]);
});

it("draws only what differs from what stands there", () => {
  const { picture: drawn, taken } = picture();
  drawn.draw(matrix, null, all, unit, false);
  taken();
  drawn.draw(matrix, null, all, unit, false);
  expect(taken()).toEqual([]);
  drawn.draw(new Matrix(raw(50, 40, 0, 0, 30, 0), "fraction"), null, all, unit, false);
  expect(taken()).toEqual(["cell 30,0,29,19", "40 at 44.5"]);
  drawn.draw(new Matrix(raw(50, 40, 0, 0, 30, 0), "fraction"), marks, all, unit, false);
  expect(taken().filter((line) => line.startsWith("corner"))).toEqual(["corner 29,0", "corner 30,39"]);
  drawn.draw(matrix, null, all, unit, true);
  expect(taken().filter((line) => line.startsWith("cell"))).toHaveLength(4);
});

it("draws a part of a large heatmap where that part is", () => {
  const { picture: drawn, taken } = picture();
  drawn.draw(matrix, null, { rows: { start: 1, end: 2 }, columns: { start: 1, end: 2 } }, unit, false);
  expect(taken()).toEqual(["cell 0,0,29,19", "30 at 14.5"]);
  expect([drawn.el.style.left, drawn.el.style.top]).toEqual(["130px", "20px"]);
});

it("says in the cell's element what is drawn, for a screen reader first what is written", () => {
  const cell = new CellView(0, "Sports equipment", "Excitement");
  cell.tell(matrix, 0, unit, marks);
  cell.name(matrix, 0, unit, marks);
  expect({ ...cell.el.dataset }).toMatchObject({ count: "50", text: "50", mark: "more" });
  expect(cell.el.getAttribute("aria-label")).toMatch(/^Sports equipment, 50: 50 of 100 images labelled Excitement/);
  cell.tell(matrix, 0, { cell: 15, row: 20 }, null);
  expect(["data-text", "data-mark"].map((name) => cell.el.getAttribute(name))).toEqual(["", ""]); // too narrow for a number
});
