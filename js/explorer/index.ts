// The explorer: heatmap, browser and what is done with one image of a run in one place. The parts are the same modules that stand
// alone; what links them (a cell, a threshold, an open image) is linked in Python, so that a cell of the notebook sees and sets it.
import "../shared/theme.css";
import "../shared/keys.css";
import "./style.css";
import { mount as mountBrowser } from "../browser/mount";
import { mount as mountEditor } from "../editor/mount";
import { mount as mountHeatmap, settingControls } from "../heatmap/index";
import { mount as mountLime } from "../lime/mount";
import { mount as mountMethods } from "../methods/mount";
import { mount as mountPaste } from "../paste/mount";
import { mount as mountRsa } from "../rsa/mount";
import { Disposer, h } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { Height } from "../shared/height";
import { childModel, setTraits, type Cleanup, type Model, type MountContext } from "../shared/model";
import { Rpc, RpcError } from "../shared/rpc";
import { failure, showState } from "../shared/states";
import { widget } from "../shared/widget";
import { Bar, type Summary } from "./bar";
import { Detail, type Mode, type Tab } from "./detail";
import { Help } from "./help";
import { Layout } from "./layout";
import { type Part, PartPage } from "./part";
import { ReportPanel } from "./reportPanel";
import { divider } from "./split";

const LOOK: Tab = { mode: "look", label: "Look", title: "The image large, with boxes and map" };
/** The other tabs. */
const PARTS: (Tab & Part)[] = [
  { mode: "edit", label: "Edit", title: "Put things on the image and watch its labels", trait: "editor", mount: mountEditor, opening: "Opening the editor…" },
  { mode: "lime", label: "LIME", title: "Which regions of the image speak for a label, and which against it", trait: "lime", mount: mountLime, opening: "Opening LIME…" },
  { mode: "methods", label: "Methods", title: "Every method's map of the image beside the others", trait: "comparison", mount: mountMethods, opening: "Opening the methods' maps…" },
  { mode: "agreement", label: "Agreement", title: "Do the run's methods point at the same things? Rank correlations over the whole run", trait: "agreement", mount: mountRsa, opening: "Opening the methods' agreement…", ofRun: true },
  { mode: "paste", label: "Paste", title: "The paste experiment: a thing on many images of the run, and which labels switch", trait: "paste", mount: mountPaste, opening: "Opening the paste experiment…", ofRun: true },
];
const OF_RUN = new Set(PARTS.filter(({ ofRun }) => ofRun).map(({ mode }) => mode));
const OPEN_FIRST = "Open an image first: double click one above.";

class Explorer {
  private readonly errors = new ErrorBar();
  private readonly layout: Layout;
  private readonly detail: Detail;
  private readonly parts: Map<Mode, PartPage>;
  /** Null on a page that is a report itself. */
  private readonly report: ReportPanel | null;
  private browser: Model | null = null;
  private height: Height | null = null;
  /** What shows heatmap, browser and the settings above them: made anew when the run has grown. */
  private panes = new Disposer();

  constructor(
    private readonly model: Model,
    private readonly el: HTMLElement,
    private readonly disposer: Disposer,
  ) {
    const rpc = new Rpc(model, disposer, this.errors);
    this.report = model.get("report") === undefined ? null : new ReportPanel(model, rpc, disposer);
    this.layout = new Layout(disposer, model.get<Summary>("summary").path, () => this.showDetail());
    const parts = PARTS.filter(({ trait }) => model.get(trait) !== undefined); // a page without a kernel has fewer
    this.detail = new Detail(this.layout.detail, [LOOK, ...parts], disposer, {
      pick: (mode) => this.pick(mode),
      fold: () => this.toggle(),
      full: () => (this.layout.full = !this.layout.full),
      close: () => this.close(),
    });
    const again = (): Promise<unknown> => rpc.request("open_part", {}, [], { own: true });
    const context: MountContext = {
      embedded: true,
      compareAbove: (pair) => {
        // The heatmap then has the room; what fails is shown under the widget.
        void rpc.request("compare", { pair }).then(() => this.layout.fold(true), () => undefined);
      },
    };
    this.parts = new Map(parts.map((part) => [part.mode, new PartPage(model, part, this.detail.pages.get(part.mode)!, again, disposer, context)]));
    disposer.on(model, "msg:custom", ({ kind, sentence }: { kind?: string; sentence?: string }) => {
      if (kind === "part_failed") this.parts.get(this.mode)?.refused(new RpcError(String(sentence)));
    });
  }

  async start(): Promise<void> {
    const root = h("div", { class: "ec ex", "data-testid": "explorer", "data-ready": "false" });
    this.el.append(root);
    this.disposer.add(() => root.remove());
    this.disposer.add(() => this.panes.dispose());
    root.append(this.layout.el, this.handle(root), this.errors.el);
    this.height = new Height(root, (fits) => this.heightOf(root, fits), this.disposer);
    await this.showRun(root);
    if (this.disposer.disposed) return;
    this.disposer.watch(this.browser!, "run_revision", () => void this.showRun(root).catch((problem: unknown) => this.failed(problem)));
    this.disposer.watch(this.model, ["mode", "image_id", ...PARTS.map(({ trait }) => trait)], () => this.showDetail());
    this.disposer.watch(this.model, "mode", () => {
      if (!this.layout.detailFolded) this.layout.fold(false, this.roomy); // "try it" and Python change it too
    });
    if (this.browser?.get("open_image") !== null || this.ofRun) this.layout.fold(false, this.roomy);
    this.showDetail();
    root.dataset.ready = "true";
  }

  /** Heatmap and browser over the run as it is; where it has grown, filled anew and scrolled as they were. */
  private async showRun(root: HTMLElement): Promise<void> {
    const [heatmap, browser] = await Promise.all([childModel(this.model, "heatmap"), childModel(this.model, "browser")]);
    if (this.disposer.disposed) return;
    const { layout } = this;
    const scrolled = layout.el.querySelector(".ec-grid")?.scrollTop ?? 0;
    this.panes.dispose();
    const panes = (this.panes = new Disposer());
    this.browser = browser;
    const help = new Help(root, this.callouts(), panes);
    const bar = new Bar(this.model, this.el, settingControls(heatmap, panes, this.errors), help, this.report, panes);
    layout.el.before(bar.el);
    panes.add(() => bar.el.remove());
    const context: MountContext = {
      embedded: true,
      detail: this.detail.pages.get("look")!,
      openInEditor: this.model.get<string>("edit_hint") ? undefined : (imageId) => this.edit(imageId),
    };
    panes.add(mountHeatmap(heatmap, layout.heatmap, context));
    panes.add(mountBrowser(browser, layout.browser, context));
    panes.watch(browser, "open_image", () => this.opened());
    panes.watch(browser, "selected", () => this.followSelection());
    if (scrolled > 0) scrollWhenReady(layout.browser, scrolled, panes);
  }

  private failed(problem: unknown): void {
    this.errors.show({ sentence: "The run has grown, but what is new could not be shown.", details: String(problem) });
  }

  private callouts(): { pane: HTMLElement; text: string }[] {
    const { heatmap, browser, detail } = this.layout;
    return [
      { pane: heatmap, text: "A row is a kind of thing, a column a label. A cell says in how many images of that label the classifier looked at such a thing. Click one." },
      { pane: browser, text: "The images behind the cell, with the boxes that made them count. Double click one to see it large." },
      { pane: detail, text: "One image: look at it, change it and watch its labels. Agreement and Paste ask the whole run. Drag the divider above for more room." },
    ];
  }

  /** As high as what shows it, unless the user has said. */
  private heightOf(root: HTMLElement, fits: () => number): string {
    if (document.fullscreenElement?.contains(root)) return "100vh";
    const { height, stacked } = this.layout;
    return height !== null ? `${height}px` : stacked ? "auto" : `${fits()}px`;
  }

  /** At the lower edge: as high as the user wants, or by a double click as high as fits. */
  private handle(root: HTMLElement): HTMLElement {
    const handle = divider(this.disposer, {
      name: "Height of the explorer",
      testId: "divider-height",
      axis: () => "y",
      after: () => false,
      size: () => root.offsetHeight,
      range: () => ({ min: 400, max: 2400 }),
      resize: (pixels) => (this.layout.height = pixels),
      fold: () => (this.layout.height = null),
      folding: "fit the window",
    });
    handle.classList.add("ex-handle");
    return handle;
  }

  private get mode(): Mode {
    return this.model.get<Mode>("mode");
  }

  /** Whether the present tab speaks of the whole run. */
  private get ofRun(): boolean {
    return OF_RUN.has(this.mode);
  }

  /** Why there is nothing to be done with an image in the present tab, however one tries; or "". */
  private get hint(): string {
    return this.mode === "edit" ? this.model.get<string>("edit_hint") : "";
  }

  /** The parts need more room than a look. */
  private get roomy(): boolean {
    return this.mode !== "look" && !this.hint;
  }

  /** An image was opened (here, in the grid or from Python), or closed. */
  private opened(): void {
    if (this.browser?.get("open_image") !== null && this.ofRun) setTraits(this.model, { mode: "look" });
    if (this.browser?.get("open_image") !== null && this.layout.detailFolded) this.unfold();
    this.showDetail();
  }

  /** While an image is shown large, the one that is selected next is shown in its place; but nothing is taken from a hand. */
  private followSelection(): void {
    const selected = this.browser?.get<string | null>("selected") ?? null;
    if (selected === null || this.layout.detailFolded || this.mode === "edit" || this.ofRun) return;
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
    if (image !== null && !this.ofRun) setTraits(this.browser!, { open_image: image });
    this.unfold();
  }

  /** Opens the detail pane and brings it into sight: in a low window it would open below the edge. */
  private unfold(): void {
    this.layout.fold(false, this.roomy);
    requestAnimationFrame(() => this.layout.detail.scrollIntoView({ block: "nearest" }));
  }

  private close(): void {
    if (this.layout.full) {
      this.layout.full = false;
      return;
    }
    this.layout.fold(true);
    this.layout.browser.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }

  private showDetail(): void {
    if (!this.detail) return; // the layout reports while it is being made
    const { detailFolded: folded, full, stacked } = this.layout;
    this.height?.later();
    this.detail.show(this.mode, { folded, full, stacked, ofRun: this.ofRun }, this.current);
    const image = this.model.get<string | null>("image_id") ?? this.browser?.get<string | null>("open_image") ?? null;
    if (!folded) void this.parts.get(this.mode)?.show(this.hint || (image === null && !this.ofRun ? OPEN_FIRST : null));
  }
}

/** The grid is filled some moments after it is made. */
function scrollWhenReady(browser: HTMLElement, top: number, disposer: Disposer): void {
  const observer = new MutationObserver(() => {
    const grid = browser.querySelector(".ec-grid");
    if (grid === null || grid.scrollHeight < top + grid.clientHeight) return;
    observer.disconnect();
    grid.scrollTop = top;
  });
  observer.observe(browser, { subtree: true, attributes: true, childList: true });
  disposer.add(() => observer.disconnect());
}

export function mount(model: Model, el: HTMLElement): Cleanup {
  const state = h("div", { class: "ec ec-empty", role: "status", "data-testid": "explorer-state" });
  let shown = new Disposer();
  const open = (): void => {
    const disposer = (shown = new Disposer());
    showState(state, { sentence: "Opening the explorer…" });
    el.append(state);
    const started = async (): Promise<void> => new Explorer(model, el, disposer).start();
    started()
      .then(() => state.remove())
      .catch((problem: unknown) => {
        if (disposer.disposed) return;
        disposer.dispose();
        showState(state, failure("The explorer could not be shown.", problem, open));
      });
  };
  open();
  return () => {
    shown.dispose();
    state.remove();
  };
}

export default widget(mount, "explorer");
