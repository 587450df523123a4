// The image browser: toolbar, grid and large view over one store, and the states in which there is no grid to show.
import "../shared/imageCanvas.css";
import "../shared/keys.css";
import "../shared/labelBars.css";
import "./browser.css";
import "./look.css";
import { Disposer, h } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { type Cleanup, type Model, type Mount, type MountContext, setTraits } from "../shared/model";
import { Rpc } from "../shared/rpc";
import { Grid } from "./grid";
import { Look } from "./look";
import { flip } from "./overlays";
import { BrowserStore } from "./store";
import { Toolbar } from "./toolbar";
import { CLEARED, emptiness, isFiltered } from "./words";

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
      order: (same) => this.orderChanged(same),
      thumbnails: (positions) => this.grid.refresh(positions),
      annotated: (positions) => this.annotated(positions),
    });
    this.toolbar = new Toolbar(model, this.store, rpc, this.root, context.embedded, { compare: () => this.compare() }, disposer);
    this.grid = new Grid(this.store, {
      select: (id) => setTraits(model, { selected: id }),
      open: (id) => setTraits(model, { open_image: id }),
      pick: (ids) => setTraits(model, { selection: ids }),
    }, this.root, disposer);
    const back = context.detail ? null : () => setTraits(model, { open_image: null, compare_image: null });
    this.look = new Look(model, this.store, rpc, context, { back, step: (by, trait) => this.step(by, trait) }, disposer);
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
    disposer.watch(model, "selection", () => this.showSelection());
    disposer.watch(model, "open_image", () => this.follow());
    disposer.listen<KeyboardEvent>(this.root, "keydown", (event) => {
      if (event.defaultPrevented || (event.target as Element).matches("select, input") || !this.key(event)) return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  private key(event: KeyboardEvent): boolean {
    const { model } = this;
    if (this.list.contains(event.target as Element) && this.look.annotator.key(event, this.chosen)) return true;
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === "b") flip(model, "show_boxes");
    else if (event.key === "c") flip(model, "show_cam");
    else if (event.key === "v") this.compare();
    else if (event.key === "/" && !this.list.hidden) this.toolbar.search.focus();
    else if (event.key === "f" && !this.list.hidden) this.toolbar.filters.toggle();
    else if (event.key === "Escape" && this.store.filter !== null && isFiltered(this.store.filter)) setTraits(model, CLEARED);
    else return false;
    return true;
  }

  /** What a key in the grid gives a label to: what is selected, else what is under the cursor. */
  private get chosen(): string[] {
    const selection = this.model.get<string[] | undefined>("selection") ?? [];
    const selected = this.model.get<string | null>("selected");
    return selection.length > 0 ? selection : selected === null ? [] : [selected];
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
    this.showSelection();
    this.follow();
    this.root.dataset.ready = "true";
  }

  private orderChanged(same: boolean): void {
    const order = this.store.filter;
    if (order === null) return;
    this.root.dataset.revision = String(order.revision);
    this.toolbar.orderChanged();
    this.showOverlays();
    if (order.count > 0) this.say(null); // before the grid, which draws nothing while it is hidden
    this.grid.orderChanged(same);
    if (order.count === 0) {
      const { sentence, action } = emptiness(order);
      this.say(sentence, action, () => setTraits(this.model, CLEARED));
    }
    if (!this.look.el.hidden) void this.look.refresh();
  }

  private annotated(positions: number[]): void {
    this.grid.refresh(positions);
    this.look.annotated();
    this.toolbar.filters.fill();
  }

  private showSelection(): void {
    const ids = this.model.get<string[] | undefined>("selection") ?? [];
    this.grid.pick(new Set(ids.map((id) => this.store.position(id)).filter((position) => position >= 0)));
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
    const order = this.store.filter;
    this.grid.show({
      boxes: this.model.get<boolean>("show_boxes"),
      cam: this.model.get<boolean>("show_cam"),
      camOpacity: this.model.get<number>("cam_opacity"),
      annotations: order !== null && (order.disagreement || order.annotation !== null || this.model.get("sort") === "disagreement"),
    });
  }

  /** Two selected images beside each other. */
  private compare(): void {
    const { model } = this;
    const [left, right] = model.get<string[] | undefined>("selection") ?? [];
    if (right !== undefined) setTraits(model, { open_image: left, compare_image: right });
  }

  private step(by: number, trait: "open_image" | "compare_image"): void {
    const { order, ids } = this.store;
    const at = order.indexOf(this.store.position(this.model.get(trait)));
    if (order.length === 0) return;
    const next = ids[order[Math.min(Math.max(at + by, 0), order.length - 1)]];
    setTraits(this.model, trait === "open_image" ? { open_image: next, selected: next } : { compare_image: next });
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
