// LimeView: the maps of one to three labels side by side, their regions as a list, what is left when the others are hidden, the
// viewer's marks and note.
import "../shared/imageCanvas.css";
import "../shared/keys.css";
import "../shared/labelBars.css";
import "../shared/listBox.css";
import "../shared/menu.css";
import "./lime.css";
import { Disposer, h } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { greyed } from "../shared/grey";
import { saveFile } from "../shared/menu";
import { type Cleanup, type Model, type Mount, type MountContext, setTraits } from "../shared/model";
import { floats, Rpc } from "../shared/rpc";
import { SceneLoader, type SceneReply } from "../shared/scene";
import { AGAINST_NAMES, gradient, type Palette } from "./colours";
import { Commit } from "./commit";
import { Note } from "./note";
import { Panel, type Shown } from "./panel";
import { RegionList } from "./regions";
import { describe, describeRegion, largest, type MapContent, readMap, type Status, writeWeight } from "./state";
import { Strongest } from "./strongest";
import { Tools } from "./tools";

interface LimeScene extends SceneReply {
  labels: string[];
  worker: boolean;
}

const MOST = 3;
const NO_IMAGE = "No picture yet: choose one to explain.";
const NO_WORKER = "Nothing explains here yet: pass a worker, as in LimeView(image, worker=emo.Worker(classifier)).";
const TYPES: Record<string, string> = { png: "image/png", csv: "text/csv", json: "application/json", notes: "text/csv" };

class LimeWidget {
  private readonly errors = new ErrorBar();
  private readonly rpc: Rpc;
  private readonly root: HTMLElement;
  private readonly panels = h("div", { class: "li-panels" });
  private readonly state = h("div", { class: "li-state", role: "status", "data-testid": "state" }, "Opening…");
  private readonly progress = h("progress", { class: "li-progress", max: 1, value: 0, "aria-label": "samples" });
  private readonly says = h("span", { class: "ec-number", role: "status", "data-testid": "progress" });
  private readonly legend = h("div", { class: "li-legend", "data-testid": "legend" });
  private readonly tools: Tools;
  private readonly regions: RegionList;
  private readonly strongest: Strongest;
  private readonly commit: Commit;
  private readonly note: Note;
  private readonly shown: Shown = { map: null, palette: "blue-red", scale: "own", coloured: true, covered: false, region: -1, marks: new Map(), strongest: null };
  private views: { panel: Panel; el: HTMLElement; label: HTMLSelectElement; drop: HTMLButtonElement; r2: HTMLElement }[] = [];
  private readonly loader: SceneLoader<LimeScene>;
  private grey: HTMLCanvasElement | null = null;

  constructor(
    private readonly model: Model,
    el: HTMLElement,
    context: MountContext,
    private readonly disposer: Disposer,
  ) {
    this.rpc = new Rpc(model, disposer, this.errors);
    this.root = h("div", { class: `li${context.embedded ? " li-embedded" : ""}`, "data-testid": "lime", "data-status": "empty", "data-ready": "false" });
    this.tools = new Tools(model, this.root, context.embedded, {
      run: () => void this.rpc.request("start").catch(() => undefined),
      cancel: () => void this.rpc.request("cancel").catch(() => undefined),
      map: () => this.toggleMap(),
      addTarget: (label) => this.setTargets([...this.targets, label]),
      save: (what) => void this.save(what).catch(() => undefined),
    }, disposer);
    this.regions = new RegionList(this.shown, { on: (region) => this.hover(region), mark: (region, side) => this.mark(region, side) }, disposer);
    this.commit = new Commit(model, this.shown, disposer);
    this.strongest = new Strongest(model, this.rpc, this.shown, () => this.redraw(), disposer);
    this.note = new Note(model, this.rpc, () => void this.save("notes").catch(() => undefined), disposer);
    this.root.append(
      this.tools.bar,
      h("div", { class: "li-line" }, this.progress, this.says),
      this.commit.el,
      h("div", { class: "li-body" },
        h("div", { class: "li-stage" }, this.panels, this.state),
        h("div", { class: "li-side" }, this.legend, this.strongest.el, this.regions.el)),
      this.note.el,
      this.tools.keys.panel,
      this.errors.el,
    );
    el.append(this.root);
    this.loader = new SceneLoader(this.rpc, this.root, disposer);
    disposer.add(() => {
      for (const { panel } of this.views) panel.destroy();
      this.root.remove();
    });
    this.listen();
    void this.load().catch(() => this.say("LIME could not be opened."));
  }

  private listen(): void {
    const { disposer, model } = this;
    disposer.watch(model, "_scene", () => void this.load().catch(() => this.say("The picture could not be loaded.")));
    disposer.watch(model, ["status", "palette", "scale", "reveal", "committed", "agreement", "seen_before"], () => this.update());
    disposer.watch(model, "marks", () => {
      this.commit.adopt();
      this.update();
    });
    disposer.on(model, "msg:custom", (message: MapContent & { kind?: string; id?: number }, buffers: DataView[]) => {
      if (message.kind === "map" && message.id === undefined) this.takeMap(message, buffers ?? []);
    });
    disposer.listen<KeyboardEvent>(this.root, "keydown", (event) => {
      const typing = (event.target as Element).matches("textarea, select, input:not([type=range])");
      if (event.key !== "m" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      this.toggleMap();
      event.preventDefault();
    });
  }

  private async load(): Promise<void> {
    const loaded = await this.loader.load(() => this.rpc.request<MapContent>("map"));
    const content = this.scene;
    if (loaded === null || content === null) return;
    const { also: map, buffers } = loaded;
    const { picture } = this;
    this.grey = picture === null ? null : greyed(picture);
    this.shown.region = -1;
    this.shown.map = null;
    this.views.forEach(({ panel }) => panel.setImage(picture, this.grey, content));
    this.strongest.setScene(content.labels, content.width > 0 ? floats(buffers[1]) : new Float32Array(0));
    this.note.setImage(content.name, picture !== null);
    this.tools.badge.hidden = !content.synthetic;
    this.commit.adopt();
    this.takeMap(map.content, map.buffers);
    this.root.dataset.ready = "true";
  }

  private takeMap(content: MapContent, buffers: DataView[]): void {
    if (this.scene === null || content.scene !== this.scene.scene) return; // load() asks for it when the picture is there
    this.shown.map = readMap(content, buffers, this.shown.map);
    this.cover();
    this.strongest.update();
    this.update();
  }

  private get scene(): LimeScene | null {
    return this.loader.scene;
  }

  private get picture(): ImageBitmap | null {
    return this.loader.picture;
  }

  private get targets(): string[] {
    const wanted = this.model.get<string[]>("targets");
    return wanted.length > 0 ? wanted : (this.shown.map?.explained.map((each) => each.target) ?? []);
  }

  private setTargets(targets: string[]): void {
    setTraits(this.model, { targets });
  }

  private toggleMap(): void {
    if (this.shown.covered) return;
    this.shown.coloured = !this.shown.coloured;
    this.update();
  }

  private hover(region: number): void {
    if (region === this.shown.region) return;
    this.shown.region = region;
    this.caption();
    this.redraw();
  }

  private mark(region: number, side: "for" | "against" | null): void {
    if (!this.commit.marking) return;
    this.commit.mark(region, side);
    this.commit.send();
    this.update();
  }

  private redraw(): void {
    for (const { panel } of this.views) panel.redraw();
  }

  private say(sentence: string | null): void {
    this.state.hidden = sentence === null;
    this.state.textContent = sentence ?? "";
  }

  private cover(): void {
    this.shown.covered = this.commit.marking || this.shown.map?.covered === true; // the weights come a moment after the lock
  }

  private update(): void {
    const { scene, shown, model } = this;
    const status = model.get<Status>("status");
    shown.palette = model.get<Palette>("palette");
    shown.scale = model.get<"own" | "shared">("scale");
    this.cover();
    this.root.classList.toggle("li-marking", shown.covered); // which leaves the picture more room
    this.root.dataset.status = status;
    this.root.dataset.targets = (shown.map?.explained ?? []).map((each) => each.target).join("|");
    const pictured = this.picture !== null;
    if (scene !== null) this.say(pictured ? null : (scene.problem ?? NO_IMAGE));
    this.layPanels(pictured);
    this.progress.hidden = status !== "running";
    // A map that is whole while LIME runs is the one before: it stays until the new one has its first samples.
    const before = status === "running" && shown.map !== null && shown.map.explained.length > 0 && shown.map.samples >= shown.map.total;
    if (shown.map && shown.map.total > 0 && !before) this.progress.value = shown.map.samples / shown.map.total;
    else this.progress.removeAttribute("value");
    this.says.textContent = scene !== null && pictured && !scene.worker && shown.map === null ? NO_WORKER : before ? "Sampling anew; the map is the one before…" : describe(shown.map, status);
    const others = (scene?.labels ?? []).filter((label) => !this.targets.includes(label));
    this.tools.show(status, pictured && scene?.worker === true, shown.coloured, shown.covered, pictured && this.targets.length < MOST ? others : []);
    this.commit.update(this.targets[0] ?? "");
    this.commit.el.hidden ||= !pictured;
    this.regions.update();
    this.showLegend();
    this.caption();
    this.redraw();
  }

  /** One panel per label; without a label yet, one for the picture. */
  private layPanels(pictured: boolean): void {
    const count = pictured ? Math.max(1, this.targets.length) : 0;
    while (this.views.length > count) {
      const view = this.views.pop()!;
      view.panel.destroy();
      view.el.remove();
    }
    while (this.views.length < count) this.views.push(this.makePanel(this.views.length));
    const labels = this.scene?.labels ?? [];
    this.views.forEach((view, i) => {
      const target = this.targets[i] ?? "";
      view.label.replaceChildren(...(target === "" ? [h("option", { value: "" }, "predicted label")] : []), ...labels.filter((label) => label === target || !this.targets.includes(label)).map((label) => h("option", { value: label }, label)));
      view.label.value = target;
      view.label.disabled = this.scene?.worker !== true;
      view.drop.hidden = count < 2;
      const explained = this.shown.map?.explained[i];
      const seen = explained && this.shown.map && explained.target === target && !this.shown.covered;
      const most = seen ? view.panel.most(this.shown.map!, explained) : 0;
      const full = count > 1 ? `, deepest ± ${writeWeight(most, most).replace("+", "")}` : "";
      view.r2.textContent = seen ? `R² ${explained.r2.toFixed(2)}${full}` : "";
      view.panel.canvas.setLabel(`${this.scene?.name ?? "picture"}: regions ${this.shown.covered ? "to mark" : `for and against ${target}`}`);
    });
  }

  private makePanel(index: number): (typeof this.views)[number] {
    const label = h("select", { class: "ec-select", "aria-label": "explained label", "data-testid": "target" });
    const drop = h("button", { class: "ec-icon-button", type: "button", title: "Take this label away", "aria-label": "Take this label away", "data-testid": "drop-target" }, "×");
    const r2 = h("span", { class: "ec-number ec-muted", title: "How much of what the classifier does the map's linear model explains: 1 is all" });
    const panel: Panel = new Panel(this.shown, () => this.views.findIndex((view) => view.panel === panel), {
      hover: (region) => this.hover(region),
      press: (region, first) => this.press(region, first),
      released: () => {
        if (this.commit.marking) this.commit.send();
      },
      moved: (from) => this.lookAlike(from),
      key: () => false,
    });
    const el = h("div", { class: "li-panel", "data-testid": "lime-panel" }, h("div", { class: "li-panel-head" }, label, r2, h("span", { class: "ec-spring" }), drop), panel.canvas.element, panel.caption);
    this.disposer.listen(label, "change", () => this.setTargets(this.targetsWith(panel, label.value)));
    this.disposer.listen(drop, "click", () => this.setTargets(this.targetsWith(panel, null)));
    this.panels.append(el);
    if (this.scene !== null) panel.setImage(this.picture, this.grey, this.scene);
    el.dataset.index = String(index);
    return { panel, el, label, drop, r2 };
  }

  private targetsWith(panel: Panel, label: string | null): string[] {
    const at = this.views.findIndex((view) => view.panel === panel);
    const targets = [...this.targets];
    if (label === null) targets.splice(at, 1);
    else targets[at] = label;
    return targets.filter((target) => target !== "");
  }

  private press(region: number, first: boolean): boolean {
    if (!this.commit.marking) {
      if (first) this.regions.select(region);
      return false;
    }
    this.commit.press(region, first);
    this.commit.update();
    this.regions.update();
    this.redraw();
    return true;
  }

  private lookAlike(from: Panel): void {
    for (const { panel } of this.views) if (panel !== from) panel.canvas.follow(from.canvas.relative);
  }

  private caption(): void {
    const { map, region, covered } = this.shown;
    this.views.forEach(({ panel }) => {
      const explained = panel.explained;
      if (map === null || region < 0 || region >= map.segments.count) panel.caption.textContent = "";
      else if (covered || explained === null) panel.caption.textContent = `${(100 * map.segments.areas[region]).toFixed(1)} % of the image`;
      else panel.caption.textContent = describeRegion(map, explained, region);
    });
    this.root.dataset.region = String(region);
  }

  private showLegend(): void {
    const { map, palette, covered, scale: shared } = this.shown;
    const seen = map !== null && map.explained.length > 0 && !covered;
    this.legend.hidden = !seen;
    if (!seen) return;
    const several = map.explained.length > 1 && shared === "own";
    const most = largest(map);
    const end = several ? "the label's strongest" : writeWeight(most, most);
    this.legend.replaceChildren(
      h("span", {}, `${AGAINST_NAMES[palette]} speaks against`),
      h("span", { class: "li-legend-for" }, "blue speaks for"),
      h("i", { class: "li-legend-scale", style: { background: gradient(palette) } }),
      h("span", { class: "ec-number" }, several ? "" : writeWeight(-most, most)),
      h("span", { class: "ec-number li-legend-zero" }, "0"),
      h("span", { class: "ec-number li-legend-for" }, end),
    );
    this.legend.title = `Weights are in units of the label's ${map.output === "logits" ? "logit" : "probability"}: what the region adds where it is seen`;
  }

  private async save(what: string): Promise<void> {
    const { content, buffers } = await this.rpc.request<{ name: string }>("export", { what });
    saveFile(content.name, buffers[0], TYPES[what]);
  }
}

export const mount: Mount = (model, el, context): Cleanup => {
  const disposer = new Disposer();
  new LimeWidget(model, el, context, disposer);
  return () => disposer.dispose();
};
