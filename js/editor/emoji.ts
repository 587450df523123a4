// An emoji (or any sign) as a picture, drawn by the browser's own fonts. A sign that no font has is noticed.

const SIDE = 288;
const FONT = `224px "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", sans-serif`;
const MISSING = "\u{10FFFE}"; // no font has it: what is drawn for it is drawn for every sign that is missing

function draw(text: string): { canvas: HTMLCanvasElement; pixels: Uint8ClampedArray } | null {
  const canvas = document.createElement("canvas");
  canvas.width = SIDE;
  canvas.height = SIDE;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return null;
  context.font = FONT;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = "#222222";
  context.fillText(text, SIDE / 2, SIDE / 2 + SIDE * 0.04, SIDE * 0.96);
  return { canvas, pixels: context.getImageData(0, 0, SIDE, SIDE).data };
}

/** The first sign of a text as a person counts them: a flag or a family is one. */
export function firstSign(text: string): string {
  const trimmed = text.trim();
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(trimmed)) return segment;
  return "";
}

let missing: Uint8ClampedArray | null = null;

function drawn(sign: string): ReturnType<typeof draw> {
  const found = draw(sign);
  missing ??= draw(MISSING)?.pixels ?? null;
  return found === null || missing === null || isEmpty(found.pixels) || alike(found.pixels, missing) ? null : found;
}

/** Whether this browser has a picture of it. */
export const hasPicture = (sign: string): boolean => drawn(sign) !== null;

/** Its PNG, or null where this browser has no picture of it. */
export async function emojiPicture(sign: string): Promise<ArrayBuffer | null> {
  const found = drawn(sign);
  if (found === null) return null;
  const blob = await new Promise<Blob | null>((resolve) => found.canvas.toBlob(resolve, "image/png"));
  return blob === null ? null : blob.arrayBuffer();
}

/** Whether nothing is drawn: every pixel is transparent. */
export function isEmpty(pixels: Uint8ClampedArray): boolean {
  for (let i = 3; i < pixels.length; i += 4) if (pixels[i] > 0) return false;
  return true;
}

export function alike(one: Uint8ClampedArray, other: Uint8ClampedArray): boolean {
  return one.length === other.length && one.every((value, i) => value === other[i]);
}
