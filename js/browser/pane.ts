// One image of the run on a canvas: fetched, with its boxes, a map, and a legend of the classes in it.
import { css, classColour, sequential } from "../shared/colour";
import type { Box } from "../shared/boxes";
import { type Disposer, h } from "../shared/dom";
import { ImageCanvas } from "../shared/imageCanvas";
import { onLive } from "../shared/live";
import type { Model } from "../shared/model";
import { floats, type Reply, type Rpc, RpcError } from "../shared/rpc";
import { showState, type State } from "../shared/states";
import { type ImageReply, readBoxes, readCam } from "./protocol";
import type { BrowserStore } from "./store";
import { decodePicture } from "./thumbnails";

const LEGEND = 8;

/** What is known of the image that a pane shows. */
export interface Shown {
  imageId: string;
  position: number;
  reply: ImageReply;
  probabilities: Float32Array;
}

export interface PaneEvents {
  shown: () => void;
  /** Nothing is known of the image. */
  failed?: () => void;
  /** True: taken. */
  key: (event: KeyboardEvent) => boolean;
  moved: () => void;
}

export class ImagePane {
  readonly el: HTMLElement;
  readonly canvas: ImageCanvas;
  shown: Shown | null = null;
  /** The image that was asked for last. */
  imageId: string | null = null;
  private readonly state = h("div", { class: "ec-look-state", role: "status", "data-testid": "look-state", hidden: true });
  private readonly legend = h("ul", { class: "ec-legend", "aria-label": "classes in the picture", "data-testid": "legend" });
  private readonly caption = h("div", { class: "ec-pane-caption", hidden: true });
  private picture: ImageBitmap | null = null;
  private asked = 0;
  private failed = false;

  constructor(
    private readonly model: Model,
    private readonly store: BrowserStore,
    private readonly rpc: Rpc,
    private readonly events: PaneEvents,
    testid: string,
    private readonly disposer: Disposer,
  ) {
    this.canvas = new ImageCanvas({ label: "image", scale: sequential, key: events.key, moved: events.moved });
    this.canvas.element.classList.add("ec-look-canvas");
    this.canvas.element.dataset.testid = testid;
    this.el = h("div", { class: "ec-look-picture", "data-loaded": "false" }, this.canvas.element, this.legend, this.caption, this.state);
    disposer.add(() => {
      this.canvas.destroy();
      this.picture?.close();
    });
    disposer.watch(model, ["show_boxes", "show_cam", "cam_opacity"], () => this.update());
    onLive(disposer, () => this.failed && this.again());
    this.update();
  }

  focus(): void {
    this.canvas.element.focus({ preventScroll: true });
  }

  async open(imageId: string): Promise<void> {
    this.imageId = imageId;
    this.el.dataset.imageId = imageId;
    this.el.dataset.loaded = "false";
    const slow = setTimeout(() => this.say({ sentence: "loading the image…" }), 150);
    await this.ask({ image_id: imageId, picture: true }, imageId).finally(() => clearTimeout(slow));
  }

  /** What could not be shown is asked for again; the focus, which was on the button, goes to the picture. */
  private again(): void {
    if (this.imageId === null) return;
    const focused = this.state.contains(document.activeElement);
    this.say(null);
    if (focused) this.focus();
    void this.open(this.imageId);
  }

  /** Another filter or map: the same picture, other boxes and map. */
  async refresh(): Promise<void> {
    if (this.imageId !== null) await this.ask({ image_id: this.imageId, picture: false }, this.imageId);
  }

  close(): void {
    this.asked++;
    this.imageId = this.shown = null;
    this.showPicture(null, { width: 0, height: 0 });
    this.say(null);
  }

  /** A line over the picture; null: none. */
  setCaption(text: string | null): void {
    this.caption.hidden = text === null;
    this.caption.textContent = this.caption.title = text ?? "";
  }

  private async ask(request: Record<string, unknown>, imageId: string): Promise<void> {
    const turn = ++this.asked;
    // Whatever happens meanwhile, a picture that was asked for must still arrive.
    if (this.el.dataset.loaded !== "true") request.picture = true;
    try {
      const reply = await this.rpc.request<ImageReply>("image", request, [], { own: true });
      if (turn !== this.asked || this.disposer.disposed) return;
      await this.take(reply, imageId, request.picture === true);
    } catch (problem) {
      if (turn !== this.asked) return;
      this.showPicture(null, { width: 0, height: 0 });
      const [sentence, details] = problem instanceof RpcError ? [problem.sentence, problem.details] : ["This image could not be shown.", String(problem)];
      this.say({ sentence, details, action: { label: "Try again", run: () => this.again() } });
      this.failed = true;
      this.shown = null;
      this.events.failed?.();
    }
  }

  private async take({ content, buffers }: Reply<ImageReply>, imageId: string, picture: boolean): Promise<void> {
    const position = this.store.position(imageId);
    const size = { width: this.store.sizes[2 * position], height: this.store.sizes[2 * position + 1] };
    if (picture) {
      const bitmap = await decodePicture(buffers[3]);
      if (this.imageId !== imageId) return bitmap.close();
      this.showPicture(bitmap, size);
    }
    const boxes = readBoxes(floats(buffers[0]), 0, content.boxes, this.store.classes);
    this.canvas.setBoxes(boxes);
    this.canvas.setCam(content.cam === null ? null : readCam(floats(buffers[1]), 0, content.cam));
    this.el.dataset.cam = content.cam === null ? "" : `${content.cam_method} of ${content.cam_target}`;
    this.canvas.setLabel(`${imageId}, ${this.store.predictedLabel(position)}`);
    this.shown = { imageId, position, reply: content, probabilities: floats(buffers[2]) };
    this.fillLegend(boxes);
    this.say(null);
    this.el.dataset.loaded = "true";
    this.events.shown();
  }

  private showPicture(picture: ImageBitmap | null, size: { width: number; height: number }): void {
    this.canvas.setImage(picture, size);
    this.picture?.close();
    this.picture = picture;
    if (picture === null) this.fillLegend([]);
  }

  /** The classes with their colours and numbers, those that count first; it is seen while the pointer or the focus is there. */
  private fillLegend(boxes: Box[]): void {
    const counts = new Map<string, { boxes: number; strong: boolean }>();
    for (const { objectClass, strong } of boxes) {
      const entry = counts.get(objectClass) ?? { boxes: 0, strong: false };
      counts.set(objectClass, { boxes: entry.boxes + 1, strong: entry.strong || strong });
    }
    const classes = [...counts].sort((a, b) => Number(b[1].strong) - Number(a[1].strong) || b[1].boxes - a[1].boxes);
    const rows = classes.slice(0, LEGEND).map(([name, { boxes: n, strong }]) =>
      h("li", { class: strong ? "ec-legend-strong" : "" },
        h("span", { class: "ec-legend-colour", style: { background: css(classColour(name)) } }), name, h("span", { class: "ec-number" }, n === 1 ? "" : ` × ${n}`)));
    const more = classes.length - LEGEND;
    this.legend.replaceChildren(...rows, ...(more > 0 ? [h("li", {}, `and ${more} more ${more === 1 ? "class" : "classes"}`)] : []));
    this.update();
  }

  private say(state: State | null): void {
    this.failed = false;
    this.state.hidden = state === null;
    if (state === null) this.state.replaceChildren();
    else showState(this.state, state);
  }

  private update(): void {
    const boxes = this.model.get<boolean>("show_boxes");
    this.canvas.show({ boxes, cam: this.model.get<boolean>("show_cam"), camOpacity: this.model.get<number>("cam_opacity") });
    this.legend.hidden = !boxes || this.legend.childElementCount === 0;
  }
}
