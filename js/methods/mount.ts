// MethodComparison: a small picture per method, filled as the maps come in; boxes, zoom and the enlarged one are shared by all.
import "../shared/imageCanvas.css";
import "../shared/keys.css";
import "../shared/listBox.css";
import "../shared/menu.css";
import "./methods.css";
import type { Box } from "../shared/boxes";
import { classColour, css } from "../shared/colour";
import { type Option, selectControl } from "../shared/controls";
import { Disposer, h } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { type KeyList, KeysHelp } from "../shared/keys";
import { FoldOut } from "../shared/menu";
import { type Cleanup, type Model, type Mount, type MountContext, setTraits } from "../shared/model";
import { floats, type Reply, Rpc } from "../shared/rpc";
import { SceneLoader, type SceneReply } from "../shared/scene";
import { BoxList } from "./boxList";
import { CorrelationMatrix } from "./matrix";
import { Tile } from "./tile";

interface MethodsScene extends SceneReply {
  labels: string[];
  known: string[];
  slow: string[];
  detects: boolean;
  scores: string[];
}

interface CamReply {
  scene?: number;
  method: string;
  asked?: string | null;
  target?: string;
  output?: string;
  cam?: [number, number, number, number, number, number];
  problem: string | null;
}

const KEYS: KeyList = [
  ["Tab", "to the methods, to the list of boxes"],
  ["← → ↑ ↓", "next method, next box"],
  ["Enter", "enlarge the method, or make it small again"],
  ["+ − 0", "larger, smaller, the whole picture (all together)"],
  ["Esc", "make the large one small again"],
];
const NO_IMAGE = "No picture yet: choose one to explain.";
const NO_METHOD = "No method is chosen: choose some under “Methods”.";

class Methods {
  private readonly errors = new ErrorBar();
  private readonly rpc: Rpc;
  private readonly root: HTMLElement;
  private readonly grid = h("div", { class: "me-grid", role: "group", "aria-label": "Maps by method" });
  private readonly state = h("div", { class: "me-state", role: "status", "data-testid": "state" }, "Opening…");
  private readonly says = h("span", { class: "ec-muted", role: "status", "data-testid": "progress" });
  private readonly badge = h("span", { class: "ec-badge", title: "A synthetic classifier: no finding about a real one", hidden: true }, "synthetic classifier");
  private readonly boxesButton = h("button", { class: "ec-button", type: "button", "data-testid": "toggle-boxes" }, "Boxes");
  private readonly opacity = h("input", { type: "range", min: 0.1, max: 1, step: 0.05, "aria-label": "opacity of the maps", title: "Opacity of the maps" });
  private readonly choice = h("div", { class: "me-choice" });
  private readonly target;
  private readonly score;
  private readonly keys: KeysHelp;
  private readonly list: BoxList;
  private readonly matrix: CorrelationMatrix;
  private readonly tiles = new Map<string, Tile>();
  private readonly askCorrelations: (content: Record<string, unknown>) => void;
  private readonly loader: SceneLoader<MethodsScene>;
  private boxes: Box[] = [];
  /** Whether the detector gave the things' outlines. */
  private masked = false;
  private round = 0;
  private pointed: string | null = null;
  private predicted = "";

  constructor(
    private readonly model: Model,
    el: HTMLElement,
    context: MountContext,
    private readonly disposer: Disposer,
  ) {
    this.rpc = new Rpc(model, disposer, this.errors);
    this.root = h("div", { class: `me${context.embedded ? " me-embedded" : ""}`, "data-testid": "methods", "data-ready": "false", "data-settled": "false" });
    this.keys = new KeysHelp(KEYS, this.root, disposer);
    this.target = selectControl(disposer, "label", "target", (value) => setTraits(model, { target: value === "" ? null : value }));
    this.score = selectControl(disposer, "importance", "score", (value) => setTraits(model, { score: value }));
    this.list = new BoxList((index) => this.showBox(index), (index) => setTraits(model, { box: index }), disposer);
    this.matrix = new CorrelationMatrix((pair) => this.mark(pair), disposer);
    this.askCorrelations = this.rpc.latest<{ methods: string[] }>("correlations", ({ content, buffers }) => {
      this.matrix.update(content.methods, floats(buffers[0]));
      this.showRho();
    });
    const methods = new FoldOut("Methods", "choose-methods", disposer, this.choice);
    this.root.append(
      h("div", { class: "me-bar-row" }, methods.el, this.target.el, this.score.el, this.boxesButton, this.opacity, this.says, h("span", { class: "ec-spring" }), context.embedded ? null : this.badge, this.keys.button),
      h("div", { class: "me-body" }, h("div", { class: "me-main" }, this.grid, this.state), h("div", { class: "me-side" }, this.list.el, this.matrix.el)),
      this.keys.panel,
      this.errors.el,
    );
    el.append(this.root);
    this.loader = new SceneLoader(this.rpc, this.root, disposer);
    disposer.add(() => {
      for (const tile of this.tiles.values()) tile.destroy();
      this.root.remove();
    });
    this.listen();
    void this.load().catch(() => this.say("The comparison could not be opened."));
  }

  private listen(): void {
    const { disposer, model } = this;
    disposer.watch(model, "_scene", () => void this.load().catch(() => this.say("The picture could not be loaded.")));
    disposer.watch(model, ["target", "score"], () => this.ask(true));
    disposer.watch(model, "methods", () => {
      this.layOut();
      this.ask(false);
    });
    disposer.watch(model, "enlarged", () => this.layOut());
    disposer.watch(model, ["show_boxes", "cam_opacity"], () => this.show());
    disposer.watch(model, "box", () => this.showBox(-1));
    disposer.listen(this.boxesButton, "click", () => setTraits(model, { show_boxes: !model.get<boolean>("show_boxes") }));
    disposer.listen(this.opacity, "input", () => setTraits(model, { cam_opacity: this.opacity.valueAsNumber }));
    disposer.listen(this.choice, "change", () => this.choose());
    disposer.listen<KeyboardEvent>(this.root, "keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || model.get("enlarged") === null) return;
      const method = model.get<string>("enlarged");
      setTraits(model, { enlarged: null });
      this.tiles.get(method)?.name.focus();
      event.preventDefault();
      event.stopPropagation();
    });
  }

  private async load(): Promise<void> {
    this.root.dataset.settled = "false";
    const loaded = await this.loader.load();
    const { scene: content, picture } = this;
    if (loaded === null || content === null) return;
    this.boxes = [];
    this.masked = false;
    this.predicted = "";
    this.matrix.update([], new Float32Array(0));
    this.badge.hidden = !content.synthetic;
    for (const tile of this.tiles.values()) tile.setImage(picture, content);
    this.say(picture === null ? (content.problem ?? NO_IMAGE) : null);
    this.layOut();
    for (const tile of this.tiles.values()) tile.wait();
    this.root.dataset.ready = "true";
    if (picture === null) return;
    await this.loadBoxes(loaded.stale).catch(() => undefined); // said under the widget; the maps do without
    if (!loaded.stale()) this.ask(true);
  }

  private async loadBoxes(stale: () => boolean): Promise<void> {
    const { content, buffers } = await this.rpc.request<{ scene: number; classes: string[]; masks: boolean }>("boxes");
    if (stale()) return;
    this.masked = content.masks;
    const corners = floats(buffers[0]);
    const confidence = floats(buffers[1]);
    this.boxes = content.classes.map((objectClass, i) => ({
      objectClass,
      confidence: confidence[i],
      importance: null,
      strong: false,
      colour: css(classColour(objectClass)),
      x0: corners[4 * i],
      y0: corners[4 * i + 1],
      x1: corners[4 * i + 2],
      y1: corners[4 * i + 3],
    }));
    this.listBoxes();
    this.showControls();
  }

  private get scene(): MethodsScene | null {
    return this.loader.scene;
  }

  private get picture(): ImageBitmap | null {
    return this.loader.picture;
  }

  private get methods(): string[] {
    return this.model.get<string[]>("methods");
  }

  /** Tiles in the order of the methods, the enlarged one first. */
  private layOut(): void {
    const enlarged = this.model.get<string | null>("enlarged");
    const pictured = this.picture !== null;
    const wanted = pictured ? this.methods : [];
    for (const [method, tile] of this.tiles) {
      if (wanted.includes(method)) continue;
      tile.destroy();
      this.tiles.delete(method);
    }
    for (const method of wanted) {
      if (!this.tiles.has(method)) this.tiles.set(method, this.makeTile(method));
      this.tiles.get(method)!.setEnlarged(method === enlarged);
    }
    const order = [...wanted].sort((a, b) => Number(b === enlarged) - Number(a === enlarged));
    const focus = document.activeElement;
    this.grid.replaceChildren(...order.map((method) => this.tiles.get(method)!.el));
    if (focus instanceof HTMLElement && this.grid.contains(focus)) focus.focus({ preventScroll: true });
    this.grid.dataset.methods = wanted.join("|");
    if (pictured) this.say(wanted.length === 0 ? NO_METHOD : null);
    this.rove(enlarged !== null && wanted.includes(enlarged) ? enlarged : (wanted[0] ?? ""));
    this.list.el.hidden = !pictured;
    this.showControls();
    this.show();
  }

  private makeTile(method: string): Tile {
    const tile = new Tile(method, this.scene?.slow.includes(method) ?? false, {
      enlarge: (name) => setTraits(this.model, { enlarged: this.model.get("enlarged") === name ? null : name }),
      box: (index) => this.showBox(index),
      moved: (from) => this.lookAlike(from),
      on: (name) => {
        this.pointed = name;
        this.showRho();
      },
      step: (name, by) => this.step(name, by),
    });
    if (this.scene !== null) tile.setImage(this.picture, this.scene);
    tile.wait();
    return tile;
  }

  private step(method: string, by: number): void {
    const names = [...this.grid.querySelectorAll<HTMLElement>("[data-method]")].map((el) => el.dataset.method!);
    const next = names[Math.min(names.length - 1, Math.max(0, names.indexOf(method) + by))];
    this.rove(next);
    this.tiles.get(next)?.name.focus();
  }

  /** One name is a Tab stop; the arrows go on from it. */
  private rove(to: string): void {
    for (const [method, tile] of this.tiles) tile.name.tabIndex = method === to ? 0 : -1;
  }

  private lookAlike(from: Tile): void {
    for (const tile of this.tiles.values()) if (tile !== from) tile.follow(from);
  }

  /** Asks for the maps that are not there (`anew`: for all): the quick ones first, so that they need not wait for the slow. */
  private ask(anew: boolean): void {
    if (this.picture === null || this.scene === null) return;
    if (anew) this.round++;
    const round = this.round;
    const missing = [...this.tiles.values()].filter((tile) => anew || tile.cam === null).sort((a, b) => Number(a.slow) - Number(b.slow));
    for (const tile of missing) {
      tile.wait();
      this.rpc.request<CamReply>("cam", { method: tile.method, target: this.model.get("target"), score: this.model.get("score") })
        .then((reply) => this.take(reply, tile, round))
        .catch(() => {
          if (round === this.round) tile.fail("It could not be computed; see below.");
        });
    }
    this.settle();
  }

  private take({ content, buffers }: Reply<CamReply>, tile: Tile, round: number): void {
    if (round !== this.round || this.tiles.get(tile.method) !== tile) return;
    if (content.problem !== null || !content.cam) tile.fail(content.problem ?? "There is no such map.");
    else {
      const [height, width, x0, y0, x1, y1] = content.cam;
      const words = `${tile.method} of ${content.target} (${content.output}), ${height} × ${width} cells`;
      tile.take({ grid: floats(buffers[0]), height, width, view: { x0, y0, x1, y1 } }, floats(buffers[1]), this.boxes, words);
      tile.el.title = words;
      if (this.model.get("target") === null) this.predicted = content.target ?? "";
      this.showControls();
      this.askCorrelations({ methods: this.methods, target: this.model.get("target") });
      this.listBoxes();
    }
    this.settle();
  }

  private settle(): void {
    const tiles = [...this.tiles.values()];
    const waiting = tiles.filter((tile) => tile.el.dataset.state === "waiting");
    this.says.textContent = waiting.length === 0 ? "" : `${tiles.length - waiting.length} of ${tiles.length} maps…`;
    this.root.dataset.settled = String(waiting.length === 0 && tiles.length > 0);
    this.show();
  }

  private listBoxes(): void {
    const shown = [...this.tiles.values()].filter((tile) => tile.importance.length === this.boxes.length && tile.cam !== null);
    const mean = Float32Array.from(this.boxes, (_, i) => shown.reduce((sum, tile) => sum + tile.importance[i], 0) / shown.length);
    const none = this.scene?.detects ? "No box was found in this image." : "No boxes: the worker has no detector. Pass one, as in emo.Worker(classifier, detector).";
    this.list.update(this.boxes, mean, shown.length, none);
    this.showBox(-1);
  }

  /** The box that is on: under the pointer (or in the list), else the one that was picked. */
  private showBox(index: number): void {
    const on = index >= 0 ? index : (this.model.get<number | null>("box") ?? -1);
    this.root.dataset.box = String(on);
    for (const tile of this.tiles.values()) tile.highlight(on);
  }

  private showRho(): void {
    const reference = this.pointed ?? this.model.get<string | null>("enlarged");
    for (const [method, tile] of this.tiles) {
      tile.setRho(reference === null || reference === method ? null : this.matrix.of(reference, method), reference);
    }
  }

  private mark(pair: [string, string] | null): void {
    for (const [method, tile] of this.tiles) tile.el.classList.toggle("me-marked", pair !== null && pair.includes(method));
  }

  private show(): void {
    const boxes = this.model.get<boolean>("show_boxes");
    const camOpacity = this.model.get<number>("cam_opacity");
    for (const tile of this.tiles.values()) tile.show({ boxes, camOpacity });
    this.boxesButton.setAttribute("aria-pressed", String(boxes));
    this.opacity.value = String(camOpacity);
    this.showBox(-1);
    this.showRho();
  }

  private showControls(): void {
    const { scene, model } = this;
    if (scene === null) return;
    const target = model.get<string | null>("target");
    const first = { value: "", label: this.predicted ? `${this.predicted} (predicted)` : "the predicted label" };
    this.target.options([first, ...scene.labels.map((label) => ({ value: label, label }))], target ?? "");
    this.score.options(scene.scores.map((score) => this.scoreOption(score)), model.get("score"));
    const chosen = new Set(this.methods);
    this.choice.replaceChildren(...scene.known.map((method) => {
      const input = h("input", { type: "checkbox", value: method, "data-testid": "method-choice" });
      input.checked = chosen.has(method);
      return h("label", { class: "me-choose" }, input, h("span", {}, method), scene.slow.includes(method) ? h("span", { class: "ec-badge" }, "slow") : null);
    }));
  }

  /** Without masks the mean over a mask is that over the box: it is said, and not offered as something else. */
  private scoreOption(score: string): Option {
    const without = score === "mask-mean" && !this.masked;
    return without ? { value: score, label: `${score}: no masks, as mean`, disabled: true } : { value: score, label: score };
  }

  private choose(): void {
    const inputs = [...this.choice.querySelectorAll<HTMLInputElement>("input")];
    setTraits(this.model, { methods: inputs.filter((input) => input.checked).map((input) => input.value) });
  }

  private say(sentence: string | null): void {
    this.state.hidden = sentence === null;
    this.state.textContent = sentence ?? "";
  }
}

export const mount: Mount = (model, el, context): Cleanup => {
  const disposer = new Disposer();
  new Methods(model, el, context, disposer);
  return () => disposer.dispose();
};
