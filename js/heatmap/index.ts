// AssociationHeatmap: object classes by labels. Python computes the matrix; this draws it and asks for another.
import "../shared/theme.css";
import "./style.css";
import { selectControl, sliderControl, Tooltip } from "../shared/controls";
import { css } from "../shared/colour";
import { Disposer, h, isDark, onThemeChange } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { setTraits, type Cleanup, type Model, type MountContext } from "../shared/model";
import { Rpc } from "../shared/rpc";
import { widget } from "../shared/widget";
import { HeatmapGrid } from "./grid";
import { Matrix, type Cell, type Measure, type RawMatrix } from "./matrix";

const MEASURES = [
  { value: "fraction", label: "% of images", title: "Share of the label's images in which the class is highlighted" },
  { value: "count", label: "images", title: "Number of the label's images in which the class is highlighted" },
  { value: "lift", label: "lift", title: "How many times as often as in the images of all other labels" },
];
const WAYS = [
  { value: "prediction", label: "predicted label", title: "An image counts under the label that the classifier gives it" },
  { value: "annotation", label: "annotated label", title: "An image counts under the label that the corpus gives it" },
];
const TOPS = [10, 25, 50, 100];

/** The settings that decide the matrix, as controls. The explorer shows them in its top bar, the heatmap alone in its own. */
export function settingControls(model: Model, disposer: Disposer, errors: ErrorBar): HTMLElement[] {
  const rpc = new Rpc(model, disposer, errors);
  let settled = true;
  const ask = rpc.latest("set", (_reply, _asked, isLast) => {
    settled = isLast;
    if (isLast) refresh();
  });
  const change = (settings: Record<string, unknown>): void => {
    settled = false;
    ask(settings);
  };
  const method = selectControl(disposer, "method", "method", (value) => change({ method: value }));
  const score = selectControl(disposer, "score", "score", (value) => change({ score: value }));
  const by = selectControl(disposer, "by", "by", (value) => change({ by: value }));
  const threshold = sliderControl(
    disposer,
    "threshold",
    "threshold",
    { min: 0, max: 1, step: 0.01, write: (v) => v.toFixed(2), title: "A box counts where the CAM inside it is more than this on average" },
    (value) => change({ threshold: value }),
  );
  const refresh = (): void => {
    if (!settled) return;
    const named = (names: string[]): { value: string; label: string }[] => names.map((name) => ({ value: name, label: name }));
    method.options(named(model.get<string[]>("methods")), model.get("method"));
    score.options(named(model.get<string[]>("scores")), model.get("score"));
    by.options(WAYS.filter((way) => model.get<string[]>("ways").includes(way.value)), model.get("by"));
    threshold.set(model.get("threshold"));
  };
  disposer.watch(model, ["methods", "scores", "ways", "method", "score", "by", "threshold"], refresh);
  refresh();
  return [method.el, score.el, by.el, threshold.el];
}

export function mount(model: Model, el: HTMLElement, context: MountContext): Cleanup {
  const disposer = new Disposer();
  const errors = new ErrorBar();
  const scaleLow = h("span", { class: "ec-number" });
  const scaleHigh = h("span", { class: "ec-number" });
  const scaleBar = h("span", { class: "hm-scale-bar" });
  const scale = h("span", { class: "hm-scale", "aria-hidden": "true" }, scaleLow, scaleBar, scaleHigh);
  const info = h("div", { class: "hm-info", "data-testid": "heatmap-info", "aria-live": "polite" });
  const lower = h("button", { class: "ec-button", type: "button" }, "Lower the threshold");
  const empty = h("div", { class: "ec-empty", hidden: true }, "No object class is highlighted above this threshold.", h("div", {}, lower));
  disposer.listen(lower, "click", () => setTraits(model, { threshold: Math.floor(50 * model.get<number>("threshold")) / 100 }));

  const measure = selectControl(disposer, "show", "measure", (value) => setTraits(model, { measure: value }));
  const top = selectControl(disposer, "top", "top", (value) => setTraits(model, { top: Number(value) }));
  const bar = h("div", { class: "hm-bar" });
  if (context.embedded) bar.append(h("strong", {}, "Associations"));
  else {
    const badge = h("span", { class: "ec-badge", title: "Drawn images and models trained on them: no finding about real ones" }, "synthetic");
    badge.hidden = !model.get<boolean>("synthetic");
    bar.append(h("strong", {}, "Associations"), badge, ...settingControls(model, disposer, errors));
  }
  bar.append(measure.el, top.el, scale);

  const grid = new HeatmapGrid(disposer, {
    pick: (cell) => {
      const now = model.get<Cell | null>("cell");
      setTraits(model, { cell: now && now[0] === cell[0] && now[1] === cell[1] ? null : cell });
    },
    clear: () => setTraits(model, { cell: null }),
    hover: (index, anchor) => hover(index, anchor),
  });
  const root = h("div", { class: "ec hm" }, bar, info, grid.el, empty, errors.el);
  el.append(root);
  disposer.add(() => root.remove());
  const tooltip = new Tooltip(root, disposer);

  let matrix: Matrix | null = null;
  let hoverTimer = 0;
  disposer.add(() => clearTimeout(hoverTimer));

  function hover(index: number, anchor: HTMLElement | null): void {
    if (matrix && anchor) {
      const [objectClass] = matrix.cell(index);
      tooltip.show(anchor, h("strong", {}, objectClass), h("br"), matrix.sentence(index));
    } else tooltip.hide();
    clearTimeout(hoverTimer);
    const cell = matrix && index >= 0 ? matrix.cell(index) : null;
    hoverTimer = window.setTimeout(() => setTraits(model, { hovered: cell }), 250);
  }

  function describe(): void {
    const cell = model.get<Cell | null>("cell");
    if (!matrix) return;
    const index = cell ? matrix.index(cell) : -1;
    if (cell) {
      const clear = h("button", { class: "ec-icon-button", type: "button", title: "Show everything again (Escape)", "aria-label": "Clear the selection" }, "×");
      clear.addEventListener("click", () => setTraits(model, { cell: null }));
      const what = index >= 0 ? matrix.sentence(index) : `not among the top ${matrix.classes.length}`;
      info.replaceChildren(h("span", { class: "hm-sentence" }, h("strong", {}, `${cell[0]}: `), what), clear);
    } else if (matrix.strongest) {
      const { cell: strongest, sentence } = matrix.strongest;
      const button = h("button", { class: "hm-hint", type: "button", "data-testid": "strongest-hint" }, h("i", { class: "hm-hint-mark" }), sentence);
      button.addEventListener("click", () => setTraits(model, { cell: strongest }));
      info.replaceChildren(button);
    } else info.replaceChildren(h("span", { class: "ec-muted" }, matrix.classes.length ? "Click a cell to see its images." : ""));
  }

  function refresh(): void {
    const raw = model.get<RawMatrix | Record<string, never>>("matrix");
    if (!("classes" in raw)) return;
    matrix = new Matrix(raw as RawMatrix, matrix?.classes);
    const kind = model.get<Measure>("measure");
    measure.options(MEASURES, kind);
    const shown = model.get<number>("top");
    const tops = [...new Set([...TOPS, shown])].sort((a, b) => a - b);
    top.options(tops.map((n) => ({ value: String(n), label: `${n} classes` })), String(shown));
    const nothing = matrix.classes.length === 0;
    empty.hidden = !nothing;
    lower.hidden = model.get<number>("threshold") === 0;
    grid.el.hidden = nothing;
    grid.show(matrix, kind);
    grid.select(model.get<Cell | null>("cell"));
    legend();
    describe();
  }

  function legend(): void {
    if (!matrix) return;
    const kind = model.get<Measure>("measure");
    const dark = isDark(root);
    const stops = Array.from({ length: 9 }, (_, i) => css(matrix!.legendColour(i / 8, kind, dark)));
    scaleBar.style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
    const [low, high] = matrix.legendEnds(kind);
    scaleLow.textContent = low;
    scaleHigh.textContent = high;
  }

  disposer.watch(model, ["matrix", "measure", "top"], refresh);
  disposer.watch(model, "cell", () => {
    grid.select(model.get<Cell | null>("cell"));
    describe();
  });
  onThemeChange(disposer, () => {
    grid.paint();
    legend();
  });
  refresh();
  return () => disposer.dispose();
}

export default widget(mount, "heatmap");
