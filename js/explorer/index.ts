// The explorer: heatmap, browser and editor of one run in one place. The parts are the same modules that stand alone; what
// links them (a cell, a threshold, an open image) is linked in Python, so that a cell of the notebook sees and sets it too.
import "../shared/theme.css";
import "../shared/keys.css";
import "./style.css";
import { mount as mountBrowser } from "../browser/mount";
import { mount as mountEditor } from "../editor/mount";
import { mount as mountHeatmap, settingControls } from "../heatmap/index";
import { Disposer, h } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { KeysHelp, type KeyList } from "../shared/keys";
import { childModel, setTraits, type Cleanup, type Model, type MountContext } from "../shared/model";
import { Rpc } from "../shared/rpc";
import { widget } from "../shared/widget";
import { Detail, type Mode } from "./detail";
import { Layout } from "./layout";

interface Summary {
  name: string;
  images: number;
  expected: number;
  labels: number;
  methods: string[];
  failures: number;
  synthetic: boolean;
  path: string;
}

const KEYS: KeyList = [
  ["Tab", "from the heatmap to the images, to the open image"],
  ["← → ↑ ↓", "move between cells, between images, move a divider"],
  ["Enter", "select a cell, open an image, fold at a divider"],
  ["Esc", "clear the cell, close the image"],
  ["b, c", "boxes, CAM on the images"],
  ["?", "this list"],
];

class Explorer {
  private readonly errors = new ErrorBar();
  private readonly layout: Layout;
  private readonly detail: Detail;
  private browser: Model | null = null;
  private editorReference: string | null = null;
  private editorCleanup: Cleanup | null = null;

  constructor(
    private readonly model: Model,
    private readonly el: HTMLElement,
    private readonly disposer: Disposer,
  ) {
    new Rpc(model, disposer, this.errors);
    this.layout = new Layout(disposer, () => this.showDetail());
    this.detail = new Detail(this.layout.detail, disposer, {
      pick: (mode) => this.pick(mode),
      fold: () => this.toggle(),
      close: () => this.close(),
    });
  }

  async start(): Promise<void> {
    const root = h("div", { class: "ec ex", "data-testid": "explorer", "data-ready": "false" });
    const bar = h("header", { class: "ex-bar" });
    root.append(bar, this.layout.el, this.errors.el);
    this.el.append(root);
    this.disposer.add(() => root.remove());
    this.disposer.add(() => this.editorCleanup?.());
    const [heatmap, browser] = await Promise.all([childModel(this.model, "heatmap"), childModel(this.model, "browser")]);
    if (this.disposer.disposed) return;
    this.browser = browser;
    this.fillBar(bar, root, heatmap);
    const context: MountContext = {
      embedded: true,
      detail: this.detail.look,
      openInEditor: this.model.get<string>("edit_hint") ? undefined : (imageId) => this.edit(imageId),
    };
    this.disposer.add(mountHeatmap(heatmap, this.layout.heatmap, context));
    this.disposer.add(mountBrowser(browser, this.layout.browser, context));
    this.disposer.watch(browser, "open_image", () => this.opened());
    this.disposer.watch(browser, "selected", () => this.followSelection());
    this.disposer.watch(this.model, ["mode", "image_id", "editor"], () => this.showDetail());
    if (browser.get("open_image") !== null) this.layout.fold(false, this.roomy);
    this.showDetail();
    root.dataset.ready = "true";
  }

  private get mode(): Mode {
    return this.model.get<Mode>("mode");
  }

  /** The editor needs more room than a look. */
  private get roomy(): boolean {
    return this.mode === "edit" && !this.model.get<string>("edit_hint");
  }

  private fillBar(bar: HTMLElement, root: HTMLElement, heatmap: Model): void {
    const { name, images, expected, labels, methods, failures, synthetic, path } = this.model.get<Summary>("summary");
    const partial = expected > images + failures;
    const count = partial ? `${images} of ${expected} images so far` : `${images} images`;
    const help = new KeysHelp(KEYS, root, this.disposer);
    help.panel.classList.add("ex-keys");
    const badge = h("span", { class: "ec-badge", title: "Drawn images and models trained on them: no finding about real ones" }, "synthetic");
    badge.hidden = !synthetic;
    bar.append(
      h("span", { class: "ex-run", title: path, "data-testid": "run-title" },
        h("span", { class: "ec-muted" }, "run: "), h("strong", {}, name),
        h("span", { class: "ec-muted" }, ` (${count}, ${labels} labels, ${methods.join(", ")})`)),
      badge,
      h("div", { class: "ex-settings" }, ...settingControls(heatmap, this.disposer, this.errors), help.button),
      help.panel,
    );
  }

  /** An image was opened (here, in the grid or from Python), or closed. */
  private opened(): void {
    if (this.browser?.get("open_image") !== null && this.layout.detailFolded) this.unfold();
    this.showDetail();
  }

  /** While an image is shown large, the one that is selected next is shown in its place. */
  private followSelection(): void {
    const selected = this.browser?.get<string | null>("selected") ?? null;
    if (selected === null || this.layout.detailFolded || this.mode !== "look") return;
    setTraits(this.browser!, { open_image: selected });
  }

  private get current(): string | null {
    return this.browser?.get<string | null>("open_image") ?? this.browser?.get<string | null>("selected") ?? null;
  }

  private pick(mode: Mode): void {
    const image = this.current;
    if (mode === "edit" && image !== null) this.edit(image);
    else {
      setTraits(this.model, { mode });
      this.reopen();
    }
    this.showDetail();
  }

  private edit(imageId: string): void {
    setTraits(this.model, { image_id: imageId, mode: "edit" });
    this.unfold();
  }

  private toggle(): void {
    if (this.layout.detailFolded) this.reopen();
    else this.layout.fold(true);
  }

  private reopen(): void {
    const image = this.current;
    if (image !== null) setTraits(this.browser!, { open_image: image });
    this.unfold();
  }

  /** Opens the detail pane and brings it into sight: in a low window it would open below the edge. */
  private unfold(): void {
    this.layout.fold(false, this.roomy);
    requestAnimationFrame(() => this.layout.detail.scrollIntoView({ block: "nearest" }));
  }

  private close(): void {
    this.layout.fold(true);
    this.layout.browser.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }

  private showDetail(): void {
    if (!this.detail) return; // the layout reports while it is being made
    this.detail.show(this.mode, this.layout.detailFolded, this.current);
    if (this.mode === "edit" && !this.layout.detailFolded) void this.showEditor();
  }

  private async showEditor(): Promise<void> {
    const { edit } = this.detail;
    const reference = this.model.get<string | null>("editor");
    if (reference === null) {
      const sentence = this.model.get<string>("edit_hint") || "Open an image first: double click one above.";
      edit.replaceChildren(h("div", { class: "ec-empty", "data-testid": "edit-hint" }, sentence));
      return;
    }
    if (reference === this.editorReference) return;
    this.editorReference = reference;
    this.editorCleanup?.();
    edit.replaceChildren();
    const editor = await childModel(this.model, "editor");
    if (this.disposer.disposed || this.editorReference !== reference) return;
    this.editorCleanup = mountEditor(editor, edit, { embedded: true });
  }
}

export function mount(model: Model, el: HTMLElement): Cleanup {
  const disposer = new Disposer();
  const waiting = h("div", { class: "ec ec-empty" }, "Opening the explorer…");
  el.append(waiting);
  new Explorer(model, el, disposer)
    .start()
    .then(() => waiting.remove())
    .catch((problem: unknown) => (waiting.textContent = `The explorer could not be shown. ${problem instanceof Error ? problem.message : ""}`));
  disposer.add(() => waiting.remove());
  return () => disposer.dispose();
}

export default widget(mount, "explorer");
