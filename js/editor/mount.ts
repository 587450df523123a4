// The object editor: palette, stage, bars and history around one scene; Python is asked after every change.
import "../shared/imageCanvas.css";
import "../shared/keys.css";
import "../shared/labelBars.css";
import "./editor.css";
import { Disposer, h, setText } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { LabelBars, ranking } from "../shared/labelBars";
import { type Cleanup, type Model, type Mount, type MountContext, setTraits } from "../shared/model";
import { floats, Rpc } from "../shared/rpc";
import { Headline } from "./headline";
import { History } from "./history";
import { Palette } from "./palette";
import { type Placement, same } from "./placement";
import { type Answer, Predictor } from "./predictor";
import { Scene, type Sprite } from "./scene";
import { Stage } from "./stage";
import { Tools } from "./tools";

interface SceneReply {
  scene: number;
  problem: string | null;
  editable: boolean;
  width: number;
  height: number;
  name?: string;
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
  private readonly predictor: Predictor;
  private readonly bars: LabelBars;
  private readonly headline = new Headline();
  private readonly history: History;
  private readonly tools: Tools;
  private readonly root: HTMLElement;
  private readonly state = h("div", { class: "ec-stage-state", role: "status", "data-testid": "state" }, "Opening the editor…");
  private readonly waiting = h("div", { class: "ec-muted ec-waiting", role: "status", hidden: true }, "waiting for the kernel…");
  private readonly camSays = h("div", { class: "ec-muted ec-editor-caption" });
  private labels: string[] = [];
  private original: Float32Array = new Float32Array(0);
  private editable = false;
  /** Let go, not yet predicted: it gets a card when it is. */
  private tried: Placement[] | null = null;
  private turn = 0;

  constructor(
    private readonly model: Model,
    el: HTMLElement,
    context: MountContext,
    private readonly disposer: Disposer,
  ) {
    this.rpc = new Rpc(model, disposer, this.errors);
    this.root = h("div", { class: `ec-editor${context.embedded ? " ec-editor-embedded" : ""}`, "data-testid": "editor", "data-settled": "false", "data-ready": "false" });
    this.scene = new Scene({ changed: () => this.changed(), committed: () => this.committed(), selected: () => this.selected() });
    this.stage = new Stage(this.scene, disposer);
    this.palette = new Palette(this.scene, this.stage, disposer);
    this.bars = new LabelBars(TOP, disposer);
    this.predictor = new Predictor(this.rpc, disposer, (answer) => this.answered(answer), (slow) => (this.waiting.hidden = !slow || !this.errors.el.hidden), () => this.stage.catchUp());
    this.history = new History((placements) => this.stage.miniature(placements, CARD_HEIGHT), (placements) => this.scene.commit(placements));
    this.tools = new Tools(model, this.scene, this.stage, this.root, { reset: () => this.scene.commit([]), save: () => void this.save().catch(() => undefined) }, disposer);
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
        this.palette.el,
        h("div", { class: "ec-editor-stage" }, this.stage.canvas.element, this.state),
        h("div", { class: "ec-editor-side" }, this.headline.el, this.waiting, this.bars.el, this.camSays)),
      this.history.el,
      this.tools.keys.panel,
      this.errors.el,
    );
    this.tools.embedded = embedded;
  }

  private listen(): void {
    const { disposer, model } = this;
    disposer.watch(model, "_scene", () => void this.loadScene().catch(() => this.say("The picture could not be loaded.")));
    disposer.watch(model, "placements", () => this.adopt());
    disposer.watch(model, ["show_cam", "cam_opacity", "method"], () => this.showCam());
  }

  private async load(): Promise<void> {
    try {
      const { content, buffers } = await this.rpc.request<{ names: string[]; classes: string[]; labels: string[]; synthetic: boolean }>("palette");
      const sprites = await Promise.all(content.names.map((name, i) => makeSprite(name, content.classes[i], buffers[i], this.disposer)));
      if (this.disposer.disposed) return;
      this.labels = content.labels;
      this.bars.setLabels(content.labels);
      this.scene.setSprites(sprites);
      this.palette.setSprites(sprites);
      this.tools.showBadge(content.synthetic);
      await this.loadScene();
    } catch {
      this.say("The editor could not be opened.");
    }
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
    this.predictor.setScene(content.scene);
    this.palette.giveUp();
    this.stage.abort();
    const size = { width: content.width, height: content.height };
    this.scene.reset(picture, size, this.model.get<Placement[]>("placements"));
    this.stage.enabled = this.editable;
    this.stage.canvas.setCam(null);
    this.stage.canvas.setImage(picture, size);
    this.stage.canvas.setLabel(`${content.name ?? "picture"} to edit`);
    this.palette.enable(this.editable);
    this.tools.enable(this.editable);
    this.history.clear();
    this.say(picture === null ? (content.problem ?? NO_IMAGE) : null);
    this.showCam();
    if (this.editable) this.begin();
    else this.idle(picture !== null);
    this.root.dataset.ready = "true";
  }

  private begin(): void {
    const best = ranking(this.original)[0];
    this.history.add([], this.labels[best], this.original[best], false);
    this.tried = this.scene.placements.length > 0 ? this.scene.placements : null;
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

  private changed(): void {
    this.root.dataset.settled = "false";
    this.stage.canvas.redraw();
    this.tools.update();
    if (!this.editable) return;
    this.root.dataset.asked = String(this.predictor.ask(this.scene.placements, this.model.get<boolean>("show_cam")));
  }

  private committed(): void {
    this.tried = this.scene.placements;
    this.history.mark(this.scene.placements);
    this.tools.update();
    setTraits(this.model, { placements: this.scene.placements });
    if (this.predictor.settled) this.remember();
  }

  private selected(): void {
    this.tools.update();
    this.stage.canvas.redraw();
  }

  /** What Python set; but while a hand holds something, the hand wins. */
  private adopt(): void {
    if (!this.stage.busy && !this.palette.busy) this.scene.adopt(this.model.get<Placement[]>("placements"));
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
    this.remember();
    this.root.dataset.settled = "true";
  }

  private last: Float32Array = new Float32Array(0);

  private remember(): void {
    if (this.tried === null || !same(this.tried, this.scene.placements) || this.last.length === 0) return;
    const best = ranking(this.last)[0];
    this.history.add(this.tried, this.labels[best], this.last[best], best !== ranking(this.original)[0]);
    this.tried = null;
  }

  private show(probabilities: Float32Array, live = false): void {
    this.bars.el.hidden = false;
    this.bars.update(probabilities, this.original, live);
    this.headline.update(this.labels, probabilities, this.original, this.scene.placements.length > 0);
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

  private camShown = "";

  /** Python's own file; where that fails, the error stands under the widget. */
  private async save(): Promise<void> {
    const { content, buffers } = await this.rpc.request<{ name: string }>("export", { placements: this.scene.placements });
    const address = URL.createObjectURL(new Blob([buffers[0] as DataView<ArrayBuffer>], { type: "image/png" }));
    const link = h("a", { href: address, download: content.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
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
