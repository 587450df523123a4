// RsaMatrix: the correlations as a matrix, what they are worth in words, and for a pair that is clicked where the two differ.
import "./rsa.css";
import { dataBadge, selectControl, sliderControl } from "../shared/controls";
import { Disposer, h } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { type Cleanup, type Model, type Mount, type MountContext, setTraits } from "../shared/model";
import { floats, integers, Rpc } from "../shared/rpc";
import { tableButton } from "../shared/tableButton";
import { AddMethod } from "./adding";
import { Difference, type DifferenceContent } from "./difference";
import { RsaGrid } from "./matrix";
import { caveat, describePair, type RawTables, readTables, type RsaTables, summary } from "./state";

const ON = [
  { value: "counts", label: "numbers of images (M_A)", title: "As in the paper: a frequent label weighs more" },
  { value: "fractions", label: "shares of the label's images (M′_A)", title: "A frequent label weighs no more than others" },
];
const VARIANTS = [
  { value: "spearman", label: "matrices", title: "The matrices of classes by labels, flattened" },
  { value: "dice", label: "classes by classes (Dice)", title: "The variant in the authors' scripts: how alike the classes are, over the images in which they count" },
];
const PAUSE_MS = 350;

class RsaWidget {
  private readonly errors = new ErrorBar();
  private readonly root: HTMLElement;
  private readonly grid: RsaGrid;
  private readonly difference: Difference;
  private readonly state = h("div", { class: "ec-empty", role: "status", "data-testid": "state" }, "Comparing the methods…");
  private readonly progress = h("span", { class: "ec-muted", role: "status", "data-testid": "progress" });
  private readonly says = h("div", { class: "rs-says ec-number", role: "status", "data-testid": "pair-says" });
  private readonly caveat = h("p", { class: "rs-caveat", "data-testid": "caveat" });
  private readonly score;
  private readonly on;
  private readonly variant;
  private readonly threshold;
  private readonly csv: HTMLButtonElement;
  private readonly ask: (content?: Record<string, unknown>) => void;
  private tables: RsaTables | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly model: Model,
    el: HTMLElement,
    context: MountContext,
    disposer: Disposer,
  ) {
    const rpc = new Rpc(model, disposer, this.errors);
    this.grid = new RsaGrid({
      on: (pair) => this.describe(pair),
      pick: (pair) => setTraits(model, { pair: same(this.pair, pair) ? null : pair }),
    }, disposer);
    this.difference = new Difference(() => setTraits(model, { pair: null }), disposer);
    this.above(context, disposer);
    const adding = new AddMethod(model, rpc, disposer);
    this.score = selectControl(disposer, "score", "score", (value) => setTraits(model, { score: value, threshold: null }));
    this.on = selectControl(disposer, "compare", "on", (value) => setTraits(model, { on: value }));
    this.variant = selectControl(disposer, "as", "variant", (value) => setTraits(model, { variant: value }));
    this.threshold = sliderControl(disposer, "threshold", "threshold", { min: 0, max: 1, step: 0.01, write: (value) => value.toFixed(2), title: "A box counts where its importance is above it" }, (value) => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => setTraits(model, { threshold: value }), PAUSE_MS);
    });
    this.ask = rpc.latest<DifferenceContent>("difference", ({ content, buffers }) => {
      if (!same(this.pair, content.pair)) return;
      this.difference.show(content, floats(buffers[0]), floats(buffers[1]), integers(buffers[2]));
    });
    this.csv = tableButton(rpc, "Every pair with its correlation, interval and controls, as a table", disposer);
    this.root = h("div", { class: `rs${context.embedded ? " rs-embedded" : ""}`, "data-testid": "rsa" },
      h("div", { class: "rs-bar" }, this.score.el, this.threshold.el, this.on.el, this.variant.el, this.progress, h("span", { class: "ec-spring" }), dataBadge(model, context.embedded), this.csv),
      this.state,
      h("div", { class: "rs-body" }, h("div", { class: "rs-main" }, this.grid.el, this.says, this.caveat), this.difference.el),
      adding.el,
      this.errors.el);
    el.append(this.root);
    disposer.add(() => {
      clearTimeout(this.timer);
      this.root.remove();
    });
    disposer.watch(model, "_matrix", () => this.take());
    disposer.watch(model, ["_held", "status", "problem", "score", "threshold", "on", "variant", "_cut"], () => this.update());
    disposer.watch(model, ["pair", "top"], () => this.showPair());
    disposer.listen<KeyboardEvent>(this.root, "keydown", (event) => {
      if (event.key !== "Escape" || this.pair === null) return;
      setTraits(model, { pair: null });
      event.preventDefault();
      event.stopPropagation();
    });
    this.take();
  }

  private get pair(): [string, string] | null {
    return this.model.get<[string, string] | null>("pair");
  }

  /** Where there is a heatmap of the whole run above: the same difference there, all classes, to click on. */
  private above({ compareAbove }: MountContext, disposer: Disposer): void {
    if (!compareAbove) return;
    const button = h("button", { class: "ec-button", type: "button", title: "The heatmap then shows this difference: click a cell there to see its images", "data-testid": "compare-above" }, "Show in the heatmap");
    disposer.listen(button, "click", () => {
      if (this.pair !== null) compareAbove(this.pair);
    });
    this.difference.offer(button);
  }

  private take(): void {
    this.tables = readTables(this.model.get<RawTables>("_matrix"));
    if (this.tables !== null) this.grid.show(this.tables);
    this.update();
    this.showPair();
  }

  private update(): void {
    const { model, tables } = this;
    const status = model.get<string>("status");
    this.root.dataset.status = status;
    this.score.options(model.get<string[]>("_scores").map((value) => ({ value, label: value })), model.get("score"));
    this.on.options(ON, model.get("on"));
    this.variant.options(VARIANTS, model.get("variant"));
    this.on.el.hidden = model.get("variant") !== "spearman";
    this.threshold.set(model.get<number>("_cut"));
    const alone = (model.get<string[] | undefined>("_held") ?? []).length === 1;
    this.root.classList.toggle("rs-one-method", alone);
    this.state.hidden = tables !== null || alone;
    this.state.textContent = status === "failed" ? model.get<string>("problem") : "Comparing the methods…";
    this.progress.textContent = status === "running" && tables !== null ? "intervals and controls under way…" : "";
    this.grid.el.hidden = tables === null;
    this.csv.disabled = tables === null;
    this.caveat.textContent = tables === null ? "" : caveat(tables);
    this.describe(null);
  }

  private showPair(): void {
    const { pair } = this;
    this.root.classList.toggle("rs-paired", pair !== null && this.tables !== null);
    this.grid.select(pair);
    this.difference.wait(this.tables === null ? null : pair);
    if (pair !== null && this.tables !== null) this.ask({ pair });
    this.describe(null);
  }

  /** A pair by numbers, else the one that is chosen, else a word on what can be done. */
  private describe(at: [number, number] | null): void {
    const { tables, pair } = this;
    if (tables === null) this.says.textContent = "";
    else if (at !== null) this.says.textContent = describePair(tables, at[0], at[1]);
    else if (pair !== null) this.says.textContent = describePair(tables, tables.methods.indexOf(pair[0]), tables.methods.indexOf(pair[1]));
    else this.says.textContent = `${summary(tables)} Click a pair to see where the two differ.`;
  }
}

const same = (a: [string, string] | null, b: [string, string]): boolean => a !== null && a[0] === b[0] && a[1] === b[1];

export const mount: Mount = (model, el, context): Cleanup => {
  const disposer = new Disposer();
  new RsaWidget(model, el, context, disposer);
  return () => disposer.dispose();
};
