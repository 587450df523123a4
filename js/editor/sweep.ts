// The sweep: the selected thing at every place of a grid, painted over the picture as a map of one label's probability while it
// computes. Python is asked pass by pass, so that it stops where it is told to and a drag always goes first. Its answers go to every
// view, and each paints the same map: one view asks, the others follow.
import { type Rgb, css, sequential } from "../shared/colour";
import { type Disposer, h } from "../shared/dom";
import { ranking, writePercent } from "../shared/labelBars";
import type { Model } from "../shared/model";
import { floats, type Rpc, RpcError } from "../shared/rpc";
import type { Point, Viewport } from "../shared/viewport";
import type { Edit } from "./edits";
import type { Placement } from "./placement";
import { type Scene, sameEdits } from "./scene";
import type { Stage, StageTool } from "./stage";
import { paintWords } from "./stagePaint";
import { SweepMap } from "./sweepMap";

const GRIDS: [number, number][] = [[6, 4], [8, 6], [12, 9], [20, 15]];
const USUAL_GRID = 2;
const PASS = 4; // cells at a time
const AT_ONCE = 2; // passes under way: while one is computed the next is already there
const LEGEND = 24;

interface Run {
  number: number;
  map: SweepMap;
  placements: Placement[];
  edits: Edit[];
  index: number;
  running: boolean;
  /** This view asks for it. */
  own: boolean;
  problem: string;
}

/** What Python tells every view: a sweep as far as it is (`columns`), some more cells of it, or that it ended. */
interface News {
  kind: string;
  run?: number;
  columns?: number;
  rows?: number;
  /** The swept thing's place among those that are not hidden. */
  index?: number;
  cells?: number[];
  running?: boolean;
  stopped?: boolean;
  cleared?: boolean;
}

export class Sweep implements StageTool {
  readonly cursor = "crosshair";
  readonly el: HTMLElement;
  private readonly target = h("select", { class: "ec-select", "aria-label": "label whose probability is shown", "data-testid": "sweep-target" });
  private readonly grid = h("select", { class: "ec-select", "aria-label": "how many places", "data-testid": "sweep-grid" });
  private readonly go = h("button", { class: "ec-button ec-button-primary", type: "button", "data-testid": "sweep-go" });
  private readonly hide = h("button", { class: "ec-button", type: "button", "data-testid": "sweep-clear", title: "Take the map off the picture" }, "Clear");
  private readonly best = h("button", { class: "ec-button", type: "button", "data-testid": "sweep-best", title: "Put the thing where this label is most probable" });
  private readonly worst = h("button", { class: "ec-button", type: "button", "data-testid": "sweep-worst", title: "Put the thing where this label is least probable" });
  private readonly progress = h("div", { class: "ec-muted ec-panel-hint", role: "status", "data-testid": "sweep-progress" });
  private readonly says = h("div", { class: "ec-panel-hint ec-number", "data-testid": "sweep-says" });
  private readonly low = h("span", { class: "ec-number" });
  private readonly high = h("span", { class: "ec-number" });
  private readonly legend: HTMLElement;
  private readonly results: HTMLElement;
  private labels: string[] = [];
  private run: Run | null = null;
  private hovered = -1;
  private enabled = false;
  /** The label was chosen once; from then on it is the user's. */
  private picked = false;

  constructor(
    model: Model,
    private readonly rpc: Rpc,
    private readonly scene: Scene,
    private readonly stage: Stage,
    private readonly now: () => Float32Array,
    private readonly root: HTMLElement,
    disposer: Disposer,
  ) {
    this.grid.append(...GRIDS.map(([columns, rows], i) => h("option", { value: i }, `${columns} × ${rows} places`)));
    this.grid.value = String(USUAL_GRID);
    const steps = Array.from({ length: LEGEND }, (_, i) => css(sequential(i / (LEGEND - 1)) as Rgb));
    this.legend = h("div", { class: "ec-map-legend", role: "img", "aria-label": "colours from the lowest to the highest probability" },
      this.low, h("span", { class: "ec-map-legend-scale", style: { background: `linear-gradient(to right, ${steps.join(", ")})` } }), this.high);
    this.results = h("div", { class: "ec-panel-form" }, this.legend, this.says, h("div", { class: "ec-panel-buttons" }, this.best, this.worst, this.hide));
    this.el = h("div", { class: "ec-panel-form" },
      h("label", { class: "ec-panel-row" }, this.target), h("label", { class: "ec-panel-row" }, this.grid), this.go, this.progress, this.results);
    disposer.listen(this.go, "click", () => (this.run?.running === true ? this.stop() : void this.start()));
    disposer.listen(this.hide, "click", () => {
      this.tell({ clear: true });
      this.clear();
    });
    disposer.on(model, "msg:custom", (news: News, buffers: DataView[]) => {
      if (news.kind === "sweep" && typeof news.run === "number") this.heard(news, news.run, buffers);
    });
    disposer.listen(this.target, "change", () => {
      this.picked = true;
      this.shown();
    });
    disposer.listen(this.best, "click", () => this.putAt(this.run?.map.best(this.label) ?? -1));
    disposer.listen(this.worst, "click", () => this.putAt(this.run?.map.worst(this.label) ?? -1));
    disposer.listen(stage.canvas.element, "pointerleave", () => this.hover(-1));
    disposer.add(() => {
      if (this.run?.own === true && this.run.running) this.tell({ stop: true }); // what there is of it is kept
      this.run = null;
    });
    this.update();
  }

  setLabels(labels: string[]): void {
    this.labels = labels;
    this.target.replaceChildren(...labels.map((label, i) => h("option", { value: i }, label)));
  }

  enable(enabled: boolean): void {
    this.enabled = enabled;
    this.clear();
    if (enabled) this.rpc.request("sweep", { show: true }, [], { own: true }).catch(() => undefined); // then there is none to show
  }

  /** What is on the picture has changed: a map of something else goes. Only where the swept thing is makes no difference. */
  committed(): void {
    if (this.run !== null && !this.fits(this.run)) this.clear();
    this.update();
  }

  update(): void {
    const running = this.run?.running === true;
    if (!this.picked) this.target.value = String(ranking(this.now())[0] ?? 0); // the winning label, until one is chosen
    const current = this.scene.current;
    for (const control of [this.target, this.grid]) control.disabled = !this.enabled;
    this.grid.disabled ||= running;
    this.go.disabled = !this.enabled || (!running && (current === null || current.hidden === true));
    const go = running ? "Stop" : current === null ? "Select a thing to sweep" : `Sweep ${current.sprite}`;
    if (this.go.textContent !== go) this.go.textContent = go;
    this.results.hidden = this.run === null;
    this.root.dataset.sweeping = String(running);
    if (this.run !== null) this.speak();
  }

  // -- the stage's map ------------------------------------------------------------------------------------------------------------

  down(_event: PointerEvent, at: Point, under: number): boolean {
    if (under >= 0) return false; // things stay movable
    this.putAt(this.run?.map.cellAt(this.relative(at)) ?? -1);
    return true;
  }

  move(_event: PointerEvent, at: Point): void {
    this.hover(this.run?.map.cellAt(this.relative(at)) ?? -1);
  }

  up(): void {
    // what is clicked happened when the pointer went down
  }

  key(): boolean {
    return false;
  }

  paint(context: CanvasRenderingContext2D, viewport: Viewport): void {
    if (this.run === null) return;
    const { map } = this.run;
    map.paint(context, viewport, this.scene.size, this.label, this.hovered);
    const value = map.value(this.hovered, this.label);
    if (value === null) return;
    const at = map.centre(this.hovered);
    const x = at.x * this.scene.size.width * viewport.scale + viewport.x;
    const y = at.y * this.scene.size.height * viewport.scale + viewport.y;
    paintWords(context, `${this.labels[this.label]} ${writePercent(value)}`, { x: x + 8, y: y - 4 }, "system-ui, sans-serif");
  }

  // -- running --------------------------------------------------------------------------------------------------------------------

  private get label(): number {
    return Number(this.target.value || 0);
  }

  private async start(): Promise<void> {
    const { scene } = this;
    if (scene.current === null) return;
    this.clear();
    const [columns, rows] = GRIDS[Number(this.grid.value)];
    const shown = scene.placements.filter((placement) => placement.hidden !== true);
    const number = Math.floor(Math.random() * 2 ** 40);
    const run: Run = { number, map: new SweepMap(columns, rows, this.labels.length), placements: scene.placements, edits: scene.edits, index: scene.selected, running: true, own: true, problem: "" };
    this.picked = true;
    this.put(run);
    const asked = { run: number, placements: shown, edits: scene.edits, index: shown.indexOf(scene.current) };
    try {
      const { content } = await this.rpc.request<{ order: number[] }>("sweep", { ...asked, start: true, columns, rows }, [], { own: true });
      await this.passes(run, content.order);
    } catch (problem) {
      run.problem = problem instanceof RpcError ? problem.sentence : String(problem); // what was computed stays
    }
    run.running = false;
    if (this.run === run) this.shown();
  }

  private async passes(run: Run, order: number[]): Promise<void> {
    const passes: number[][] = [];
    for (let i = 0; i < order.length; i += PASS) passes.push(order.slice(i, i + PASS));
    const take = async (): Promise<void> => {
      for (let cells = passes.shift(); cells !== undefined && run.running && this.run === run; cells = passes.shift()) {
        const { buffers } = await this.rpc.request("sweep", { run: run.number, cells }, [], { own: true });
        run.map.take(cells, floats(buffers[0]));
        if (this.run === run) this.shown();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, take));
  }

  private put(run: Run): void {
    this.run = run;
    this.stage.map = this;
    this.update();
  }

  /** Another view's sweep, or Python's own. */
  private heard(news: News, number: number, buffers: DataView[]): void {
    if (news.columns !== undefined && this.run?.number !== number) this.follow(news, number);
    const { run } = this;
    if (run === null || run.number !== number) return;
    if (news.cleared === true) return this.clear();
    if (news.stopped === true || news.running === false) run.running = false;
    if (news.cells !== undefined && !run.own) run.map.take(news.cells, floats(buffers[0]));
    if (run.map.done === run.map.count && !run.own) run.running = false;
    if (news.stopped === true || !run.own) this.shown();
  }

  private follow({ columns = 0, rows = 0, index = -1 }: News, number: number): void {
    const { placements, edits } = this.scene;
    const visible = placements.flatMap(({ hidden }, i) => (hidden === true ? [] : [i]));
    if (!this.enabled || visible[index] === undefined) return;
    const map = new SweepMap(columns, rows, this.labels.length);
    if (this.run !== null) this.run.running = false;
    this.put({ number, map, placements, edits, index: visible[index], running: true, own: false, problem: "" });
  }

  /** Whether it was heard is seen by what Python tells all views. */
  private tell(what: { stop: true } | { clear: true }): void {
    if (this.run !== null) this.rpc.request("sweep", { run: this.run.number, ...what }, [], { own: true }).catch(() => undefined);
  }

  private stop(): void {
    const { run } = this;
    if (run === null || !run.running) return;
    this.tell({ stop: true });
    run.running = false;
    this.shown();
  }

  private clear(): void {
    this.stop();
    this.run = null;
    this.hovered = -1;
    this.stage.map = null;
    this.progress.textContent = "";
    this.stage.canvas.redraw();
    this.update();
  }

  private fits({ placements, edits, index }: Run): boolean {
    const { scene } = this;
    const at = scene.placements[index];
    if (at === undefined || placements.length !== scene.placements.length || !sameEdits(edits, scene.edits)) return false;
    const moved = placements.map((placement, i) => (i === index ? { ...placement, x: at.x, y: at.y } : placement));
    return JSON.stringify(moved) === JSON.stringify(scene.placements);
  }

  // -- what is said of it ---------------------------------------------------------------------------------------------------------

  private shown(): void {
    if (this.run !== null) {
      const { map, problem, running } = this.run;
      const words = map.done === map.count ? `${map.count} places.` : `${map.done} of ${map.count} places${running ? "…" : ", stopped."}`;
      this.progress.textContent = problem === "" ? `${words} Click the map to put it there.` : `${words} ${problem}`;
      const [low, high] = map.range(this.label);
      this.low.textContent = writePercent(low);
      this.high.textContent = writePercent(high);
      this.best.textContent = `Highest: ${writePercent(high)}`;
      this.worst.textContent = `Lowest: ${writePercent(low)}`;
    }
    this.stage.canvas.redraw();
    this.update();
  }

  /** The number under the pointer, else that of where the thing is. */
  private speak(): void {
    if (this.run === null) return;
    const { map, index } = this.run;
    const thing = this.scene.placements[index];
    const cell = this.hovered >= 0 ? this.hovered : thing === undefined ? -1 : map.cellAt(thing);
    const value = map.value(cell, this.label);
    const says = value === null ? "" : `${this.hovered >= 0 ? "There" : "Nearest place"}: ${this.labels[this.label]} ${writePercent(value)}`;
    if (this.says.textContent !== says) this.says.textContent = says;
  }

  private hover(cell: number): void {
    if (cell === this.hovered) return;
    this.hovered = cell;
    this.speak();
    if (this.run !== null) this.stage.canvas.redraw();
  }

  private putAt(cell: number): void {
    if (this.run === null || cell < 0) return;
    const { index, map } = this.run;
    const placement = this.scene.placements[index];
    if (placement === undefined) return;
    const { x, y } = map.centre(cell);
    this.scene.select(index);
    this.scene.replace(index, { ...placement, x, y });
    this.scene.commit();
  }

  private relative(at: Point): Point {
    return { x: at.x / this.scene.size.width, y: at.y / this.scene.size.height };
  }
}
