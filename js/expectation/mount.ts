// Expectation: mark what should speak for the label, lock it, then see where the model looks, and what the class expected.
import "../shared/imageCanvas.css";
import "../shared/keys.css";
import "../shared/listBox.css";
import "./expectation.css";
import type { CamOverlay } from "../shared/cam";
import { classColour, css } from "../shared/colour";
import { CommitRow, type Way as CommitWay } from "../shared/commit";
import { Disposer, h, percent, setText } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { type KeyList, KeysHelp } from "../shared/keys";
import { type Cleanup, type Model, type Mount, setTraits } from "../shared/model";
import { floats, Rpc } from "../shared/rpc";
import { SceneLoader, type SceneReply } from "../shared/scene";
import { BoxList } from "./boxList";
import { ClassPanel } from "./classPanel";
import { type Chosen, Marks } from "./marks";
import { Picture, type Shown, type Way } from "./picture";

interface ExpectationScene extends SceneReply {
  detects: boolean;
  label: string;
  shared: boolean;
}

type GridNumbers = [number, number, number, number, number, number];
interface GridReply {
  scene?: number;
  grid?: GridNumbers;
  problem: string | null;
}
interface MapReply {
  scene?: number;
  cam?: GridNumbers;
  target?: string;
  output?: string;
  method?: string;
  problem: string | null;
}
interface Agreement {
  area?: number;
  hit?: boolean | null;
  cell_iou?: number | null;
  box_iou?: number | null;
}

const WAYS: CommitWay<Way>[] = [
  { name: "boxes", label: "Things", title: "Click the things that were found (Enter or space in the list)" },
  { name: "cells", label: "Brush", title: "Click or brush free cells of the map's grid (arrow keys and space on the picture)" },
  { name: "erase", label: "Erase", title: "Take marks away" },
];
const KEYS: KeyList = [
  ["Tab", "to the buttons, the picture, the list of things"],
  ["↑ ↓", "next thing in the list: it is outlined"],
  ["Enter space", "mark the thing, or unmark it"],
  ["← → ↑ ↓", "on the picture with Brush: next cell; with Shift it is marked"],
  ["space", "on the picture with Brush: mark the cell, or unmark it"],
  ["m", "after the reveal: the map, or the picture as it is"],
  ["+ − 0", "larger, smaller, the whole picture"],
];
const HINTS: Record<Way, string> = {
  boxes: "Click what you expect, in the picture or in the list",
  cells: "Brush over the cells that you expect; a click on a marked one takes it back",
  erase: "Brush over cells, or click a thing, to take the mark away",
};
const NO_IMAGE = "No picture yet: choose one.";

class ExpectationWidget {
  private readonly errors = new ErrorBar();
  private readonly rpc: Rpc;
  private readonly root: HTMLElement;
  private readonly question = h("h3", { class: "xp-question", "data-testid": "question" });
  private readonly badge = h("span", { class: "ec-badge", title: "A synthetic classifier: no finding about a real one", hidden: true }, "synthetic classifier");
  private readonly mapButton = h("button", { class: "ec-button", type: "button", title: "The map, or the picture as it is (m)", "data-testid": "toggle-map", hidden: true }, "Map");
  private readonly opacity = h("input", { type: "range", min: 0.1, max: 1, step: 0.05, "aria-label": "opacity of the map", title: "Opacity of the map", hidden: true });
  private readonly result = h("div", { class: "xp-result", role: "status", "data-testid": "agreement" });
  private readonly commit: CommitRow<Way>;
  private readonly head = h("div", { class: "xp-panel-head", "data-testid": "picture-head" });
  private readonly caption = h("div", { class: "xp-caption" });
  private readonly state = h("div", { class: "xp-state", role: "status", "data-testid": "state" }, "Opening…");
  private readonly shown: Shown = { boxes: [], grid: null, marks: new Marks(), marking: true, way: "boxes" };
  private readonly picture: Picture;
  private readonly classPanel: ClassPanel;
  private readonly list: BoxList;
  private readonly keys: KeysHelp;
  private readonly loader: SceneLoader<ExpectationScene>;
  private map: { overlay: CamOverlay; importance: Float32Array; words: string } | null = null;
  private mapOn = true;
  private listed = false;
  /** Whether the image that is ready is not the one that is wanted any more. */
  private stale = (): boolean => true;

  constructor(
    private readonly model: Model,
    el: HTMLElement,
    embedded: boolean,
    private readonly disposer: Disposer,
  ) {
    this.rpc = new Rpc(model, disposer, this.errors);
    this.root = h("div", { class: "xp", "data-testid": "expectation", "data-ready": "false", "data-state": "empty" });
    this.keys = new KeysHelp(KEYS, this.root, disposer);
    this.commit = new CommitRow(WAYS, {
      way: (way) => {
        this.shown.way = way;
        this.update();
      },
      lock: () => void this.rpc.request("lock", { chosen: this.shown.marks.chosen }).catch(() => undefined),
      again: () => void this.rpc.request("again").catch(() => undefined),
    }, disposer, this.result);
    this.picture = new Picture(this.shown, { marked: (done) => this.marked(done), box: (index) => this.list.select(index), moved: () => this.classPanel.canvas.follow(this.picture.canvas.relative) });
    this.classPanel = new ClassPanel(() => this.picture.canvas.follow(this.classPanel.canvas.relative));
    this.list = new BoxList(this.shown, (index) => this.picture.canvas.highlight(this.shown.boxes[index] ?? null), (index) => this.toggle(index), disposer);
    const panel = h("div", { class: "xp-panel" }, h("div", { class: "xp-panel-row" }, this.head), this.picture.canvas.element, this.caption);
    this.root.append(
      h("div", { class: "xp-top" }, this.question, this.mapButton, this.opacity, embedded ? null : this.badge, this.keys.button),
      this.commit.el,
      h("div", { class: "xp-body" }, h("div", { class: "xp-stage" }, panel, this.classPanel.el, this.state), h("div", { class: "xp-side" }, this.list.el)),
      this.keys.panel,
      this.errors.el,
    );
    el.append(this.root);
    this.loader = new SceneLoader(this.rpc, this.root, disposer);
    disposer.add(() => {
      this.picture.canvas.destroy();
      this.classPanel.canvas.destroy();
      this.root.remove();
    });
    this.listen();
    void this.load().catch(() => this.say("The picture could not be opened."));
  }

  private listen(): void {
    const { disposer, model, root } = this;
    disposer.watch(model, "_scene", () => void this.load().catch(() => this.say("The picture could not be loaded.")));
    disposer.watch(model, ["question", "agreement", "sentence", "seen_before"], () => this.update());
    disposer.watch(model, ["participants", "class_boxes", "class_cells"], () => this.showClass());
    disposer.watch(model, "chosen", () => {
      this.shown.marks.adopt(model.get<Chosen>("chosen"));
      this.update();
    });
    disposer.watch(model, "committed", () => {
      this.map = null;
      this.picture.setMap(null);
      this.update();
      this.askMap();
    });
    disposer.watch(model, "cam_opacity", () => this.showMap());
    disposer.listen(this.opacity, "input", () => setTraits(model, { cam_opacity: this.opacity.valueAsNumber }));
    disposer.listen(this.mapButton, "click", () => this.toggleMap());
    for (const type of ["focus", "blur"]) disposer.listen(this.picture.canvas.element, type, () => this.picture.setFocused(type === "focus"));
    disposer.listen<KeyboardEvent>(root, "keydown", (event) => {
      if (event.key !== "m" || this.map === null || event.ctrlKey || event.metaKey || event.altKey) return;
      this.toggleMap();
      event.preventDefault();
    });
  }

  private async load(): Promise<void> {
    const loaded = await this.loader.load();
    const { scene: content, bitmap: picture } = this;
    if (loaded === null || content === null) return;
    this.map = null;
    this.listed = false;
    Object.assign(this.shown, { boxes: [], grid: null, way: content.detects ? "boxes" : "cells" });
    this.shown.marks.adopt(this.model.get<Chosen>("chosen"));
    this.picture.setMap(null);
    this.picture.canvas.setBoxes([]);
    for (const each of [this.picture, this.classPanel]) each.setImage(picture, content);
    this.badge.hidden = !content.synthetic;
    this.update();
    if (picture !== null) {
      await this.loadBoxes(loaded.stale).catch(() => undefined); // said under the widget; the grid is there without
      await this.loadGrid(loaded.stale).catch(() => undefined);
    }
    if (loaded.stale()) return;
    this.stale = loaded.stale;
    this.root.dataset.ready = "true";
    this.askMap();
  }

  private async loadBoxes(stale: () => boolean): Promise<void> {
    const { content, buffers } = await this.rpc.request<{ classes: string[] }>("boxes");
    if (stale()) return;
    const corners = floats(buffers[0]);
    const confidence = floats(buffers[1]);
    this.shown.boxes = content.classes.map((objectClass, i) => {
      const [x0, y0, x1, y1] = corners.slice(4 * i, 4 * i + 4);
      return { objectClass, confidence: confidence[i], importance: null, strong: false, colour: css(classColour(objectClass)), x0, y0, x1, y1 };
    });
    this.listed = true;
    if (this.shown.boxes.length === 0) this.shown.way = "cells";
    this.picture.canvas.setBoxes(this.shown.boxes);
    this.update();
  }

  private async loadGrid(stale: () => boolean): Promise<void> {
    const { content } = await this.rpc.request<GridReply>("grid");
    if (stale()) return;
    if (content.grid) {
      const [rows, columns, x0, y0, x1, y1] = content.grid;
      this.shown.grid = { rows, columns, view: { x0, y0, x1, y1 } };
    } else this.errors.show({ sentence: content.problem ?? "There is no map of this picture." });
    this.update();
  }

  private get scene(): ExpectationScene | null {
    return this.loader.scene;
  }

  private get bitmap(): ImageBitmap | null {
    return this.loader.picture;
  }

  /** The map, once it may be seen. */
  private askMap(): void {
    if (!this.model.get<boolean>("committed") || this.bitmap === null || this.root.dataset.ready !== "true" || this.map !== null) return;
    const { stale } = this;
    this.rpc.request<MapReply>("map").then(({ content, buffers }) => {
      if (stale() || !this.model.get<boolean>("committed")) return;
      if (!content.cam) return this.errors.show({ sentence: content.problem ?? "There is no such map." });
      const [height, width, x0, y0, x1, y1] = content.cam;
      const importance = floats(buffers[1]);
      this.map = {
        overlay: { grid: floats(buffers[0]), height, width, view: { x0, y0, x1, y1 } },
        importance,
        words: `${content.method} of ${content.target} (${content.output}), ${width} × ${height} cells, smoothly scaled; the brighter, the more it counts`,
      };
      this.shown.grid = { rows: height, columns: width, view: { x0, y0, x1, y1 } };
      this.shown.boxes = this.shown.boxes.map((box, i) => ({ ...box, importance: importance[i] ?? null }));
      this.picture.canvas.setBoxes(this.shown.boxes);
      this.picture.setMap(this.map.overlay);
      this.update();
    }).catch(() => undefined); // said under the widget
  }

  private marked(done: boolean): void {
    if (done) setTraits(this.model, { chosen: this.shown.marks.chosen });
    this.update();
  }

  private toggle(index: number): void {
    if (!this.shown.marking || this.bitmap === null) return;
    this.shown.marks.toggleBox(index);
    this.marked(true);
  }

  private toggleMap(): void {
    this.mapOn = !this.mapOn;
    this.showMap();
  }

  private say(sentence: string | null): void {
    this.state.hidden = sentence === null;
    this.state.textContent = sentence ?? "";
  }

  private update(): void {
    const { model, scene, shown, map } = this;
    const committed = model.get<boolean>("committed");
    const pictured = this.bitmap !== null && scene !== null;
    shown.marking = !committed;
    this.root.classList.toggle("xp-marking", shown.marking && pictured);
    this.root.dataset.state = !pictured ? "empty" : shown.marking ? "marking" : map === null ? "waiting" : "revealed";
    setText(this.question, model.get<string>("question").replaceAll("{label}", scene?.label || "this label"));
    this.commit.el.hidden = !pictured;
    const marks = scene === null ? "" : shown.marks.words(shown.boxes, shown.grid, scene);
    this.commit.update({ marking: shown.marking, way: shown.way, says: this.says(marks), lockable: !shown.marks.empty, without: [...(shown.boxes.length === 0 ? ["boxes" as const] : []), ...(shown.grid === null ? ["cells" as const] : [])] });
    if (scene !== null) this.say(pictured ? null : (scene.problem ?? NO_IMAGE));
    setText(this.head, map !== null ? "The model" : !pictured || !shown.marking ? "" : HINTS[shown.way]);
    setText(this.caption, !pictured ? "" : map?.words ?? (shown.marking ? "" : "The map comes…"));
    const name = scene?.name ?? "picture";
    this.picture.canvas.setLabel(map === null ? `${name}: ${shown.way === "boxes" ? "things" : "cells"} to mark` : `${name}: ${map.words}`);
    this.listBoxes();
    this.showResult();
    this.showMap();
    this.showClass();
    this.picture.canvas.redraw();
  }

  private says(marks: string): string {
    if (this.shown.marking) {
      const seen = this.model.get<boolean>("seen_before") ? "You have seen the map: this is no blind judgement any more. " : "";
      return `${seen}${marks === "" ? "Nothing is marked yet. The map comes after you have locked what you expect." : `${marks}.`}`;
    }
    const blind = !this.model.get<boolean>("seen_before");
    const counts = this.scene?.shared === true && !blind ? " For the class, what you marked before you saw it counts." : "";
    return `${blind ? "Locked before the map was shown." : "Locked. The map had been shown before, so this is no blind judgement."}${counts}`;
  }

  private showResult(): void {
    const sentence = this.model.get<string>("sentence");
    if (this.shown.marking || this.map === null || sentence === "") return this.result.replaceChildren();
    const { hit, cell_iou: cells, box_iou: boxes } = this.model.get<Agreement>("agreement");
    const facts = [
      hit === null || hit === undefined ? null : hit ? "The map's strongest point lies in what you marked." : "The map's strongest point lies outside what you marked.",
      typeof boxes === "number" ? `Overlap of your things with as many most important ones: ${percent(boxes)}.` : null,
      typeof cells === "number" ? `Overlap of your cells with as many strongest ones: ${percent(cells)}.` : null,
    ];
    this.result.replaceChildren(
      h("p", { class: "xp-sentence", "data-testid": "sentence" }, sentence),
      h("ul", { class: "xp-facts" }, ...facts.map((fact) => (fact === null ? null : h("li", {}, fact)))),
    );
  }

  private listBoxes(): void {
    const { scene } = this;
    const none = this.bitmap === null || scene === null ? "" : !scene.detects ? "No things were looked for: the worker has no detector. Brush what you expect." : this.listed ? "Nothing was found in this picture: brush what you expect." : "Looking for things…";
    const size = scene ?? { width: 0, height: 0 };
    const counts = scene?.shared === true ? this.model.get<number[]>("class_boxes") : [];
    const fits = counts.length === this.shown.boxes.length;
    const revealed = this.map === null ? null : { importance: this.map.importance, counts: fits ? counts : [], participants: this.model.get<number>("participants") };
    this.list.update(size, revealed, none);
  }

  private showMap(): void {
    const camOpacity = this.model.get<number>("cam_opacity");
    this.mapButton.hidden = this.opacity.hidden = this.map === null;
    this.mapButton.setAttribute("aria-pressed", String(this.mapOn));
    this.opacity.value = String(camOpacity);
    this.picture.canvas.show({ cam: this.mapOn, camOpacity });
  }

  private showClass(): void {
    const known = this.scene?.shared === true && this.map !== null;
    const participants = known ? this.model.get<number>("participants") : 0;
    this.root.dataset.participants = String(participants);
    this.classPanel.update(this.shown.grid, known ? this.model.get<number[]>("class_cells") : [], participants);
    if (known) this.listBoxes();
  }
}

export const mount: Mount = (model, el, context): Cleanup => {
  const disposer = new Disposer();
  new ExpectationWidget(model, el, context.embedded, disposer);
  return () => disposer.dispose();
};
