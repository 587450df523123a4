// What the heatmap asks of Python, answered from a report: the matrix at any threshold, score and method that it holds.
import type { Association } from "./association";
import type { ImageFilter } from "./filter";
import type { Settings } from "./numbers";
import type { StoredModel } from "./storedModel";

const SETTINGS = ["method", "score", "threshold", "min_confidence", "by"];

export class HeatmapAnswers {
  constructor(
    private readonly model: StoredModel,
    private readonly filter: ImageFilter,
  ) {
    model.answer("set", (asked) => {
      for (const name of SETTINGS) if (name in asked) model.set(name, asked[name]);
      return {};
    });
    model.watch([...SETTINGS, "top"], () => this.refresh());
    this.refresh();
  }

  private refresh(): void {
    const { model } = this;
    const settings: Settings = { method: model.get("method"), score: model.get("score"), threshold: model.get("threshold"), by: model.get("by") };
    model.replace("matrix", shownMatrix(this.filter.at(settings), model.get("top")));
  }
}

/** What the front end draws: the rows of the top classes, numbers as it would get them from Python. */
export function shownMatrix(association: Association, top: number): Record<string, unknown> {
  const rows = association.top(top);
  const n = association.labels.length;
  const pick = <T extends Int32Array | Float32Array>(out: T, values: ArrayLike<number>): DataView => {
    rows.forEach((row, i) => {
      for (let column = 0; column < n; column++) out[i * n + column] = values[row * n + column];
    });
    return view(out);
  };
  return {
    classes: rows.map((row) => association.classes[row]),
    labels: association.labels,
    images: view(association.nImages),
    counts: pick(new Int32Array(rows.length * n), association.counts),
    fractions: pick(new Float32Array(rows.length * n), association.fractions),
    lift: pick(new Float32Array(rows.length * n), association.lift),
    strongest: association.strongest(rows),
  };
}

const view = (values: Int32Array | Float32Array): DataView => new DataView(values.buffer, values.byteOffset, values.byteLength);
