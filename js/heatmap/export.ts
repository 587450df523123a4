// The heatmap to take away: as a table (TSV for a spreadsheet, CSV), as a vector drawing, and that as a picture.
import { css, ink } from "../shared/colour";
import { svg } from "../shared/dom";
import type { Matrix } from "./matrix";

/** Text that a spreadsheet would take for a formula is marked as text; quotes and separators are quoted as CSV has it. */
function field(text: string, separator: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /["\n\r]/.test(safe) || safe.includes(separator) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A head of labels and a line for each class, in the order shown; nothing where a number has no meaning. */
export function table(matrix: Matrix, separator: "\t" | ","): string {
  const n = matrix.labels.length;
  const number = (value: number): string => (Number.isNaN(value) ? "" : String(matrix.measure === "count" ? value : Number(value.toPrecision(6))));
  const lines = matrix.classes.map((name, i) => [field(name, separator), ...Array.from(matrix.values.slice(i * n, (i + 1) * n), number)]);
  return [["object_class", ...matrix.labels.map((label) => field(label, separator))], ...lines].map((line) => line.join(separator)).join("\r\n") + "\r\n";
}

const CELL = { width: 30, height: 18 };
const FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif";
const MARGIN = 12;
const ANGLE = 45;
const LEGEND = { width: 120, height: 10 };

export interface Caption {
  title: string;
  /** One line of settings under the title. */
  subtitle: string;
}

/** A drawing on white with its title, settings, numbers and scale; whole pixels at 100 %. */
export function drawing(matrix: Matrix, caption: Caption): SVGSVGElement {
  const n = matrix.labels.length;
  const names = Math.ceil(Math.max(...matrix.classes.map((name) => name.length), 4) * 6.4) + 10;
  const longest = Math.max(...matrix.labels.map((label) => label.length), 4) * 6.4;
  const head = Math.ceil(longest * Math.SQRT1_2) + 14;
  const left = MARGIN + names;
  const top = MARGIN + 44 + head;
  const beyond = Math.max(0, ...matrix.labels.map((label, j) => label.length * 6.4 * Math.SQRT1_2 + 10 - CELL.width * (n - j - 0.5)));
  const width = Math.ceil(left + n * CELL.width + Math.max(beyond, 0) + MARGIN);
  const height = top + matrix.classes.length * CELL.height + 40 + MARGIN;
  const text = (x: number, y: number, content: string, attributes: Record<string, unknown> = {}): SVGTextElement =>
    svg("text", { x, y, "font-size": 11, fill: "#222", ...attributes }, content);
  const root = svg("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`, "font-family": FONT, role: "img" });
  root.append(svg("title", {}, caption.title), svg("rect", { width, height, fill: "#fff" }));
  root.append(text(MARGIN, MARGIN + 14, caption.title, { "font-size": 14, "font-weight": 600 }), text(MARGIN, MARGIN + 31, caption.subtitle, { fill: "#555" }));
  matrix.labels.forEach((label, j) => {
    const x = left + (j + 0.5) * CELL.width;
    root.append(text(x + 3, top - 6, label, { transform: `rotate(${-ANGLE} ${x} ${top - 6})` }));
  });
  matrix.classes.forEach((name, i) => {
    const y = top + i * CELL.height;
    root.append(text(left - 6, y + CELL.height - 5, name, { "text-anchor": "end" }));
    for (let j = 0; j < n; j++) {
      const index = i * n + j;
      const colour = matrix.colour(index, false);
      root.append(svg("rect", { x: left + j * CELL.width, y, width: CELL.width - 1, height: CELL.height - 1, fill: matrix.isEmpty(index) ? "#eee" : css(colour) }));
      const written = matrix.text(index);
      if (written) root.append(text(left + (j + 0.5) * CELL.width, y + CELL.height - 5.5, written, { "text-anchor": "middle", "font-size": 10, fill: ink(colour) }));
    }
  });
  root.append(...legend(matrix, left, top + matrix.classes.length * CELL.height + 16, text));
  return root;
}

function legend(matrix: Matrix, x: number, y: number, text: (x: number, y: number, content: string, attributes?: Record<string, unknown>) => SVGTextElement): SVGElement[] {
  const [low, high] = matrix.legendEnds;
  const steps = 24;
  const width = LEGEND.width / steps;
  const bars = Array.from({ length: steps }, (_, i) =>
    svg("rect", { x: x + 46 + i * width, y, width: width + 0.3, height: LEGEND.height, fill: css(matrix.legendColour((i + 0.5) / steps, false)) }));
  return [text(x + 40, y + 9, low, { "text-anchor": "end" }), ...bars, text(x + 52 + LEGEND.width, y + 9, high)];
}

export const source = (root: SVGSVGElement): string => `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(root)}\n`;

/** The drawing as a PNG of twice its size. Rejects where the browser cannot draw it. */
export async function picture(root: SVGSVGElement): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source(root))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = 2 * Number(root.getAttribute("width"));
  canvas.height = 2 * Number(root.getAttribute("height"));
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture came of it"))), "image/png"));
}

/** Lets the browser save it under that name. */
export function save(content: Blob | string, name: string, type = "text/plain"): void {
  const blob = typeof content === "string" ? new Blob([content], { type: `${type};charset=utf-8` }) : content;
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** To the clipboard, also where the page may not use the newer way (it is not served over HTTPS). */
export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("the browser does not let the page use the clipboard");
  }
}

/** "association-demo-grad-cam-mean-0.30": a file's name of what is shown, without anything that a folder could be. */
export function fileName(parts: string[]): string {
  return ["association", ...parts].map((part) => part.replace(/[^\p{L}\p{N}.+]+/gu, "-").replace(/^[-.]+|-+$/g, "")).filter(Boolean).join("-");
}
