// One colour means one thing in every widget: hues of object classes and labels, the sequential scale of CAMs and of the
// heatmap, the diverging scale of differences. All made in OKLCH, so that equal steps look equal.

export type Rgb = [number, number, number];

const clamp = (value: number, low = 0, high = 1): number => Math.min(high, Math.max(low, value));

/** OKLCH (lightness 0..1, chroma, hue in degrees) to sRGB 0..255; chroma is lowered until the colour exists. */
export function oklch(lightness: number, chroma: number, hue: number): Rgb {
  for (let c = chroma; ; c -= 0.01) {
    const rgb = linear(lightness, Math.max(c, 0), (hue * Math.PI) / 180);
    if (c <= 0 || rgb.every((v) => v >= -0.0005 && v <= 1.0005)) return rgb.map((v) => Math.round(255 * gamma(clamp(v)))) as Rgb;
  }
}

function linear(lightness: number, chroma: number, angle: number): Rgb {
  const a = chroma * Math.cos(angle);
  const b = chroma * Math.sin(angle);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

const gamma = (v: number): number => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);

export const css = ([r, g, b]: Rgb, alpha = 1): string => (alpha >= 1 ? `rgb(${r} ${g} ${b})` : `rgb(${r} ${g} ${b} / ${alpha})`);

/** Relative luminance 0..1 (WCAG). */
export function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Black or white, whichever reads better on this colour: the contrast is 4.58 at least, which no softer black would reach. */
export const ink = (rgb: Rgb): string => (luminance(rgb) > 0.1791 ? "#000" : "#fff");

const STEPS = 256;

function table(colour: (t: number) => Rgb): Uint8Array {
  const values = new Uint8Array(3 * STEPS);
  for (let i = 0; i < STEPS; i++) values.set(colour(i / (STEPS - 1)), 3 * i);
  return values;
}

/** CAMs: night blue over violet and orange to pale yellow, lightness rising evenly. 256 x RGB. */
export const CAM_TABLE: Uint8Array = table((t) => oklch(0.17 + 0.8 * t, 0.06 + 0.13 * Math.sin(Math.PI * clamp(0.1 + t)), 280 + 190 * t ** 0.9));

/** Differences: blue (less) over white to orange (more), safe for the common colour blindnesses. 256 x RGB. */
export const DIVERGING_TABLE: Uint8Array = table((t) => {
  const d = 2 * t - 1;
  return d < 0 ? oklch(0.97 + 0.47 * d, 0.17 * -d, 255) : oklch(0.97 - 0.35 * d, 0.17 * d, 50);
});

const at = (values: Uint8Array, t: number): Rgb => {
  const i = 3 * Math.round(clamp(Number.isFinite(t) ? t : 0) * (STEPS - 1));
  return [values[i], values[i + 1], values[i + 2]];
};

/** Colour of a CAM value 0..1. */
export const sequential = (t: number): Rgb => at(CAM_TABLE, t);
/** Colour of a difference -1..1. */
export const diverging = (d: number): Rgb => at(DIVERGING_TABLE, (d + 1) / 2);

const DIVERGING_DARK = table((t) => {
  const d = 2 * t - 1;
  return d < 0 ? oklch(0.27 - 0.4 * d, 0.15 * -d, 245) : oklch(0.27 + 0.5 * d, 0.15 * d, 60);
});
/** The same on a dark surface, where nothing must not shine. */
export const divergingDark = (d: number): Rgb => at(DIVERGING_DARK, (d + 1) / 2);

const HEAT_LIGHT = table((t) => oklch(0.985 - 0.62 * t ** 0.85, 0.015 + 0.17 * Math.sin((Math.PI / 2) * clamp(1.15 * t)), 235 + 45 * t));
const HEAT_DARK = table((t) => oklch(0.25 + 0.65 * t ** 0.85, 0.015 + 0.13 * Math.sin(Math.PI * clamp(0.15 + 0.75 * t)), 280 - 75 * t));
/** Colour of a heatmap cell, 0..1: from the surface to a strong blue violet (light theme) or a bright cyan (dark theme). */
export const heat = (t: number, dark: boolean): Rgb => at(dark ? HEAT_DARK : HEAT_LIGHT, t);

// Families of the Open Images hierarchy, by the words of a class name. The first that matches wins.
const FAMILIES: [RegExp, number][] = [
  [/^(person|man|woman|girl|boy|human .*)$/i, 48],
  [/\b(clothing|footwear|shoe|boot|accessory|hat|helmet|dress|shirt|suit|jacket|trousers|jeans|glove|sock|scarf|tie|glasses|goggles|bag|watch|crown)s?\b/i, 355],
  [/\b(food|fruit|vegetable|dessert|cake|bread|pizza|drink|coffee|tea|wine|beer|juice|snack|burger|sandwich|salad|ice cream|candy|cookie|apple|banana|orange)s?\b/i, 132],
  [/\b(plant|flower|tree|rose|lotus|lily|palm|grass|sunflower|tulip)s?\b/i, 162],
  [/\b(animal|dog|cat|bird|horse|fish|insect|mammal|reptile|cattle|sheep|duck|butterfly)s?\b/i, 90],
  [/\b(vehicle|wheel|car|bus|truck|train|boat|bicycle|motorcycle|airplane|aircraft|tire|van|taxi|ship)s?\b/i, 255],
  [/\b(sport|ball|racket|bat|skateboard|ski|snowboard|surfboard)s?\b/i, 25],
  [/\b(musical instrument|guitar|piano|violin|drum|flute|trumpet|harp)s?\b/i, 300],
  [/\b(furniture|chair|table|couch|sofa|bed|lamp|house|building|window|door|curtain|shelf|desk|bench|cabinet)s?\b/i, 320],
  [/\b(flag|toy|balloon|poster|book|kite|box|umbrella|lantern|candle)s?\b/i, 205],
];

/** A small stable number of a name (FNV-1a). */
function hash(name: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) value = Math.imul(value ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}

const spread = (name: string, steps: number): number => (hash(name) % steps) / (steps - 1) - 0.5;

/** Hue (degrees) of an object class: its family's, moved a little so that siblings differ. */
export function classHue(objectClass: string): number {
  const family = FAMILIES.find(([words]) => words.test(objectClass));
  return family ? family[1] + 22 * spread(objectClass, 7) : hash(objectClass) % 360;
}

const cache = new Map<string, Rgb>();

/** Colour of an object class, for boxes and marks on any background. */
export function classColour(objectClass: string): Rgb {
  let colour = cache.get(objectClass);
  if (!colour) {
    colour = oklch(0.74 + 0.14 * spread(`${objectClass}.`, 5), 0.16, classHue(objectClass));
    cache.set(objectClass, colour);
  }
  return colour;
}

const EMONET_LABELS =
  "Adoration,Aesthetic Appreciation,Amusement,Anxiety,Awe,Boredom,Confusion,Craving,Disgust,Empathetic Pain,Entrancement,Excitement,Fear,Horror,Interest,Joy,Romance,Sadness,Sexual Desire,Surprise".split(",");
// Hues by mood, so that neighbours in feeling are neighbours in colour.
const LABEL_HUES = [345, 190, 85, 290, 225, 260, 310, 60, 130, 270, 205, 40, 300, 10, 165, 95, 0, 250, 20, 75];

/** Colour of a label; `dark` is the theme that it is shown on. */
export function labelColour(label: string, dark = false): Rgb {
  const index = EMONET_LABELS.indexOf(label);
  const hue = index >= 0 ? LABEL_HUES[index] : hash(label) % 360;
  return oklch((dark ? 0.72 : 0.62) + 0.08 * spread(label, 3), 0.14, hue);
}
