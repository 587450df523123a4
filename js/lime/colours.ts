// The colours of what speaks for a label and what against it: the paper's blue and red, or blue and orange, which the common
// colour blindnesses tell apart. The same tables as in emocam_widgets/figures/scales.py.
import { css, oklch, type Rgb } from "../shared/colour";

export type Palette = "blue-red" | "blue-orange";
export const PALETTES: readonly Palette[] = ["blue-red", "blue-orange"];

const STEPS = 256;

function table(more: (d: number) => Rgb, less: (d: number) => Rgb): Rgb[] {
  return Array.from({ length: STEPS }, (_, i) => {
    const d = (2 * i) / (STEPS - 1) - 1;
    return d < 0 ? less(-d) : more(d);
  });
}

const TABLES: Record<Palette, Rgb[]> = {
  "blue-red": table((d) => oklch(0.97 - 0.47 * d, 0.19 * d, 262), (d) => oklch(0.97 - 0.42 * d, 0.21 * d, 27)),
  "blue-orange": table((d) => oklch(0.97 - 0.47 * d, 0.17 * d, 255), (d) => oklch(0.97 - 0.35 * d, 0.17 * d, 50)),
};

/** Colour of a weight relative to the greatest, -1 (against) to 1 (for). */
export function speaks(value: number, palette: Palette): Rgb {
  const clamped = Math.min(1, Math.max(-1, Number.isFinite(value) ? value : 0));
  return TABLES[palette][Math.round(((clamped + 1) / 2) * (STEPS - 1))];
}

/** The whole scale from against to for, as a CSS background. */
export function gradient(palette: Palette): string {
  const stops = Array.from({ length: 17 }, (_, i) => css(speaks(i / 8 - 1, palette)));
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

export const AGAINST_NAMES: Record<Palette, string> = { "blue-red": "red", "blue-orange": "orange" };
