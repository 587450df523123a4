// PasteExperiment: the choices with what they cost, the experiment while it runs, and the bars of what it found.
import "./paste.css";
import { mount as mountBars } from "../pastebars/mount";
import { dataBadge, selectControl } from "../shared/controls";
import { Disposer, h } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { childModel, type Cleanup, type Model, type Mount, type MountContext, setTraits } from "../shared/model";
import { Rpc } from "../shared/rpc";
import { type Sprite, Things } from "./things";
import { type Cost, type Trial, writeCost, writeTrial } from "./words";

const COUNTS = [10, 20, 50, 100, 200, 500];
const PLACES = [
  { value: "grid", label: "17 (4 × 4 and the centre)", title: "As in the paper's experiment" },
  { value: "middle", label: "the middle only", title: "A seventeenth of the time" },
];
const WHY = "Pastes a thing onto many images of the run and counts how often the label switches, and to what. Choose above, then Run: the bars come while it is computed. Click a bar to see its images.";

class PastePanel {
  private readonly errors = new ErrorBar();
  private readonly rpc: Rpc;
  private readonly root: HTMLElement;
  private readonly things: Things;
  private readonly label;
  private readonly count;
  private readonly places;
  private readonly control = h("input", { type: "checkbox", "data-testid": "control-too" });
  private readonly cost = h("span", { class: "pe-cost ec-number", role: "status", "data-testid": "cost" });
  private readonly go = h("button", { class: "ec-button ec-button-primary", type: "button", "data-testid": "run" }, "Run");
  private readonly meter = h("progress", { class: "pe-meter", "aria-label": "images pasted onto" });
  private readonly says = h("span", { class: "ec-number", role: "status", "data-testid": "trial-says" });
  private readonly details = h("details", { hidden: true });
  private readonly empty = h("div", { class: "ec-empty", "data-testid": "paste-empty" }, WHY);
  private readonly form: HTMLElement;
  /** Stays in sight while the bars are scrolled through. */
  private readonly told: HTMLElement;
  private readonly bars = h("div", { class: "pe-bars" });
  private shown: string | null = null;
  /** An experiment was begun here: its first bars are brought into sight. */
  private begun = false;
  private unmountBars: Cleanup | null = null;

  constructor(
    private readonly model: Model,
    el: HTMLElement,
    context: MountContext,
    private readonly disposer: Disposer,
  ) {
    this.rpc = new Rpc(model, disposer, this.errors);
    this.things = new Things(model.get<Sprite[]>("_sprites"), this.rpc, { pick: (things) => setTraits(model, { things }) }, disposer);
    this.label = selectControl(disposer, "onto images labelled", "paste-label", (value) => setTraits(model, { label: value === "" ? null : value }));
    this.count = selectControl(disposer, "how many", "paste-count", (value) => setTraits(model, { count: Number(value) }));
    this.places = selectControl(disposer, "places", "paste-places", (value) => setTraits(model, { places: value }));
    const control = h("label", { class: "ec-field", title: "The same silhouette in grey at the same places: what covering alone switches" }, this.control, h("span", {}, "its grey silhouette too"));
    this.form = h("div", { class: "pe-form" }, this.things.el, h("div", { class: "pe-row" }, this.label.el, this.count.el, this.places.el, control, h("span", { class: "ec-spring" }), dataBadge(model, context.embedded)));
    this.told = h("div", { class: "pe-row pe-told" }, this.go, this.meter, h("span", { class: "pe-words" }, this.says, this.cost));
    this.root = h("div", { class: `pe${context.embedded ? " pe-embedded" : ""}`, "data-testid": "paste" }, this.form, this.told, this.details, this.empty, this.bars, this.errors.el);
    el.append(this.root);
    disposer.add(() => this.root.remove());
    disposer.add(() => this.unmountBars?.());
    disposer.listen(this.control, "change", () => setTraits(model, { control: this.control.checked }));
    disposer.listen(this.go, "click", () => {
      this.begun = !this.running;
      void this.rpc.request(this.running ? "cancel" : "run").catch(() => undefined); // shown below
    });
    disposer.watch(model, ["things", "label", "count", "control", "places", "cost", "hint", "_labels"], () => this.choices());
    disposer.watch(model, "trial", () => this.tell());
    disposer.watch(model, "bars", () => void this.showBars());
    this.choices();
    this.tell();
    void this.showBars();
  }

  private get trial(): Trial | null {
    return this.model.get<Trial | null>("trial");
  }

  private get running(): boolean {
    return this.trial?.state === "running";
  }

  private choices(): void {
    const { model } = this;
    const hint = model.get<string>("hint");
    const cost = model.get<Cost>("cost");
    const labels = model.get<[string, number][]>("_labels");
    const count = model.get<number>("count");
    this.things.select(model.get<string[]>("things"));
    this.label.options([{ value: "", label: "anything" }, ...labels.map(([label, n]) => ({ value: label, label: `${label} (${n})` }))], model.get<string | null>("label") ?? "");
    const counts = [...new Set([...COUNTS, count])].sort((a, b) => a - b);
    this.count.options(counts.map((value) => ({ value: String(value), label: String(value) })), String(count));
    this.places.options(PLACES, model.get("places"));
    this.control.checked = model.get<boolean>("control");
    this.cost.textContent = hint || writeCost(cost);
    this.cost.classList.toggle("ec-muted", !hint);
    this.form.hidden = this.go.hidden = Boolean(hint);
    this.root.classList.toggle("pe-without", Boolean(hint));
    this.button();
  }

  private button(): void {
    this.go.textContent = this.running ? "Stop" : "Run";
    this.go.classList.toggle("ec-button-primary", !this.running);
    this.go.disabled = !this.running && Boolean(this.model.get<Cost>("cost").problem);
  }

  private tell(): void {
    const { trial } = this;
    this.root.dataset.state = trial?.state ?? "none";
    this.meter.hidden = !this.running;
    this.says.hidden = trial === null;
    this.cost.hidden = this.running;
    if (this.begun && (trial?.done ?? 0) > 0) {
      this.begun = false;
      this.root.scrollTop = this.told.offsetTop;
    }
    this.says.textContent = trial === null ? "" : [writeTrial(trial), trial.note].filter(Boolean).join(" ");
    this.says.classList.toggle("pe-problem", trial?.state === "failed");
    if (trial !== null) {
      this.meter.max = trial.images;
      this.meter.value = trial.done;
    }
    const details = trial?.details ?? "";
    this.details.hidden = !details;
    this.details.replaceChildren(h("summary", {}, "Details"), h("pre", {}, details));
    this.button();
  }

  private async showBars(): Promise<void> {
    const reference = this.model.get<string | null>("bars");
    this.empty.hidden = reference !== null || Boolean(this.model.get<string>("hint"));
    if (reference === this.shown) return;
    this.shown = reference;
    this.unmountBars?.();
    this.unmountBars = null;
    if (reference === null) return;
    try {
      const bars = await childModel(this.model, "bars");
      if (this.disposer.disposed || this.shown !== reference) return;
      this.unmountBars = mountBars(bars, this.bars, { embedded: true });
    } catch (problem) {
      this.shown = null;
      this.errors.show({ sentence: "The bars could not be shown.", details: String(problem), action: { label: "Try again", run: () => void this.showBars() } });
    }
  }
}

export const mount: Mount = (model, el, context): Cleanup => {
  const disposer = new Disposer();
  new PastePanel(model, el, context, disposer);
  return () => disposer.dispose();
};
