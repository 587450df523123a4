// The object editor: tools, stage, bars and history around one scene; Python is asked after every change.
import "../shared/imageCanvas.css";
import "../shared/keys.css";
import "../shared/labelBars.css";
import "./editor.css";
import "./panels.css";
import { Disposer, h, setHidden, setText } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { LabelBars, ranking } from "../shared/labelBars";
import { type Cleanup, type Model, type Mount, type MountContext, setTraits } from "../shared/model";
import { floats, Rpc } from "../shared/rpc";
import { Comparing } from "./comparing";
import type { Edit } from "./edits";
import { EditedPicture } from "./editedPicture";
import { Files } from "./files";
import { Headline } from "./headline";
import { History } from "./history";
import { Layers } from "./layers";
import { Palette } from "./palette";
import { Panels } from "./panels";
import type { Placement } from "./placement";
import { type Answer, Predictor } from "./predictor";
import { Regions } from "./regions";
import { Rest } from "./rest";
import { Scene, type Sprite, type State, sameState } from "./scene";
import { Stage } from "./stage";
import { SidePanel } from "./sidePanel";
import { Sweep } from "./sweep";
import { type SpriteReply, Things } from "./things";
import { Tools } from "./tools";

interface SceneReply {
  scene: number;
  problem: string | null;
  editable: boolean;
  width: number;
  height: number;
  name?: string;
}

interface PaletteReply {
  names: string[];
  classes: string[];
  labels: string[];
  synthetic: boolean;
}

interface BoxesReply {
  scene: number;
  names: string[];
  classes: string[];
  corpus: string[];
}

const TOP = 8;
const CARD_HEIGHT = 64;
const NO_IMAGE = "No picture yet: choose one to edit.";
const NO_WORKER = "Nothing predicts here yet: pass a worker, as in ObjectEditor(image, worker=emo.Worker(classifier)).";

class Editor {
  private readonly errors = new ErrorBar();
  private readonly rpc: Rpc;
  private readonly scene: Scene;
  private readonly stage: Stage;
  private readonly palette: Palette;
  private readonly things: Things;
  private readonly layers: Layers;
  private readonly regions: Regions;
  private readonly sweep: Sweep;
  private readonly rest: Rest;
  private readonly picture: EditedPicture;
  private readonly predictor: Predictor;
  private readonly bars: LabelBars;
  private readonly headline = new Headline();
  private readonly comparing: Comparing;
  private readonly history: History;
  private readonly side: SidePanel;
  private readonly tools: Tools;
  private readonly panels: Panels;
  private readonly root: HTMLElement;
  private readonly state = h("div", { class: "ec-stage-state", role: "status", "data-testid": "state" }, "Opening the editor…");
  private readonly waiting = h("div", { class: "ec-muted ec-waiting", role: "status", hidden: true }, "waiting for the kernel…");
  private readonly camSays = h("div", { class: "ec-muted ec-editor-caption" });
  private labels: string[] = [];
  private original: Float32Array = new Float32Array(0);
  private last: Float32Array = new Float32Array(0);
  private editable = false;
  /** Let go, not yet predicted: it gets a card when it is. */
  private tried: State | null = null;
  private number = -1;
  private turn = 0;
  private camShown = "";

  constructor(
    private readonly model: Model,
    el: HTMLElement,
    context: MountContext,
    private readonly disposer: Disposer,
  ) {
    this.rpc = new Rpc(model, disposer, this.errors);
    this.root = h("div", { class: `ec-editor${context.embedded ? " ec-editor-embedded" : ""}`, "data-testid": "editor", "data-settled": "false", "data-ready": "false" });
    this.scene = new Scene({ changed: () => this.changed(), committed: () => this.committed(), selected: () => this.selected(), edited: () => this.picture.ask() });
    this.stage = new Stage(this.scene, disposer, { leaveTool: () => this.regions.leave() });
    this.palette = new Palette(this.scene, this.stage, disposer);
    this.bars = new LabelBars(TOP, disposer);
    this.comparing = new Comparing(() => this.show(this.last), disposer);
    this.predictor = new Predictor(this.rpc, disposer, (answer) => this.answered(answer), (slow) => setHidden(this.waiting, !slow || !this.errors.el.hidden), () => this.stage.catchUp());
    this.history = new History({
      miniature: (state) => this.stage.miniature(state, CARD_HEIGHT),
      restore: ({ placements, edits }) => this.scene.commit(placements, edits),
      compare: (trial) => this.comparing.set(trial),
    });
    this.picture = new EditedPicture(this.rpc, this.scene, this.stage, () => this.repainted(), disposer);
    this.rest = new Rest(this.rpc, this.scene, { controlled: (state, label, probability) => this.history.controlled(state, label, probability) }, disposer);
    const load = (text: string): void => void this.importText(text).catch(() => undefined); // the error stands under the widget
    this.things = new Things(this.rpc, this.scene, this.palette, (reply, bytes, where) => this.addSprite(reply, bytes, where), load, this.root, disposer);
    this.layers = new Layers(this.scene, this.stage, disposer);
    this.regions = new Regions(this.rpc, this.scene, this.stage, disposer);
    this.sweep = new Sweep(model, this.rpc, this.scene, this.stage, () => this.last, this.root, disposer);
    const files = new Files(this.rpc, () => this.scene.state, load, disposer);
    this.tools = new Tools(model, this.scene, this.stage, this.root, files, disposer);
    this.panels = new Panels([
      { name: "things", label: "Things", title: "Things to put on the picture", content: this.things.el },
      { name: "layers", label: "Layers", title: "The things on the picture: order, opacity, hiding", content: this.layers.el },
      { name: "regions", label: "Regions", title: "Change a part of the picture: grey out, brighten, blur, crop", content: this.regions.el },
      { name: "sweep", label: "Sweep", title: "The selected thing at every place, as a map", content: this.sweep.el },
    ], disposer, () => this.regions.leave());
    this.side = new SidePanel(this.bars, [this.headline.el, this.rest.el, this.comparing.el], [this.camSays], disposer);
    this.side.el.append(this.waiting); // over what is there: it comes and goes while a hand moves
    this.layOut(context.embedded);
    el.append(this.root);
    disposer.add(() => {
      this.root.remove();
      this.scene.picture?.close();
    });
    this.listen();
    void this.load();
  }

  private layOut(embedded: boolean): void {
    this.tools.badge.hidden = true;
    this.root.append(
      this.tools.bar,
      h("div", { class: "ec-editor-body" },
        this.panels.el,
        h("div", { class: "ec-editor-stage" }, this.stage.canvas.element, this.state),
        this.side.el),
      this.history.el,
      this.tools.keys.panel,
      this.errors.el,
    );
    this.tools.embedded = embedded;
  }

  private listen(): void {
    const { disposer, model } = this;
    disposer.watch(model, "_scene", () => void this.loadScene().catch(() => this.say("The picture could not be loaded.")));
    disposer.watch(model, "_palette_version", () => void this.loadSprites().catch(() => undefined));
    disposer.watch(model, ["placements", "edits"], () => this.adopt());
    disposer.watch(model, ["show_cam", "cam_opacity", "method"], () => this.showCam());
  }

  // -- loading --------------------------------------------------------------------------------------------------------------------

  private async load(): Promise<void> {
    try {
      const content = await this.loadSprites();
      if (this.disposer.disposed) return;
      this.labels = content.labels;
      for (const part of [this.bars, this.history, this.rest, this.sweep]) part.setLabels(content.labels);
      this.tools.showBadge(content.synthetic);
      await this.loadScene();
    } catch {
      this.say("The editor could not be opened.");
    }
  }

  /** The sprites of the palette that are not here yet. */
  private async loadSprites(): Promise<PaletteReply> {
    const { content, buffers } = await this.rpc.request<PaletteReply & Record<string, unknown>>("palette", { known: [...this.scene.sprites.keys()] });
    const made = await Promise.all(content.names.map((name, i) => makeSprite(name, content.classes[i], buffers[i], this.disposer)));
    this.addSprites(made);
    return content;
  }

  private addSprites(sprites: Sprite[]): void {
    const added = sprites.filter((sprite) => !this.scene.sprites.has(sprite.name));
    this.scene.addSprites(added);
    this.palette.addSprites(added);
    this.layers.update();
    this.stage.canvas.redraw();
  }

  private async addSprite(reply: SpriteReply, bytes: DataView, where: { clientX: number; clientY: number } | null): Promise<void> {
    if (!this.scene.sprites.has(reply.name)) this.addSprites([await makeSprite(reply.name, reply.class, bytes, this.disposer)]);
    this.stage.putInMiddle(reply.name, where !== null && this.stage.canvas.covers(where) ? where : null);
  }

  private async importText(text: string): Promise<void> {
    const { content } = await this.rpc.request<{ placements: Placement[]; edits: Edit[] }>("import", { text }, [], { once: true });
    await this.loadSprites();
    this.scene.commit(content.placements, content.edits);
  }

  private async loadScene(): Promise<void> {
    if (this.scene.sprites.size === 0) return; // load() goes on here when the palette is there
    const turn = ++this.turn;
    this.root.dataset.settled = "false";
    const { content, buffers } = await this.rpc.request<SceneReply>("scene");
    const picture = content.width > 0 ? await createImageBitmap(new Blob([buffers[0] as DataView<ArrayBuffer>])) : null;
    if (turn !== this.turn || this.disposer.disposed) return picture?.close();
    this.editable = content.editable && picture !== null;
    this.original = picture ? floats(buffers[1]) : new Float32Array(0);
    this.number = content.scene;
    for (const part of [this.predictor, this.picture, this.rest]) part.setScene(content.scene);
    this.palette.giveUp();
    this.stage.abort();
    const size = { width: content.width, height: content.height };
    this.scene.reset(picture, size, this.model.get<Placement[]>("placements"), this.model.get<Edit[]>("edits"));
    this.stage.enabled = this.editable;
    this.stage.canvas.setCam(null);
    this.stage.canvas.setImage(picture, size);
    this.stage.canvas.setLabel(`${content.name ?? "picture"} to edit`);
    for (const part of [this.things, this.tools, this.regions, this.sweep]) part.enable(this.editable);
    this.history.clear();
    this.showBoxes([]);
    this.say(picture === null ? (content.problem ?? NO_IMAGE) : null);
    this.showCam();
    if (this.editable) this.begin();
    else this.idle(picture !== null);
    this.root.dataset.ready = "true";
    if (this.editable) void this.loadBoxes().catch(() => undefined); // the error stands under the widget
  }

  private async loadBoxes(): Promise<void> {
    const { content, buffers } = await this.rpc.request<BoxesReply & Record<string, unknown>>("boxes");
    if (content.scene !== this.number || this.disposer.disposed) return;
    const edges = floats(buffers[0]);
    this.scene.boxes = content.names.map((name, i) => {
      const [x0, y0, x1, y1] = edges.subarray(4 * i, 4 * i + 4);
      return { name, objectClass: content.classes[i], x0, y0, x1, y1 };
    });
    this.showBoxes(content.corpus);
    if (this.predictor.settled) this.rest.rests();
  }

  private showBoxes(corpus: string[]): void {
    this.things.setBoxes(corpus);
    this.layers.setBoxes();
    this.regions.setBoxes();
    this.root.dataset.boxes = String(this.scene.boxes.length);
  }

  private begin(): void {
    const { scene } = this;
    this.last = this.original;
    this.history.add({ placements: [], edits: [], probabilities: this.original, flipped: false });
    this.tried = scene.pristine ? null : scene.state;
    if (scene.edits.length > 0) this.picture.ask();
    this.show(this.original);
    this.changed();
  }

  private idle(pictured: boolean): void {
    this.headline.clear();
    this.bars.el.hidden = true;
    this.camSays.textContent = pictured ? NO_WORKER : "";
  }

  private say(sentence: string | null): void {
    this.state.hidden = sentence === null;
    this.state.textContent = sentence ?? "";
  }

  // -- the hand -------------------------------------------------------------------------------------------------------------------

  private get busy(): boolean {
    return this.stage.busy || this.palette.busy;
  }

  private changed(): void {
    this.root.dataset.settled = "false";
    this.stage.canvas.redraw();
    this.tools.update();
    this.layers.update();
    this.rest.moved();
    if (!this.editable) return;
    this.root.dataset.asked = String(this.predictor.ask(this.scene.placements, this.model.get<boolean>("show_cam"), this.scene.edits));
  }

  private committed(): void {
    const { scene } = this;
    this.tried = scene.state;
    this.history.mark(scene.state);
    this.tools.update();
    this.regions.update();
    this.sweep.committed();
    setTraits(this.model, { placements: scene.placements, edits: scene.edits });
    if (this.predictor.settled) this.settled();
  }

  private selected(): void {
    this.tools.update();
    this.layers.update();
    this.sweep.update();
    this.stage.canvas.redraw();
  }

  /** What Python set; but while a hand holds something, the hand wins. */
  private adopt(): void {
    if (this.busy) return;
    this.scene.adopt(this.model.get<Placement[]>("placements"), this.model.get<Edit[]>("edits"));
    this.regions.update();
    this.sweep.committed();
  }

  private answered(answer: Answer): void {
    this.last = answer.probabilities;
    this.show(answer.probabilities, !answer.settled);
    this.root.dataset.answered = String(answer.seq);
    if (answer.early) return;
    if (this.model.get<boolean>("show_cam")) {
      this.stage.canvas.setCam(answer.cam);
      setText(this.camSays, answer.camSays);
    }
    this.root.dataset.explained = String(answer.seq);
    if (!answer.settled) return;
    this.settled();
    this.root.dataset.settled = "true";
  }

  /** The last position is predicted: what was let go gets its card; what takes longer is asked only now, if no hand moves. */
  private settled(): void {
    this.remember();
    this.sweep.update();
    if (!this.busy) this.rest.rests();
  }

  private remember(): void {
    if (this.tried === null || !sameState(this.tried, this.scene.state) || this.last.length === 0) return;
    const flipped = ranking(this.last)[0] !== ranking(this.original)[0];
    this.history.add({ ...this.tried, probabilities: this.last, flipped });
    this.tried = null;
  }

  private repainted(): void {
    if (this.picture.fresh) this.history.repaint(this.scene.state);
  }

  private show(probabilities: Float32Array, live = false): void {
    if (probabilities.length === 0) return;
    const first = this.bars.el.hidden;
    setHidden(this.bars.el, false);
    this.bars.update(probabilities, this.comparing.probabilities ?? this.original, live);
    this.headline.update(this.labels, probabilities, this.original, !this.scene.pristine);
    if (first) this.side.fit();
  }

  private showCam(): void {
    const shown = this.model.get<boolean>("show_cam");
    this.stage.canvas.show({ cam: shown, camOpacity: this.model.get<number>("cam_opacity") });
    this.tools.update();
    if (!shown) {
      this.stage.canvas.setCam(null);
      if (this.editable) this.camSays.textContent = "";
      this.camShown = "";
    } else if (this.editable && this.camShown !== this.model.get<string>("method")) {
      this.camShown = this.model.get<string>("method");
      this.changed();
    }
  }
}

async function makeSprite(name: string, objectClass: string, bytes: DataView, disposer: Disposer): Promise<Sprite> {
  const blob = new Blob([bytes as DataView<ArrayBuffer>], { type: "image/png" });
  const picture = await createImageBitmap(blob);
  const address = URL.createObjectURL(blob);
  disposer.add(() => {
    picture.close();
    URL.revokeObjectURL(address);
  });
  return { name, objectClass, picture, address, aspect: picture.width / picture.height };
}

export const mount: Mount = (model, el, context): Cleanup => {
  const disposer = new Disposer();
  new Editor(model, el, context, disposer);
  return () => disposer.dispose();
};
