// What the heatmap asks of Python (../heatmap/protocol.ts), answered from a report: the numbers at any threshold, score and method
// that it holds. The least confidence is the report's own, and nothing is rolled up.
import type { MatrixReply, MatrixRequest, Settings as Shown } from "../heatmap/protocol";
import { SETTING_NAMES } from "../heatmap/protocol";
import { Association } from "./association";
import type { ImageFilter } from "./filter";
import { type Called, called, RATE } from "./marks";
import type { Numbers, Settings } from "./numbers";
import { type Selection, selection } from "./ordering";
import type { Answer, StoredModel } from "./storedModel";

/** Where a slider of thresholds may end: a round number above nearly all boxes, so that each step means something. */
const LIMITS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1];
const NEARLY_ALL = 0.998;

export class HeatmapAnswers {
  private readonly thresholds = new Map<string, number>();
  private readonly limits = new Map<string, number>();
  private marks: { association: Association; value: Called } | null = null;

  constructor(
    private readonly model: StoredModel,
    private readonly numbers: Numbers,
    private readonly filter: ImageFilter,
  ) {
    model.answer("matrix", (asked, buffers) => this.matrix(asked as unknown as MatrixRequest, buffers));
    model.answer("marks", (asked, buffers) => this.marked(asked.settings as Shown, buffers));
    for (const trait of ["object_class", "label"]) {
      model.watch([trait], () => {
        if (model.get(trait) !== null) model.set("cell", null);
      });
    }
    model.watch(["cell"], () => {
      if (model.get("cell") !== null) for (const trait of ["object_class", "label"]) model.set(trait, null);
    });
  }

  private get settings(): Shown {
    return Object.fromEntries(SETTING_NAMES.map((name) => [name, this.model.get(name)])) as unknown as Shown;
  }

  private matrix(asked: MatrixRequest, held: DataView[]): Answer {
    const now = this.settings;
    const changed = { ...asked.settings };
    if (changed.score !== undefined && changed.score !== now.score && changed.threshold === undefined) changed.threshold = this.thresholdOf(changed.score);
    const settings = { ...now, ...changed };
    // Told after the answer: what else follows these settings must not keep the heatmap waiting.
    setTimeout(() => {
      if (settings.score !== now.score) this.thresholds.set(now.score, now.threshold);
      for (const name of SETTING_NAMES) if (name in changed) this.model.set(name, settings[name]);
    });
    const association = this.filter.at(of(settings));
    const other = settings.compare === null ? null : new Association(this.numbers, { ...of(settings), method: settings.compare });
    const shown = held.length >= 2 ? rowsAndColumns(held) : this.chosen(association, other, settings, asked.search);
    const names = settings.by === "annotation" ? 1 : 0;
    const reply: MatrixReply = { settings, names, limit: this.limit(settings), default_threshold: this.thresholdDefault(settings.score), compared: settings.compare };
    if (held.length < 2) reply.strongest = other === null ? association.strongest(shown.rows) : null;
    if (asked.names !== names) Object.assign(reply, { classes: association.classes, labels: association.labels });
    const buffers: Int32Array[] = [Int32Array.from(shown.rows), Int32Array.from(shown.columns)];
    for (const each of other === null ? [association] : [association, other]) {
      buffers.push(Int32Array.from(shown.columns, (column) => each.nImages[column]), part(each, each.counts, shown), part(each, each.present, shown));
    }
    return [{ ...reply }, buffers];
  }

  private chosen(association: Association, other: Association | null, { top, order }: Shown, search: string): Selection {
    const { lineage } = this.numbers.header;
    return selection(association, { top, order, search, against: other?.fractions ?? null, lineage });
  }

  private marked(settings: Shown, held: DataView[]): Answer {
    const association = this.filter.at(of(settings));
    if (this.marks?.association !== association) this.marks = { association, value: called(association) };
    const { sign, adjusted } = this.marks.value;
    const shown = rowsAndColumns(held);
    const signs = Int8Array.from(part(association, sign, shown));
    return [{ rate: RATE }, [signs, pick(new Float32Array(shown.rows.length * shown.columns.length), association, adjusted, shown)]];
  }

  private thresholdDefault(score: string): number {
    return this.numbers.header.default_thresholds[score] ?? 0.3;
  }

  /** What was last used with that score, else its default. */
  private thresholdOf(score: string): number {
    return this.thresholds.get(score) ?? this.thresholdDefault(score);
  }

  private limit({ method, score, by }: Shown): number {
    const key = JSON.stringify([method, score, by]);
    let limit = this.limits.get(key);
    if (limit === undefined) {
      const most = Math.max(this.numbers.quantile(method, score, by, NEARLY_ALL), 1.5 * this.thresholdDefault(score));
      this.limits.set(key, (limit = LIMITS.find((each) => each >= most) ?? 1));
    }
    return limit;
  }
}

const of = ({ method, score, threshold, by }: Shown): Settings => ({ method, score, threshold, by });

function rowsAndColumns([rows, columns]: DataView[]): Selection {
  const numbers = (view: DataView): number[] => Array.from({ length: view.byteLength / 4 }, (_, i) => view.getInt32(4 * i, true));
  return { rows: numbers(rows), columns: numbers(columns) };
}

const part = (association: Association, values: ArrayLike<number>, shown: Selection): Int32Array =>
  pick(new Int32Array(shown.rows.length * shown.columns.length), association, values, shown);

function pick<T extends Int32Array | Float32Array>(out: T, association: Association, values: ArrayLike<number>, { rows, columns }: Selection): T {
  rows.forEach((row, i) => columns.forEach((column, j) => (out[i * columns.length + j] = values[row * association.labels.length + column])));
  return out;
}
