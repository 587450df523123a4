// LimeView's buttons in one row: run or cancel, regions, what is shown, settings, export, keys.
import { selectControl, sliderControl } from "../shared/controls";
import { type Disposer, h } from "../shared/dom";
import { type KeyList, KeysHelp } from "../shared/keys";
import { FoldOut } from "../shared/menu";
import { type Model, setTraits } from "../shared/model";
import type { Status } from "./state";

const KEYS: KeyList = [
  ["Tab", "to the list of regions"],
  ["↑ ↓", "next region by weight: it is outlined on the map"],
  ["f a x", "mark it for, against, not at all (commit first)"],
  ["m", "the map, or the picture as it is"],
  ["+ − 0", "larger, smaller, the whole picture"],
  ["Esc", "close this"],
];
const PAUSE_MS = 400;

export interface ToolEvents {
  run: () => void;
  cancel: () => void;
  map: () => void;
  addTarget: (label: string) => void;
  save: (what: string) => void;
}

export class Tools {
  readonly bar: HTMLElement;
  readonly keys: KeysHelp;
  readonly badge = h("span", { class: "ec-badge", title: "A synthetic classifier: no finding about a real one", hidden: true }, "synthetic classifier");
  private readonly run = h("button", { class: "ec-button", type: "button", "data-testid": "run" }, "Run again");
  private readonly map = h("button", { class: "ec-button", type: "button", "aria-pressed": "true", title: "The map, or the picture as it is (m)", "data-testid": "toggle-map" }, "Map");
  private readonly commit = h("button", { class: "ec-button", type: "button", title: "First mark what should speak for and against the label, then see the map; it is made meanwhile", "data-testid": "commit-first" }, "Commit first");
  private readonly add = h("select", { class: "ec-select", "aria-label": "Compare with another label", "data-testid": "add-target" });
  private readonly regions;
  private readonly palette;
  private readonly scale;
  private readonly segmentation;
  private readonly samples;
  private readonly hide;
  private readonly output;
  private running = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly model: Model,
    within: HTMLElement,
    embedded: boolean,
    events: ToolEvents,
    disposer: Disposer,
  ) {
    this.keys = new KeysHelp(KEYS, within, disposer);
    const set = (name: string) => (value: string): void => setTraits(model, { [name]: value });
    this.regions = sliderControl(disposer, "regions", "n-regions", { min: 10, max: 200, step: 5, write: String, title: "About how many regions the image is cut into" }, (value) => this.later({ n_regions: value }));
    this.palette = selectControl(disposer, "colours", "palette", set("palette"));
    this.scale = selectControl(disposer, "deepest colour", "scale", set("scale"));
    this.segmentation = selectControl(disposer, "cut into regions by", "segmentation", set("segmentation"));
    this.samples = selectControl(disposer, "samples", "n-samples", (value) => setTraits(model, { n_samples: Number(value) }));
    this.hide = selectControl(disposer, "a hidden region shows", "hide", set("hide"));
    this.output = selectControl(disposer, "explained", "output", set("output"));
    const save = (what: string, label: string): HTMLElement => {
      const button = h("button", { class: "ec-button", type: "button", "data-testid": `save-${what}` }, label);
      disposer.listen(button, "click", () => events.save(what));
      return button;
    };
    const settings = new FoldOut("Settings", "settings", disposer, this.palette.el, this.scale.el, this.samples.el, this.segmentation.el, this.hide.el, this.output.el);
    const files = new FoldOut("Export", "export", disposer, save("png", "The map as PNG"), save("csv", "Regions as CSV"), save("json", "Everything as JSON"), save("notes", "All notes as CSV"));
    this.bar = h("div", { class: "li-bar-row" }, this.run, this.regions.el, this.add, this.map, this.commit, h("span", { class: "ec-spring" }), embedded ? null : this.badge, settings.el, files.el, this.keys.button);
    disposer.listen(this.run, "click", () => (this.running ? events.cancel() : events.run()));
    disposer.listen(this.map, "click", events.map);
    disposer.listen(this.commit, "click", () => setTraits(model, { reveal: this.commit.getAttribute("aria-pressed") === "true" ? "open" : "commit-first" }));
    disposer.listen(this.add, "change", () => {
      if (this.add.value !== "") events.addTarget(this.add.value);
    });
    disposer.watch(model, ["palette", "scale", "segmentation", "n_samples", "n_regions", "hide", "output", "reveal"], () => this.update());
    disposer.add(() => clearTimeout(this.timer));
  }

  /** `explains`: there is a worker that can sample. */
  show(status: Status, explains: boolean, coloured: boolean, covered: boolean, others: string[]): void {
    this.running = status === "running";
    this.run.textContent = this.running ? "Cancel" : status === "empty" ? "Run" : "Run again";
    this.run.disabled = !explains;
    this.map.setAttribute("aria-pressed", String(coloured && !covered));
    this.map.disabled = covered;
    this.add.replaceChildren(h("option", { value: "" }, "compare with…"), ...others.map((label) => h("option", { value: label }, label)));
    this.add.hidden = others.length === 0;
    this.update();
  }

  update(): void {
    const get = <T>(name: string): T => this.model.get<T>(name);
    const samples = get<number>("n_samples");
    this.regions.set(get("n_regions"));
    this.regions.el.hidden = get<string>("segmentation") !== "slic";
    this.palette.options([{ value: "blue-red", label: "blue for, red against" }, { value: "blue-orange", label: "blue for, orange against" }], get("palette"));
    this.scale.options([{ value: "own", label: "each label's strongest" }, { value: "shared", label: "the strongest of all labels" }], get("scale"));
    this.segmentation.options([{ value: "slic", label: "slic, as many as you say" }, { value: "quickshift", label: "quickshift, as many as it finds" }], get("segmentation"));
    this.samples.options([...new Set([250, 500, 1000, 2000, 5000, samples])].sort((a, b) => a - b).map((n) => ({ value: String(n), label: n.toLocaleString("en") })), String(samples));
    this.hide.options(["mean", "grey", "blurred"].map((value) => ({ value, label: value === "mean" ? "its mean colour" : value })), get("hide"));
    this.output.options(["probabilities", "logits"].map((value) => ({ value, label: value })), get("output"));
    this.commit.setAttribute("aria-pressed", String(get<string>("reveal") === "commit-first"));
  }

  /** A slider that is dragged starts LIME once, where it stops. */
  private later(traits: Record<string, unknown>): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => setTraits(this.model, traits), PAUSE_MS);
  }
}
