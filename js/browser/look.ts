// One image of the run, large: boxes, map, zoom, and what the classifier says of it.
import { sequential } from "../shared/colour";
import { type Disposer, h } from "../shared/dom";
import { ImageCanvas } from "../shared/imageCanvas";
import { LabelBars, writePercent } from "../shared/labelBars";
import { type Model, type MountContext, setTraits } from "../shared/model";
import { overlayControls } from "./overlays";
import type { Size } from "../shared/viewport";
import { floats, type Reply, type Rpc, RpcError } from "../shared/rpc";
import { type BrowserStore, type CamShape, decodePicture, readBoxes, readCam } from "./store";

interface Answer {
  boxes: number;
  cam: CamShape | null;
  cam_method: string | null;
  cam_target: string | null;
  cam_output: string | null;
  annotation: string | null;
}

const TOP = 8;

export interface LookEvents {
  back: () => void;
  step: (by: number) => void;
}

export class Look {
  readonly el: HTMLElement;
  private readonly title = h("span", { class: "ec-look-title", "data-testid": "look-title" });
  private readonly says = h("div", { class: "ec-look-says" });
  private readonly caption = h("div", { class: "ec-look-caption ec-muted" });
  private readonly overlays: HTMLElement[] = [];
  private readonly scaling = h("span", {}, ", smoothly scaled");
  private picture: ImageBitmap | null = null;
  private readonly state = h("div", { class: "ec-look-state", role: "status", hidden: true });
  private readonly edit = h("button", { class: "ec-button ec-button-primary", type: "button", "data-testid": "edit" }, "Edit");
  private readonly smooth = h("button", { class: "ec-button", type: "button", "aria-pressed": "true", title: "Smoothly scaled, or at the map's own resolution" }, "Smooth");
  private readonly canvas: ImageCanvas;
  private readonly bars: LabelBars;
  private shown: string | null = null;
  private asked = 0;

  constructor(
    private readonly model: Model,
    private readonly store: BrowserStore,
    private readonly rpc: Rpc,
    private readonly context: MountContext,
    events: LookEvents | null,
    private readonly disposer: Disposer,
  ) {
    this.canvas = new ImageCanvas({ label: "image", scale: sequential });
    disposer.add(() => {
      this.canvas.destroy();
      this.picture?.close();
    });
    this.canvas.element.classList.add("ec-look-canvas");
    this.canvas.element.dataset.testid = "look-canvas";
    this.bars = new LabelBars(TOP, disposer);
    const back = h("button", { class: "ec-button", type: "button", "data-testid": "back" }, "← All images");
    const before = h("button", { class: "ec-icon-button", type: "button", "aria-label": "Previous image", title: "Previous image" }, "‹");
    const next = h("button", { class: "ec-icon-button", type: "button", "aria-label": "Next image", title: "Next image" }, "›");
    // In a pane of its own the buttons above the grid are still in sight; alone they are covered.
    if (events) this.overlays.push(...overlayControls(model, disposer, "look-"));
    const zoom = h("button", { class: "ec-button", type: "button", title: "Show the whole image (0)" }, "Fit");
    this.el = h(
      "div",
      { class: "ec-look", "data-testid": "look" },
      h("div", { class: "ec-look-bar" }, events ? back : null, events ? before : null, events ? next : null, this.title, h("span", { class: "ec-spring" }), ...this.overlays, this.smooth, zoom, this.edit),
      h("div", { class: "ec-look-body" },
        h("div", { class: "ec-look-picture" }, this.canvas.element, this.state),
        h("div", { class: "ec-look-side" }, this.says, this.caption, this.bars.el)),
    );
    disposer.listen(this.edit, "click", () => this.startEditing());
    disposer.listen(zoom, "click", () => this.canvas.fit());
    disposer.listen(this.smooth, "click", () => {
      this.showScaling(this.smooth.getAttribute("aria-pressed") !== "true");
    });
    if (events) {
      disposer.listen(back, "click", events.back);
      disposer.listen(before, "click", () => events.step(-1));
      disposer.listen(next, "click", () => events.step(1));
      disposer.listen<KeyboardEvent>(this.el, "keydown", (event) => lookKey(event, events));
    }
    disposer.watch(model, ["show_boxes", "show_cam", "cam_opacity", "editable"], () => this.update());
    this.update();
  }

  focus(): void {
    this.canvas.element.focus({ preventScroll: true });
  }

  get imageId(): string | null {
    return this.shown;
  }

  async open(imageId: string): Promise<void> {
    this.shown = imageId;
    this.title.textContent = imageId;
    this.el.dataset.imageId = imageId;
    this.el.dataset.loaded = "false";
    const slow = setTimeout(() => this.say("loading the image…"), 150);
    await this.ask({ image_id: imageId, picture: true }, imageId).finally(() => clearTimeout(slow));
  }

  /** Another filter or method: the same picture, other boxes and map. */
  async refresh(): Promise<void> {
    if (this.shown !== null) await this.ask({ image_id: this.shown, picture: false }, this.shown);
  }

  private async ask(request: Record<string, unknown>, imageId: string): Promise<void> {
    const turn = ++this.asked;
    // Whatever happens meanwhile, a picture that was asked for must still arrive.
    if (this.el.dataset.loaded !== "true") request.picture = true;
    try {
      const reply = await this.rpc.request<Answer>("image", request);
      if (turn !== this.asked || this.disposer.disposed) return;
      await this.take(reply, imageId, request.picture === true);
    } catch (problem) {
      if (turn !== this.asked) return;
      this.showPicture(null, { width: 0, height: 0 });
      this.say(problem instanceof RpcError ? problem.sentence : "This image could not be shown.");
    }
  }

  private showPicture(picture: ImageBitmap | null, size: Size): void {
    this.canvas.setImage(picture, size);
    this.picture?.close();
    this.picture = picture;
  }

  private async take({ content, buffers }: Reply<Answer>, imageId: string, picture: boolean): Promise<void> {
    const position = this.store.position(imageId);
    const size = { width: this.store.sizes[2 * position], height: this.store.sizes[2 * position + 1] };
    if (picture) {
      const bitmap = await decodePicture(buffers[3]);
      if (this.shown !== imageId) return bitmap.close();
      this.showPicture(bitmap, size);
    }
    this.canvas.setBoxes(readBoxes(floats(buffers[0]), 0, content.boxes, this.store.classes));
    this.canvas.setCam(content.cam === null ? null : readCam(floats(buffers[1]), 0, content.cam));
    this.describe(content, floats(buffers[2]), position);
    this.say(null);
    this.el.dataset.loaded = "true";
  }

  private describe(content: Answer, probabilities: Float32Array, position: number): void {
    const label = this.store.labels[this.store.predicted[position]] ?? "";
    this.canvas.setLabel(`${this.shown}, ${label}`);
    const annotated = content.annotation === null ? "" : `, annotated ${content.annotation}`;
    this.says.replaceChildren(
      h("strong", { "data-testid": "look-label" }, label),
      ` ${writePercent(this.store.probability[position])}`,
      h("span", { class: "ec-muted" }, annotated),
    );
    this.bars.update(probabilities, null);
    if (content.cam === null) this.caption.textContent = `This run has no ${this.model.get<string>("method")} map of this image.`;
    else this.caption.textContent = `CAM: ${content.cam_method} of ${content.cam_target} (${content.cam_output}), ${content.cam[0]} × ${content.cam[1]} cells`;
    this.caption.append(this.scaling);
  }

  private showScaling(smooth: boolean): void {
    this.smooth.setAttribute("aria-pressed", String(smooth));
    this.scaling.textContent = smooth ? ", smoothly scaled" : ", at its own resolution";
    this.canvas.show({ camSmooth: smooth });
  }

  /** Once the index is there. */
  loaded(): void {
    this.bars.setLabels(this.store.labels);
  }

  private startEditing(): void {
    if (this.shown === null) return;
    if (this.context.openInEditor) this.context.openInEditor(this.shown);
    else setTraits(this.model, { edit_image: this.shown });
  }

  private say(sentence: string | null): void {
    this.state.hidden = sentence === null;
    this.state.textContent = sentence ?? "";
  }

  private update(): void {
    const cam = this.model.get<boolean>("show_cam");
    this.canvas.show({ boxes: this.model.get<boolean>("show_boxes"), cam, camOpacity: this.model.get<number>("cam_opacity") });
    this.smooth.hidden = !cam;
    this.edit.hidden = !this.context.openInEditor && !this.model.get<boolean>("editable");
  }
}

function lookKey(event: KeyboardEvent, events: LookEvents): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") events.back();
  else if (event.key === "ArrowLeft" || event.key === "PageUp") events.step(-1);
  else if (event.key === "ArrowRight" || event.key === "PageDown") events.step(1);
  else return;
  event.preventDefault();
  event.stopPropagation();
}
