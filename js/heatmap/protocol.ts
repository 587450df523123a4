// Everything that passes between the heatmap's front end and whoever answers it (the kernel's AssociationHeatmap, or a stored model
// in a page without a kernel): traits, questions with their answers, and what is told unasked. Only types and reading of buffers.
import { floats, integers, type Reply } from "../shared/rpc";

export type Measure = "fraction" | "count" | "lift" | "presence";
export type Cell = [objectClass: string, label: string];

/** What decides the numbers; traits of the same names. Changed by asking for a "matrix" with the change. */
export interface Settings {
  method: string;
  score: string;
  threshold: number;
  min_confidence: number;
  by: string;
  roll_up: boolean;
  /** Null: all classes that count. */
  top: number | null;
  order: string;
  /** What is subtracted: a method, "other" (the other run), or null. */
  compare: string | null;
}

/** Settings that are kept when a view is asked whether it still shows what the traits say. */
export const SETTING_NAMES = ["method", "score", "threshold", "min_confidence", "by", "roll_up", "top", "order", "compare"] as const;

/** Traits that are told by the answering side and never set here; with "settings" etc. of `features` missing, controls are hidden. */
export interface Offer {
  methods: string[];
  scores: string[];
  ways: string[];
  comparisons: { value: string; label: string }[];
  features: Feature[];
  run_name: string;
  synthetic: boolean;
  /** Empty where "try it" works, else what to do so that it does. */
  try_hint: string;
}

/**
 * settings: method, score, by, threshold. view: top, order, compare, roll-up. search: any class by name. marks: significance. try: "try
 * it". A page without a kernel leaves out what it cannot answer.
 */
export type Feature = "settings" | "view" | "search" | "marks" | "try" | "roll-up";

/**
 * Asks for the numbers. With two buffers (int32 rows, int32 columns: positions in the names) exactly those are wanted, in that order;
 * else the answer chooses by `top`, `order` and `search`. `names`: the number of the names that the view has, or null.
 */
export interface MatrixRequest {
  settings: Partial<Settings>;
  search: string;
  /** Whether the traits are to be set too; false between two steps of a slider that moves. */
  tell: boolean;
  names: number | null;
}

/**
 * The answer. Buffers, int32: rows, columns, images (per column), counts (rows x columns), present (rows x columns); where `compared`
 * is not null also images, counts and present of what is subtracted, and where that may have labels that are not shown (another run)
 * float32 its lift.
 */
export interface MatrixReply {
  /** As they are now, the change included. */
  settings: Settings;
  /** The number of the names that rows and columns are positions in; the names themselves only where the view has others. */
  names: number;
  classes?: string[];
  labels?: string[];
  /** Where the threshold's slider ends, and the score's own threshold. */
  limit: number;
  default_threshold: number;
  /** What is subtracted, in words, or null. */
  compared: string | null;
  /** Left out where rows were asked for. */
  strongest?: { cell: Cell; sentence: string } | null;
}

/** "marks": which of these cells differ from chance. Buffers asked: rows, columns. Answered: int8 signs, float32 rates (NaN: no test). */
export interface MarksRequest {
  /** Of the numbers that are marked. */
  settings: Settings;
}
export interface MarksReply {
  /** The false discovery rate of the marks. */
  rate: number;
}

/** "try": answered with {} at once; the trait try_result follows, and unasked "try_picture"s with one JPEG each. "try_cancel": {}. */
export interface TryRequest {
  cell: Cell;
}
export interface TryPicture {
  kind: "try_picture";
  image_id: string;
}

export interface TriedRow {
  image_id: string;
  before: string;
  after: string;
  control: string;
  p_before: number;
  p_after: number;
  p_control: number;
}

/** The trait try_result. */
export interface TryResult {
  state: "planning" | "running" | "done" | "cancelled" | "failed";
  cell: Cell;
  sentence?: string;
  thing?: string;
  thing_class?: string;
  /** The drawings that fit the class. */
  choices?: string[];
  source?: string;
  placement?: Record<string, unknown>;
  images?: number;
  available?: number;
  seed?: number;
  note?: string;
  rows?: TriedRow[];
  n?: number;
  switched?: number;
  to_label?: number;
  control_switched?: number;
  control_to_label?: number;
  transitions?: [before: string, after: string, count: number][];
}

/** The numbers of one answer, with the names of their rows and columns. */
export interface RawMatrix {
  classes: string[];
  labels: string[];
  rows: Int32Array;
  columns: Int32Array;
  images: Int32Array;
  counts: Int32Array;
  present: Int32Array;
  other: { name: string; images: Int32Array; counts: Int32Array; present: Int32Array; lift: Float32Array | null } | null;
  strongest: { cell: Cell; sentence: string } | null;
}

export interface Names {
  number: number;
  classes: string[];
  labels: string[];
}

/** The names that an answer's positions mean: its own, or those the view has. */
export function namesOf(reply: MatrixReply, known: Names | null): Names {
  if (reply.classes && reply.labels) return { number: reply.names, classes: reply.classes, labels: reply.labels };
  if (known?.number === reply.names) return known;
  throw new Error("the answer names rows by numbers that are not known here");
}

export function readMatrix({ content, buffers }: Reply<MatrixReply>, names: Names, strongest: RawMatrix["strongest"]): RawMatrix {
  const [rows, columns, images, counts, present, ...other] = buffers.slice(0, 8).map(integers);
  return {
    classes: Array.from(rows, (row) => names.classes[row]),
    labels: Array.from(columns, (column) => names.labels[column]),
    rows,
    columns,
    images,
    counts,
    present,
    other: content.compared === null ? null : { name: content.compared, images: other[0], counts: other[1], present: other[2], lift: buffers[8] ? floats(buffers[8]) : null },
    strongest: content.strongest === undefined ? strongest : content.strongest,
  };
}

export interface Marks {
  rate: number;
  /** 1: more often than under the other labels, -1: less often, 0: neither. */
  sign: Int8Array;
  rates: Float32Array;
}

export function readMarks({ content, buffers }: Reply<MarksReply>): Marks {
  const [sign, rates] = buffers;
  return { rate: content.rate, sign: new Int8Array(sign.buffer.slice(sign.byteOffset, sign.byteOffset + sign.byteLength)), rates: floats(rates) };
}
