// PasteBars: the paste experiment's bars, a legend of what they say, and for a bar that is clicked the images that switched.
import "./pastebars.css";
import { css, labelColour } from "../shared/colour";
import { dataBadge, selectControl } from "../shared/controls";
import { Disposer, h, isDark, onThemeChange } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { type Cleanup, type Model, type Mount, type MountContext, setTraits } from "../shared/model";
import { Rpc } from "../shared/rpc";
import { tableButton } from "../shared/tableButton";
import { Chart } from "./chart";
import { type Bar, describe, initials, type Key, keyOf, OBJECT, sameKey } from "./state";
import { Strip } from "./strip";

const HINT = "Click a bar to see the images that switched.";

class PasteWidget {
  private readonly root: HTMLElement;
  private readonly chart: Chart;
  private readonly strip: Strip;
  private readonly before;
  private readonly says = h("div", { class: "pb-says ec-number", role: "status", "data-testid": "bar-says" });
  private readonly legend = h("div", { class: "pb-legend", "data-testid": "legend" });
  private readonly state = h("div", { class: "ec-empty", role: "status", "data-testid": "state" });

  constructor(
    private readonly model: Model,
    el: HTMLElement,
    context: MountContext,
    disposer: Disposer,
  ) {
    const errors = new ErrorBar();
    const rpc = new Rpc(model, disposer, errors);
    this.before = selectControl(disposer, "images labelled", "before", (value) => setTraits(model, { before: value === "" ? null : value }));
    this.chart = new Chart({
      on: (bar) => this.describe(bar),
      pick: (bar) => setTraits(model, { selected: sameKey(this.selected, keyOf(bar)) ? null : keyOf(bar) }),
    }, disposer);
    this.strip = new Strip(rpc, () => setTraits(model, { selected: null }), disposer);
    const badge = dataBadge(model, context.embedded);
    this.root = h("div", { class: `pb${context.embedded ? " pb-embedded" : ""}`, "data-testid": "pastebars" },
      h("div", { class: "pb-bar-row" }, h("strong", {}, "Share of pastes that switched the label"), this.before.el, h("span", { class: "ec-spring" }), badge, tableButton(rpc, "The numbers of these bars, as a table", disposer)),
      h("div", { class: "pb-scroll" }, this.chart.el, this.state),
      this.says, this.legend, this.strip.el, errors.el);
    el.append(this.root);
    disposer.add(() => this.root.remove());
    disposer.watch(model, "_bars", () => this.draw());
    disposer.watch(model, "selected", () => this.select());
    disposer.watch(model, "before", () => this.update());
    onThemeChange(disposer, () => this.showLegend());
    disposer.listen<KeyboardEvent>(this.root, "keydown", (event) => {
      if (event.key !== "Escape" || this.selected === null) return;
      setTraits(model, { selected: null });
      event.preventDefault();
      event.stopPropagation();
    });
    this.draw();
  }

  private get bars(): Bar[] {
    return this.model.get<Bar[]>("_bars");
  }

  private get selected(): Key | null {
    return this.model.get<Key | null>("selected");
  }

  private draw(): void {
    this.chart.show(this.bars);
    this.state.hidden = this.bars.length > 0;
    this.state.textContent = this.model.get<string | null>("before") === null ? "Nothing was pasted." : "Nothing was pasted on images with this label.";
    this.update();
    this.showLegend();
    this.select();
  }

  private update(): void {
    const befores = this.model.get<string[]>("_befores");
    this.before.options([{ value: "", label: "anything" }, ...befores.map((label) => ({ value: label, label }))], this.model.get<string | null>("before") ?? "");
  }

  private select(): void {
    this.chart.select(this.selected);
    this.strip.show(this.bars.find((bar) => sameKey(keyOf(bar), this.selected)) ?? null, this.selected);
    this.describe(null);
  }

  private describe(bar: Bar | null): void {
    this.says.textContent = bar === null ? (this.selected === null ? HINT : "The images that switched are below.") : `${describe(bar)}.`;
  }

  private showLegend(): void {
    const dark = isDark(this.root);
    const own = this.bars.filter((bar) => bar.variant === OBJECT && bar.to_label !== null);
    const counts = new Map<string, number>();
    for (const bar of own) counts.set(bar.to_label!, (counts.get(bar.to_label!) ?? 0) + 1);
    const labels = [...counts].sort((a, b) => b[1] - a[1]).map(([label]) => h("span", { class: "pb-key" }, h("i", { class: "pb-dot", style: { background: css(labelColour(label, dark)) } }), `${initials(label)} ${label}`));
    const variants = [...new Set(this.bars.map((bar) => bar.variant))].filter((variant) => variant !== OBJECT);
    const controls = variants.map((variant) => h("span", { class: "pb-key" }, h("i", { class: "pb-swatch" }), `${variant} silhouette at the same place: what covering alone switches`));
    this.legend.replaceChildren(h("span", { class: "ec-muted" }, "colour: the label most often switched to"), ...labels, ...controls, h("span", { class: "pb-key" }, h("i", { class: "pb-whisker-key" }), "95 % interval"));
  }
}

export const mount: Mount = (model, el, context): Cleanup => {
  const disposer = new Disposer();
  new PasteWidget(model, el, context, disposer);
  return () => disposer.dispose();
};
