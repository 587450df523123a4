// AssociationHeatmap: object classes by labels. Python answers with numbers; this draws them and asks for others.
import "../shared/theme.css";
import "../shared/keys.css";
import "./style.css";
import { Disposer, h, onThemeChange, setHidden } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { Height } from "../shared/height";
import { KeysHelp, type KeyList } from "../shared/keys";
import { setTraits, type Cleanup, type Model, type MountContext } from "../shared/model";
import { widget } from "../shared/widget";
import { copy, drawing, fileName, picture, save, source, table } from "./export";
import { HeatmapGrid, type Place, type Selected } from "./grid";
import { InfoLine } from "./info";
import { Matrix } from "./matrix";
import type { Cell, Measure } from "./protocol";
import { settingControls } from "./settings";
import { Store } from "./store";
import { Toolbar } from "./toolbar";
import { TryPanel } from "./tryPanel";

export { settingControls } from "./settings";

const KEYS: KeyList = [
  ["← → ↑ ↓", "from cell to cell, and to the names of classes and labels"],
  ["Enter", "select the cell, the class or the label"],
  ["Esc", "select nothing"],
  ["/", "find a class"],
  ["+ −  0", "larger and smaller cells, as much as fits"],
  ["t", "try the selected cell out"],
  ["?", "this list"],
];
const HOVER_TOLD = 250;
/** Standing alone it is so high, in pixels; more where its rows need it, and never more than can be seen at once. */
const HEIGHT = 680;
const STATUS_STAYS = 4000;

class Heatmap {
  private matrix: Matrix | null = null;
  private readonly store: Store;
  private readonly grid: HeatmapGrid;
  private readonly toolbar: Toolbar;
  private readonly info: InfoLine;
  private readonly trial: TryPanel;
  private readonly waiting = h("div", { class: "ec-empty", "data-testid": "heatmap-waiting" }, "Counting…");
  private readonly empty = h("div", { class: "ec-empty", hidden: true, "data-testid": "heatmap-empty" });
  private readonly root = h("div", { class: "ec hm", "data-testid": "heatmap-widget", "data-settled": "false" });
  private readonly status = h("div", { class: "hm-status", role: "status" });
  /** What stands above the cells. */
  private readonly above: HTMLElement[];
  private height: Height | null = null;
  /** How many there are while none is searched for: typing a name makes the heatmap no lower. */
  private rows = 0;
  /** The height that was given last; where it stands otherwise, the user has resized it. */
  private given = "";
  private hoverTimer = 0;
  private statusTimer = 0;

  constructor(
    private readonly model: Model,
    private readonly el: HTMLElement,
    { embedded }: MountContext,
    private readonly disposer: Disposer,
    private readonly errors: ErrorBar,
  ) {
    this.store = Store.of(model, disposer, errors);
    this.grid = new HeatmapGrid(disposer, {
      pick: (place) => this.pick(place),
      clear: () => setTraits(model, { cell: null, object_class: null, label: null }),
      hover: (place) => this.hover(place),
    });
    this.trial = new TryPanel(model, this.store, disposer, () => this.trial.button.focus());
    this.info = new InfoLine(model, this.trial.button, disposer);
    this.toolbar = new Toolbar(model, this.store, disposer, {
      zoom: (size) => this.grid.zoom(size),
      toGrid: () => this.grid.focusFirst(),
      export: (kind) => void this.export(kind),
    });
    this.above = [...this.bars(embedded), this.info.el];
    this.root.append(...this.above.slice(0, -1), this.toolbar.panel, this.info.el, this.grid.el, this.waiting, this.empty, this.trial.el, this.status, errors.el);
    el.append(this.root);
    disposer.add(() => this.root.remove());
    disposer.add(() => {
      clearTimeout(this.hoverTimer);
      clearTimeout(this.statusTimer);
    });
    if (!embedded) this.fit();
    this.listen();
    this.refresh();
  }

  /** Standing alone it is as high as its rows need and as can be seen at once; its lower edge can be dragged. */
  private fit(): void {
    const { el } = this;
    this.height = new Height(el, (fits) => {
      if (el.style.height !== this.given) return el.style.height;
      const needed = this.grid.heightOf(this.rows) + this.above.reduce((sum, each) => sum + each.offsetHeight, 0);
      return (this.given = `${Math.min(fits(), Math.max(HEIGHT, needed))}px`);
    }, this.disposer);
    this.disposer.add(() => {
      if (el.style.height === this.given) el.style.height = "";
    });
  }

  private bars(embedded: boolean): HTMLElement[] {
    const bar = h("div", { class: "hm-bar" });
    if (embedded) {
      bar.append(...this.toolbar.items);
      return [bar];
    }
    const badge = h("span", { class: "ec-badge", title: "Drawn images and models trained on them: no finding about real ones" }, "synthetic");
    badge.hidden = !this.model.get<boolean>("synthetic");
    const help = new KeysHelp(KEYS, this.root, this.disposer);
    const settings = h("span", { class: "hm-settings" }, ...settingControls(this.model, this.disposer, this.errors));
    bar.append(...this.toolbar.items);
    return [h("div", { class: "hm-bar hm-title" }, h("strong", {}, "Associations"), badge, settings, help.button), bar, help.panel];
  }

  private listen(): void {
    const { disposer, model } = this;
    this.store.on(disposer, (what) => {
      if (what === "asked") this.root.dataset.settled = "false";
      else if (what === "matrix") this.refresh();
      else this.paint();
    });
    disposer.watch(model, "measure", () => this.refresh());
    disposer.watch(model, ["comparisons", "features"], () => this.refresh());
    disposer.watch(model, ["cell", "object_class", "label"], () => {
      this.grid.select(this.selected);
      this.describe();
    });
    onThemeChange(disposer, () => this.paint());
    disposer.listen<KeyboardEvent>(this.root, "keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if ((event.target as Element).matches("input:not([type=range]):not([type=checkbox]), select, textarea")) return;
      const actions: Record<string, () => void> = {
        "/": () => this.toolbar.focusSearch(),
        "+": () => this.toolbar.step(1, this.grid.shownSize),
        "=": () => this.toolbar.step(1, this.grid.shownSize),
        "-": () => this.toolbar.step(-1, this.grid.shownSize),
        "0": () => this.toolbar.step(0, 0),
        t: () => this.trial.start(),
      };
      const action = actions[event.key];
      if (!action) return;
      event.preventDefault();
      event.stopPropagation();
      action();
    });
  }

  private get selected(): Selected {
    const { model } = this;
    return { cell: model.get<Cell | null>("cell"), object_class: model.get<string | null>("object_class"), label: model.get<string | null>("label") };
  }

  /** Whether cells are marked as soon as it is known which. */
  private get marking(): boolean {
    return this.model.get<boolean>("marks") && this.store.offers("marks") && !this.matrix?.isDifference;
  }

  private pick({ row, column }: Place): void {
    if (!this.matrix) return;
    const now = this.selected;
    const objectClass = row < 0 ? null : this.matrix.classes[row];
    const label = column < 0 ? null : this.matrix.labels[column];
    const cell = objectClass !== null && label !== null ? [objectClass, label] : null;
    const next = cell ? { cell, object_class: null, label: null } : { cell: null, object_class: objectClass, label };
    const same = JSON.stringify(now) === JSON.stringify(next);
    setTraits(this.model, same ? { cell: null, object_class: null, label: null } : next);
  }

  private hover(place: Place | null): void {
    this.info.point(this.matrix, place, this.store.marks);
    clearTimeout(this.hoverTimer);
    const { matrix } = this;
    const cell = matrix && place && place.row >= 0 && place.column >= 0 ? [matrix.classes[place.row], matrix.labels[place.column]] : null;
    this.hoverTimer = window.setTimeout(() => setTraits(this.model, { hovered: cell }), HOVER_TOLD);
  }

  private refresh(): void {
    const { raw, settings } = this.store;
    if (this.store.settled || !raw) this.toolbar.refresh();
    setHidden(this.waiting, raw !== null);
    setHidden(this.grid.el, !raw?.classes.length);
    setHidden(this.empty, !raw || raw.classes.length > 0);
    if (!raw) return;
    const hadRows = this.matrix !== null;
    if (!this.store.searched) this.rows = raw.classes.length;
    this.matrix = new Matrix(raw, this.model.get<Measure>("measure"));
    if (!raw.classes.length) this.explainEmpty(settings.threshold);
    this.grid.show(this.matrix, this.store.marks, !this.store.settled);
    if (!hadRows) this.grid.select(this.selected);
    this.info.legend(this.matrix, this.store.marks, this.marking);
    this.describe();
    if (this.store.settled) this.height?.later();
    // What is shown, for whoever waits for it.
    this.root.dataset.threshold = String(settings.threshold);
    this.root.dataset.settled = String(this.store.settled);
    this.root.dataset.marked = String(this.store.marks !== null);
  }

  private explainEmpty(threshold: number): void {
    const { searched } = this.store;
    const buttons: HTMLElement[] = [];
    const button = (text: string, run: () => void): void => {
      const el = h("button", { class: "ec-button", type: "button" }, text);
      el.addEventListener("click", run, { once: true });
      buttons.push(el);
    };
    if (searched) button("Clear the search", () => this.toolbar.clearSearch());
    else if (threshold > 0) button("Lower the threshold", () => this.store.change({ threshold: threshold / 2 }));
    const sentence = searched ? `No object class has “${searched}” in its name.` : "No object class is highlighted above this threshold.";
    this.empty.replaceChildren(sentence, h("div", {}, ...buttons));
  }

  private paint(): void {
    if (!this.matrix) return;
    this.grid.show(this.matrix, this.store.marks);
    this.info.legend(this.matrix, this.store.marks, this.marking);
    this.trial.refresh();
    this.describe();
    this.root.dataset.marked = String(this.store.marks !== null);
  }

  private describe(): void {
    if (this.matrix) this.info.describe(this.matrix, this.selected, this.store.marks, this.store.searched);
  }

  private async export(kind: "copy" | "csv" | "png" | "svg"): Promise<void> {
    const { matrix } = this;
    if (!matrix) return;
    const { method, score, threshold, by } = this.store.settings;
    const run = this.model.get<string>("run_name");
    const against = matrix.other === null ? [] : [`minus ${matrix.other}`];
    const name = fileName([run, method, ...against, score, threshold.toFixed(2), matrix.measure]);
    const title = `Object classes and labels: ${TITLES[matrix.measure]}${matrix.isDifference ? `, ${method} minus ${matrix.other}` : ""}`;
    const synthetic = this.model.get<boolean>("synthetic") ? ", synthetic data" : "";
    const caption = { title, subtitle: `${run}, ${method}, ${score} above ${threshold.toFixed(2)}, by ${by === "annotation" ? "annotated" : "predicted"} label${synthetic}` };
    try {
      if (kind === "copy") await copy(table(matrix, "\t"));
      else if (kind === "csv") save(table(matrix, ","), `${name}.csv`, "text/csv");
      else if (kind === "svg") save(source(drawing(matrix, caption)), `${name}.svg`, "image/svg+xml");
      else save(await picture(drawing(matrix, caption)), `${name}.png`);
      this.status.textContent = kind === "copy" ? `Copied ${matrix.classes.length} rows: paste them, or pandas.read_clipboard(index_col=0).` : `Saved ${name}.${kind}`;
      clearTimeout(this.statusTimer);
      this.statusTimer = window.setTimeout(() => (this.status.textContent = ""), STATUS_STAYS);
    } catch (problem) {
      this.errors.show({ sentence: "The heatmap could not be exported.", details: String(problem) });
    }
  }
}

const TITLES: Record<Measure, string> = {
  fraction: "% of the label's images",
  count: "images",
  lift: "lift",
  presence: "% of the label's images that show the class",
};

export function mount(model: Model, el: HTMLElement, context: MountContext): Cleanup {
  const disposer = new Disposer();
  new Heatmap(model, el, context, disposer, new ErrorBar());
  return () => disposer.dispose();
}

export default widget(mount, "heatmap");
