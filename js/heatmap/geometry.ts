// How large cells are, how steep the labels stand and how much room names get: pure arithmetic on whole pixels.

export interface Room {
  width: number;
  height: number;
}

export interface Names {
  /** Widths in pixels of the names as they are written. */
  classes: number[];
  labels: number[];
}

export interface Geometry {
  cell: number;
  row: number;
  /** Width of the names of the rows. */
  label: number;
  /** Height of the names of the columns. */
  head: number;
  /** Degrees above the horizontal; 90 is upright. */
  angle: number;
  /** How long the name of a column may be before it is cut off. */
  text: number;
  /** Of the whole grid, with what the last labels need beyond the last column. */
  width: number;
}

export const ROW_MIN = 15;
export const ROW_MAX = 30;
/** A row that is read easily; where there is no room for all, they are lower. */
export const ROW_EASY = 18;
export const COLUMN_MIN = 15;
export const COLUMN_MAX = 56;
export const SIZES = { min: 13, max: 40 };

const LINE = 14;
const ANGLE_MIN = 30;
const ANGLE_MAX = 65;
const FOOT = 9;
/** The name of the column that is pointed at is set bolder, and so wider. */
const BOLDER = 1.1;
/** Of the height for the names of the columns: they must leave room for what they name. */
const HEAD_SHARE = 0.3;
const HEAD_LEAST = 72;

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** The flattest angle at which the lines of neighbouring labels do not touch; upright where no slant will do. */
export function angleFor(cell: number): number {
  if (cell <= LINE) return 90;
  const angle = (Math.asin(Math.min(1, LINE / cell)) * 180) / Math.PI;
  return angle > ANGLE_MAX ? 90 : Math.max(ANGLE_MIN, Math.ceil(angle));
}

/** `size` is the height of a row that was asked for, or 0 for as much as fits. */
export function geometry(names: Names, room: Room, size: number): Geometry {
  const n = Math.max(1, names.labels.length);
  const rows = Math.max(1, names.classes.length);
  const label = Math.round(Math.min(Math.max(60, ...names.classes) + 26, Math.max(96, 0.3 * room.width)));
  const cap = Math.max(HEAD_LEAST, Math.round(HEAD_SHARE * room.height));
  const longest = Math.max(20, ...names.labels);

  const shaped = (cell: number): Geometry => {
    const angle = angleFor(cell);
    const sin = Math.sin(radians(angle));
    const cos = Math.cos(radians(angle));
    const text = Math.min(longest, Math.floor((cap - FOOT - cos * LINE) / sin));
    const head = Math.ceil(sin * text + cos * LINE) + FOOT;
    const beyond = names.labels.map((width, j) => cos * Math.min(BOLDER * width, text) + sin * LINE - cell * (n - j - 0.5));
    return { cell, row: 0, label, head, angle, text, width: label + cell * n + Math.ceil(Math.max(4, ...beyond)) };
  };

  let found: Geometry;
  if (size) found = shaped(Math.max(COLUMN_MIN, Math.min(COLUMN_MAX, Math.round(1.4 * size))));
  else {
    let cell = Math.min(COLUMN_MAX, Math.max(COLUMN_MIN, Math.floor((room.width - label - 4) / n)));
    found = shaped(cell);
    while (cell > COLUMN_MIN && found.width > room.width) found = shaped(--cell);
  }
  const fitting = Math.floor((room.height - found.head - 4) / rows);
  return { ...found, row: size || Math.max(ROW_MIN, Math.min(ROW_MAX, fitting)) };
}
