// The numbers of the whole run: what a report counts with. Images are positions; labels and classes are indices.
import { type Block, importanceOf, NONE, UNIT_STEPS } from "./data";

export interface NumbersHeader {
  ids: string[];
  labels: string[];
  annotations: string[];
  classes: string[];
  methods: string[];
  scores: string[];
  outputs: Record<string, string>;
  /** From each score to the threshold that suits it. */
  default_thresholds: Record<string, number>;
  /** From a class to what it is a kind of, from the root down to itself; a class that is no kind of anything is left out. */
  lineage: Record<string, string[]>;
  failures: number;
  /** The first of them: image id and reason. */
  failed: [string, string][];
  synthetic: boolean;
}

/** What makes a box count, as in Python's `Run.association`; the least confidence was chosen when the report was made. */
export interface Settings {
  method: string;
  score: string;
  threshold: number;
  by: string;
}

type Kept = Uint16Array | Uint8Array | Float32Array;

export class Numbers {
  readonly header: NumbersHeader;
  readonly width: Int32Array;
  readonly height: Int32Array;
  readonly predicted: Int32Array;
  private readonly annotated: Int32Array;
  private readonly probability: Uint16Array;
  readonly pairClass: Uint16Array;
  readonly pairImage: Uint32Array;
  /** Of each pair the greatest confidence, in steps of 1 / UNIT_STEPS. */
  readonly pairConfidence: Uint16Array;
  private readonly kept = new Map<string, Kept>();

  /** `given`: what images were labelled with in the browser, by position. */
  constructor(
    private readonly block: Block<NumbersHeader>,
    private readonly given: ReadonlyMap<number, string> = new Map(),
  ) {
    this.header = block.header;
    const size = block.u4("size");
    this.width = Int32Array.from({ length: size.length / 2 }, (_, i) => size[2 * i]);
    this.height = Int32Array.from({ length: size.length / 2 }, (_, i) => size[2 * i + 1]);
    this.predicted = indices(block.u2("predicted"));
    this.annotated = indices(block.u2("annotated"));
    this.probability = block.u2("probability");
    this.pairClass = block.u2("pair.class");
    this.pairImage = block.u4("pair.image");
    this.pairConfidence = block.u2("pair.confidence");
  }

  get length(): number {
    return this.header.ids.length;
  }

  /** All probabilities of an image, in the order of the labels. */
  probabilities(position: number): Float32Array {
    const n = this.header.labels.length;
    return Float32Array.from(this.probability.subarray(position * n, (position + 1) * n), (code) => code / UNIT_STEPS);
  }

  probabilityOf(position: number, label: number): number {
    return this.probability[position * this.header.labels.length + label] / UNIT_STEPS;
  }

  label(position: number): string | null {
    return this.header.labels[this.predicted[position]] ?? null;
  }

  /** What an image is annotated with: by somebody in the browser, else by the corpus. */
  annotation(position: number): string | null {
    return this.given.get(position) ?? this.header.annotations[this.annotated[position]] ?? null;
  }

  /** The labels that images are counted under. */
  labelsBy(by: string): string[] {
    return by === "prediction" ? this.header.labels : this.header.annotations;
  }

  /** Of each image the index among `labelsBy(by)`, -1 for none. */
  labelOf(by: string): ArrayLike<number> {
    return by === "prediction" ? this.predicted : this.annotated;
  }

  /** 1 for each image that has a map of the method: only those take part in an association. */
  explained(method: string): Uint8Array {
    return this.keep(`explained/${method}`, (name) => this.block.u1(name)) as Uint8Array;
  }

  /** Of each pair of class and image the greatest importance, as a threshold code; null where the report has none. */
  pairImportance(method: string, score: string): Uint16Array | null {
    const name = `pair.importance/${method}/${score}`;
    return this.block.has(name) ? (this.keep(name, (n) => this.block.u2(n)) as Uint16Array) : null;
  }

  /** What this share (0..1) of the greatest importances per image and class is at most. */
  quantile(method: string, score: string, by: string, share: number): number {
    const [labelOf, explained] = [this.labelOf(by), this.explained(method)];
    const codes = this.pairImportance(method, score)?.filter((_, pair) => explained[this.pairImage[pair]] === 1 && labelOf[this.pairImage[pair]] >= 0);
    if (!codes?.length) return 0;
    return importanceOf(codes.sort()[Math.min(Math.floor(share * codes.length), codes.length - 1)]);
  }

  /** Valence and arousal of an image, null where the run has none. */
  affect(position: number): { valence: number | null; arousal: number | null } {
    const read = (name: string): number | null => {
      const value = this.block.has(name) ? (this.keep(name, (n) => this.block.f4(n)) as Float32Array)[position] : NaN;
      return Number.isNaN(value) ? null : value;
    };
    return { valence: read("valence"), arousal: read("arousal") };
  }

  private keep(name: string, read: (name: string) => Kept): Kept {
    let values = this.kept.get(name);
    if (values === undefined) this.kept.set(name, (values = read(name)));
    return values;
  }
}

const indices = (stored: Uint16Array): Int32Array => Int32Array.from(stored, (index) => (index === NONE ? -1 : index));
