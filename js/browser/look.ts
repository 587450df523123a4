// One image of the run, large, or two beside each other: what lies over them, what the classifier says, the label one gives.
import { type Disposer, h } from "../shared/dom";
import { LabelBars, writePercent } from "../shared/labelBars";
import { type Model, type MountContext, setTraits } from "../shared/model";
import type { Rpc } from "../shared/rpc";
import { Annotator } from "./annotator";
import { CamChooser } from "./camChooser";
import { CompareBars } from "./compareBars";
import { overlayControls } from "./overlays";
import { ImagePane } from "./pane";
import type { BrowserStore } from "./store";

const TOP = 8;

export interface LookEvents {
  /** Null where the grid stays in sight: there is no way back to offer. */
  back: (() => void) | null;
  /** To the next image (or the one before), of the one shown or of the one compared with it. */
  step: (by: number, trait: "open_image" | "compare_image") => void;
}

export class Look {
  readonly el: HTMLElement;
  readonly annotator: Annotator;
  private readonly title = h("span", { class: "ec-look-title", "data-testid": "look-title" });
  private readonly says = h("div", { class: "ec-look-says" });
  private readonly feeling = h("div", { class: "ec-look-feeling ec-number", "data-testid": "look-feeling" });
  private readonly edit = h("button", { class: "ec-button ec-button-primary", type: "button", "data-testid": "edit" }, "Edit");
  private readonly smooth = h("button", { class: "ec-button", type: "button", "aria-pressed": "true", title: "Smoothly scaled, or at the map's own resolution" }, "Smooth");
  private readonly apart = h("button", { class: "ec-button", type: "button", "data-testid": "stop-comparing", title: "One image again" }, "Stop comparing");
  private readonly main: ImagePane;
  private readonly other: ImagePane;
  private readonly bars: LabelBars;
  private readonly pair: CompareBars;
  private readonly cam: CamChooser;

  constructor(
    private readonly model: Model,
    private readonly store: BrowserStore,
    rpc: Rpc,
    private readonly context: MountContext,
    private readonly events: LookEvents,
    private readonly disposer: Disposer,
  ) {
    this.annotator = new Annotator(model, store, rpc, disposer);
    const pane = (testid: string, linked: () => ImagePane): ImagePane =>
      new ImagePane(model, store, rpc, {
        shown: () => this.describe(),
        failed: () => testid === "look-canvas" && this.know(false),
        key: (event) => this.key(event),
        moved: () => this.comparing && linked().canvas.follow((linked() === this.other ? this.main : this.other).canvas.relative),
      }, testid, disposer);
    this.main = pane("look-canvas", () => this.other);
    this.other = pane("compare-canvas", () => this.main);
    this.other.el.hidden = true;
    this.bars = new LabelBars(TOP, disposer);
    this.pair = new CompareBars(disposer);
    this.cam = new CamChooser(model, store, disposer);
    this.el = h("div", { class: "ec-look", "data-testid": "look" }, this.makeBar(),
      h("div", { class: "ec-look-body" },
        h("div", { class: "ec-look-pictures" }, this.main.el, this.other.el),
        h("div", { class: "ec-look-side" }, this.says, this.feeling, this.annotator.el, this.cam.el, this.bars.el, this.pair.el)));
    disposer.listen<KeyboardEvent>(this.el, "keydown", (event) => {
      if (event.defaultPrevented || (event.target as Element).matches("input, select, textarea") || !this.key(event)) return;
      event.preventDefault();
      event.stopPropagation();
    });
    disposer.watch(model, ["show_boxes", "show_cam", "cam_opacity", "editable"], () => this.update());
    disposer.watch(model, "compare_image", () => this.follow());
    this.know(false);
    this.update();
  }

  private makeBar(): HTMLElement {
    const { disposer, events, model } = this;
    const back = h("button", { class: "ec-button", type: "button", "data-testid": "back" }, "← All images");
    const before = h("button", { class: "ec-icon-button", type: "button", "aria-label": "Previous image", title: "Previous image (←)" }, "‹");
    const next = h("button", { class: "ec-icon-button", type: "button", "aria-label": "Next image", title: "Next image (→)" }, "›");
    const whole = h("button", { class: "ec-button", type: "button", title: "Show the whole image" }, "Fit");
    // In a pane of its own the buttons above the grid are still in sight; alone they are covered.
    const overlays = events.back === null ? [] : overlayControls(model, disposer, "look-");
    disposer.listen(back, "click", () => events.back?.());
    disposer.listen(before, "click", () => events.step(-1, "open_image"));
    disposer.listen(next, "click", () => events.step(1, "open_image"));
    disposer.listen(whole, "click", () => this.main.canvas.fitAsked());
    disposer.listen(this.edit, "click", () => this.startEditing());
    disposer.listen(this.apart, "click", () => setTraits(model, { compare_image: null }));
    disposer.listen(this.smooth, "click", () => this.showScaling(this.smooth.getAttribute("aria-pressed") !== "true"));
    return h("div", { class: "ec-look-bar" }, events.back === null ? null : back, before, next, this.title, h("span", { class: "ec-spring" }), this.apart, ...overlays, this.smooth, whole, this.edit);
  }

  focus(): void {
    this.main.focus();
  }

  get imageId(): string | null {
    return this.main.imageId;
  }

  async open(imageId: string): Promise<void> {
    this.title.textContent = this.title.title = imageId;
    this.el.dataset.imageId = imageId;
    this.el.dataset.loaded = "false";
    this.annotator.show(imageId);
    // First the picture is asked for: what follows then knows that the one before is no longer meant.
    const opened = this.main.open(imageId);
    this.follow();
    await opened;
  }

  /** Another filter, or another map: the same pictures, other boxes and maps. */
  async refresh(): Promise<void> {
    await Promise.all([this.main.refresh(), this.other.refresh()]);
  }

  /** Once the index is there. */
  loaded(): void {
    this.bars.setLabels(this.store.labels);
    this.annotator.changed();
  }

  /** Labels were given. */
  annotated(): void {
    this.annotator.changed();
    this.describe();
  }

  private get comparing(): boolean {
    return !this.other.el.hidden;
  }

  private get compared(): string | null {
    const other = this.model.get<string | null>("compare_image") ?? null;
    return this.store.position(other) < 0 ? null : other;
  }

  /** Shows the second image while `compare_image` is set. */
  private follow(): void {
    const { compared } = this;
    this.other.el.hidden = this.apart.hidden = compared === null;
    this.el.classList.toggle("ec-look-compared", compared !== null);
    if (compared === null) this.other.close();
    else if (compared !== this.other.imageId) void this.other.open(compared);
    this.describe();
  }

  /** What is said of the image has its place once there is something to say. */
  private know(known: boolean): void {
    this.el.dataset.known = String(known);
  }

  private describe(): void {
    const { shown } = this.main;
    if (shown === null || shown.imageId !== this.main.imageId) return;
    this.know(true);
    const label = this.store.predictedLabel(shown.position);
    const annotation = this.store.annotation(shown.position);
    this.says.replaceChildren(
      h("strong", { "data-testid": "look-label" }, label),
      ` ${writePercent(this.store.probability[shown.position])}`,
      h("span", { class: "ec-muted" }, annotation === null ? "" : `, annotated ${annotation}`),
    );
    const { valence, arousal } = shown.reply;
    const amounts = [["valence", valence], ["arousal", arousal]].filter(([, value]) => value !== null) as [string, number][];
    this.feeling.textContent = amounts.map(([name, value]) => `${name} ${value.toFixed(2)}`).join(", ");
    this.feeling.hidden = amounts.length === 0;
    this.bars.update(shown.probabilities, null);
    this.cam.show(shown.reply, label, this.smooth.getAttribute("aria-pressed") === "true" ? "smoothly scaled" : "at its own resolution");
    this.comparePair();
    this.el.dataset.loaded = "true";
  }

  private comparePair(): void {
    const [left, right] = [this.main.shown, this.other.shown];
    const both = this.comparing && left !== null && right !== null;
    this.bars.el.hidden = both;
    this.pair.el.hidden = !both;
    for (const { pane, shown } of [{ pane: this.main, shown: left }, { pane: this.other, shown: right }]) {
      pane.setCaption(both && shown !== null ? `${shown.imageId}: ${this.store.predictedLabel(shown.position)}` : null);
    }
    if (both) this.pair.update(this.store.labels, left.probabilities, right.probabilities);
  }

  private showScaling(smooth: boolean): void {
    this.smooth.setAttribute("aria-pressed", String(smooth));
    for (const pane of [this.main, this.other]) pane.canvas.show({ camSmooth: smooth });
    this.describe();
  }

  private startEditing(): void {
    const { imageId } = this;
    if (imageId === null) return;
    if (this.context.openInEditor) this.context.openInEditor(imageId);
    else setTraits(this.model, { edit_image: imageId });
  }

  private update(): void {
    this.smooth.hidden = !this.model.get<boolean>("show_cam");
    this.edit.hidden = !this.context.openInEditor && !this.model.get<boolean>("editable");
  }

  /** Arrows act on the picture that has the focus. True: taken. */
  private key(event: KeyboardEvent): boolean {
    const right = this.other.el.contains(document.activeElement);
    const imageId = right ? this.other.imageId : this.imageId;
    if (this.annotator.key(event, imageId === null ? [] : [imageId])) return true;
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    // A picture that is zoomed is moved by the arrows (the canvas's own keys come after these).
    const zoomed = (right ? this.other : this.main).canvas.relative.zoom > 1.001;
    const arrows = event.target instanceof Element && event.target.matches(".ec-canvas") && zoomed;
    const trait = right ? "compare_image" : "open_image";
    if (event.key === "Escape") return this.leave();
    if (event.key === "PageUp" || (event.key === "ArrowLeft" && !arrows)) this.events.step(-1, trait);
    else if (event.key === "PageDown" || (event.key === "ArrowRight" && !arrows)) this.events.step(1, trait);
    else if (event.key === "Home") this.events.step(-Infinity, trait);
    else if (event.key === "End") this.events.step(Infinity, trait);
    else return false;
    return true;
  }

  private leave(): boolean {
    if (this.compared !== null) setTraits(this.model, { compare_image: null });
    else if (this.events.back !== null) this.events.back();
    else return false;
    return true;
  }
}
