// "Hide all but the strongest": a slider of how many regions stay, and what the classifier says of exactly that picture.
import { type Disposer, h } from "../shared/dom";
import { LabelBars } from "../shared/labelBars";
import { type Model, setTraits } from "../shared/model";
import { floats, type Rpc } from "../shared/rpc";
import type { Shown } from "./panel";

interface Answer {
  scene: number;
  kept: number[];
  area: number;
}

const TOP = 3;
const HIDDEN_AS = [
  { value: "grey", label: "grey" },
  { value: "blurred", label: "blurred" },
  { value: "mean", label: "own mean colour" },
];

export class Strongest {
  readonly el: HTMLElement;
  private readonly slider = h("input", { type: "range", min: 1, max: 1, step: 1, "aria-label": "Number of regions that stay", "data-testid": "keep" });
  private readonly toggle = h("button", { class: "ec-button", type: "button", "aria-pressed": "false", "data-testid": "hide-rest" }, "Hide all but the strongest");
  private readonly says = h("span", { class: "ec-number", "data-testid": "kept" });
  private readonly which = select("which regions", [{ value: "for", label: "for the label" }, { value: "both", label: "for or against it" }]);
  private readonly how = select("what hidden regions show", HIDDEN_AS);
  private readonly controls: HTMLElement;
  private readonly bars: LabelBars;
  private original: Float32Array | null = null;
  private readonly ask: (content: Record<string, unknown>) => void;

  constructor(
    private readonly model: Model,
    rpc: Rpc,
    private readonly shown: Shown,
    private readonly changed: () => void,
    private readonly disposer: Disposer,
  ) {
    this.bars = new LabelBars(TOP, disposer);
    this.controls = h("div", { class: "li-keep-controls" }, h("label", { class: "ec-field" }, this.slider, this.says), this.which, this.how);
    this.el = h("section", { class: "li-keep", "aria-label": "Hide all but the strongest regions" }, this.toggle, this.controls, this.bars.el);
    this.ask = rpc.latest<Answer>("strongest", ({ content, buffers }) => void this.take(content, buffers));
    disposer.listen(this.toggle, "click", () => setTraits(model, { keep: this.keep === null ? Math.min(5, Number(this.slider.max)) : null }));
    disposer.listen(this.slider, "input", () => setTraits(model, { keep: this.slider.valueAsNumber }));
    disposer.listen(this.which, "change", () => setTraits(model, { strongest: this.which.value }));
    disposer.listen(this.how, "change", () => setTraits(model, { hidden_as: this.how.value }));
    disposer.watch(model, ["keep", "strongest", "hidden_as"], () => this.update());
    disposer.add(() => this.shown.strongest?.picture.close());
  }

  setScene(labels: string[], original: Float32Array): void {
    this.bars.setLabels(labels);
    this.original = original.length > 0 ? original : null;
    this.drop();
    this.update();
  }

  /** Other weights, or another wish. */
  update(): void {
    const { map, covered } = this.shown;
    const weights = map?.explained[0]?.weights ?? null;
    const may = weights !== null && !covered;
    this.el.hidden = !may && this.original === null;
    this.toggle.disabled = !may;
    this.toggle.setAttribute("aria-pressed", String(this.keep !== null));
    this.controls.hidden = this.keep === null || !may;
    const label = map?.explained[0]?.target ?? "the label";
    this.which.options[0].textContent = `for ${label}`;
    this.which.options[1].textContent = `for or against ${label}`;
    this.which.value = this.model.get<string>("strongest");
    this.how.value = this.model.get<string>("hidden_as");
    if (weights !== null) {
      const counting = this.which.value === "for" ? weights.filter((weight) => weight > 0).length : weights.length;
      this.slider.max = String(Math.max(1, counting));
    }
    if (this.keep === null || !may) {
      this.drop();
      if (this.original !== null) this.bars.update(this.original, null);
      this.bars.el.hidden = this.original === null;
      return;
    }
    this.slider.value = String(this.keep);
    this.ask({ keep: this.keep, strongest: this.which.value, hidden_as: this.how.value });
  }

  private get keep(): number | null {
    return this.model.get<number | null>("keep");
  }

  private drop(): void {
    this.shown.strongest?.picture.close();
    this.shown.strongest = null;
    this.el.dataset.kept = "";
    this.changed();
  }

  private async take(content: Answer, buffers: DataView[]): Promise<void> {
    const picture = await createImageBitmap(new Blob([buffers[0] as DataView<ArrayBuffer>]));
    if (this.disposer.disposed || this.keep === null || content.scene !== this.model.get<number>("_scene")) return picture.close();
    this.shown.strongest?.picture.close();
    this.shown.strongest = { picture, kept: new Set(content.kept) };
    this.says.textContent = `${content.kept.length} regions, ${(100 * content.area).toFixed(0)} % of the image`;
    this.slider.setAttribute("aria-valuetext", this.says.textContent);
    const probabilities = floats(buffers[1]);
    this.bars.el.hidden = probabilities.length === 0;
    if (probabilities.length > 0) this.bars.update(probabilities, this.original);
    this.el.dataset.kept = String(content.kept.length);
    this.changed();
  }
}

function select(name: string, options: { value: string; label: string }[]): HTMLSelectElement {
  return h("select", { class: "ec-select", "aria-label": name, title: name }, ...options.map((each) => h("option", { value: each.value }, each.label)));
}
