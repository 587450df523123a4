// The image browser: toolbar, grid and large view over one store, and the states in which there is no grid to show.
import "../shared/imageCanvas.css";
import "../shared/keys.css";
import "../shared/labelBars.css";
import "./browser.css";
import { Disposer, h } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { type Cleanup, type Model, type Mount, type MountContext, setTraits } from "../shared/model";
import { Rpc } from "../shared/rpc";
import { Grid } from "./grid";
import { Look } from "./look";
import { flip } from "./overlays";
import { BrowserStore } from "./store";
import { CLEARED, Toolbar } from "./toolbar";
import { emptiness } from "./words";

class Browser {
  private readonly errors = new ErrorBar();
  private readonly state = h("div", { class: "ec-empty", role: "status", "data-testid": "state", hidden: true });
  private readonly list: HTMLElement;
  private readonly root: HTMLElement;
  private readonly store: BrowserStore;
  private readonly toolbar: Toolbar;
  private readonly grid: Grid;
  private readonly look: Look;
  private readonly nothing = h("div", { class: "ec-empty" }, "Click an image to see it here.");

  constructor(
    private readonly model: Model,
    el: HTMLElement,
    private readonly context: MountContext,
    private readonly disposer: Disposer,
  ) {
    const rpc = new Rpc(model, disposer, this.errors);
    this.root = h("div", { class: `ec-browser${context.embedded ? " ec-browser-embedded" : ""}`, "data-testid": "browser", "data-ready": "false" });
    this.store = new BrowserStore(rpc, model, disposer, {
      order: () => this.orderChanged(),
      thumbnails: (positions) => this.grid.refresh(positions),
    });
    this.toolbar = new Toolbar(model, this.store, this.root, context.embedded, disposer);
    this.grid = new Grid(this.store, {
      select: (id) => setTraits(model, { selected: id }),
      open: (id) => setTraits(model, { open_image: id }),
    }, disposer);
    const events = { back: () => setTraits(model, { open_image: null }), step: (by: number) => this.step(by) };
    this.look = new Look(model, this.store, rpc, context, context.detail ? null : events, disposer);
    this.look.el.hidden = true;
    this.list = h("div", { class: "ec-browser-list" }, this.toolbar.el, this.grid.el, this.state);
    this.root.append(this.list, this.errors.el);
    el.append(this.root);
    disposer.add(() => this.root.remove());
    this.placeLook(context.detail);
    this.listen();
    void this.load();
  }

  private placeLook(detail: HTMLElement | undefined): void {
    if (detail === undefined) {
      this.list.after(this.look.el);
      return;
    }
    const pane = h("div", { class: "ec-browser ec-browser-embedded" }, this.look.el, this.nothing);
    detail.append(pane);
    this.disposer.add(() => pane.remove());
  }

  private listen(): void {
    const { disposer, model } = this;
    disposer.watch(model, ["show_boxes", "show_cam", "cam_opacity"], () => this.showOverlays());
    disposer.watch(model, "selected", () => this.grid.select(model.get("selected")));
    disposer.watch(model, "open_image", () => this.follow());
    disposer.listen<KeyboardEvent>(this.root, "keydown", (event) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if ((event.target as Element).matches("select, input")) return;
      if (event.key === "b") flip(model, "show_boxes");
      else if (event.key === "c") flip(model, "show_cam");
      else if (event.key === "Escape" && this.store.filter !== null) setTraits(model, CLEARED);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  private async load(): Promise<void> {
    const slow = setTimeout(() => this.say("Reading the run…"), 200);
    try {
      await this.store.load();
    } catch {
      if (!this.disposer.disposed) this.say("The images of this run could not be loaded.", "Try again", () => void this.load());
      return;
    } finally {
      clearTimeout(slow);
    }
    if (this.disposer.disposed) return;
    this.toolbar.loaded();
    this.look.loaded();
    this.showOverlays();
    this.grid.select(this.model.get("selected"));
    this.follow();
    this.root.dataset.ready = "true";
  }

  private orderChanged(): void {
    const order = this.store.filter;
    if (order === null) return;
    this.root.dataset.revision = String(order.revision);
    this.toolbar.orderChanged();
    this.grid.orderChanged();
    if (order.count > 0) this.say(null);
    else {
      const { sentence, action } = emptiness(order);
      this.say(sentence, action, () => setTraits(this.model, CLEARED));
    }
    if (!this.look.el.hidden) void this.look.refresh();
  }

  private say(sentence: string | null, action: string | null = null, run: () => void = () => undefined): void {
    this.state.hidden = sentence === null;
    this.grid.el.hidden = sentence !== null;
    if (sentence === null) return;
    this.state.replaceChildren(h("div", {}, sentence));
    if (action === null) return;
    const button = h("button", { class: "ec-button", type: "button" }, action);
    button.addEventListener("click", run, { once: true });
    this.state.append(h("div", {}, button));
  }

  private showOverlays(): void {
    this.grid.show({
      boxes: this.model.get<boolean>("show_boxes"),
      cam: this.model.get<boolean>("show_cam"),
      camOpacity: this.model.get<number>("cam_opacity"),
    });
  }

  private step(by: number): void {
    const { order, ids } = this.store;
    const at = order.indexOf(this.store.position(this.model.get("open_image")));
    if (order.length === 0) return;
    const next = ids[order[Math.min(Math.max(at + by, 0), order.length - 1)]];
    setTraits(this.model, { open_image: next, selected: next });
  }

  /** Shows the large view while `open_image` is set; the focus goes there and comes back. */
  private follow(): void {
    if (this.store.filter === null) return;
    const imageId = this.model.get<string | null>("open_image");
    const wasOpen = !this.look.el.hidden;
    const focused = this.root.contains(document.activeElement);
    this.look.el.hidden = imageId === null;
    this.nothing.hidden = imageId !== null;
    if (this.context.detail === undefined) this.list.hidden = imageId !== null;
    if (imageId !== null) {
      if (focused && !wasOpen && this.list.hidden) this.look.focus();
      if (imageId !== this.look.imageId || !wasOpen) void this.look.open(imageId);
    } else if (wasOpen) {
      this.grid.select(this.model.get("selected"));
      if (focused) this.grid.focus();
    }
  }
}

export const mount: Mount = (model, el, context): Cleanup => {
  const disposer = new Disposer();
  new Browser(model, el, context, disposer);
  return () => disposer.dispose();
};
