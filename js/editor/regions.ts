// The panel of region edits: what is done (grey out, brighten, ...), where (a box, a lasso, segments, all of it), how strongly.
import { type Disposer, h } from "../shared/dom";
import { integers, type Rpc } from "../shared/rpc";
import { asKind, describeEdit, type Edit, type EditKind, KINDS, makeEdit, ofSegments, type Region, toggled, USUAL_COLOUR, WHOLE, withEdit, writeStrength } from "./edits";
import { RegionTool, type SegmentMap, type ToolKind } from "./regionTools";
import type { Scene } from "./scene";
import type { Stage } from "./stage";

const TOOLS: [ToolKind, string, string][] = [
  ["box", "Box", "Draw a box on the picture"],
  ["lasso", "Lasso", "Draw round something on the picture"],
  ["segments", "Segments", "Pick superpixels, as LIME cuts the picture"],
];
const HINTS: Record<ToolKind, string> = {
  box: "Draw a box on the picture (keys: arrows, Enter at two corners).",
  lasso: "Draw round something (keys: arrows, Enter at each corner, twice to close).",
  segments: "Click segments on the picture (keys: arrows, Enter).",
};

export class Regions {
  readonly el: HTMLElement;
  private readonly kind = h("select", { class: "ec-select", "aria-label": "what to do with a region", "data-testid": "region-kind" });
  private readonly buttons = new Map<ToolKind, HTMLButtonElement>();
  private readonly whole = h("button", { class: "ec-button", type: "button", "data-testid": "region-all", title: "The whole picture" }, "All");
  private readonly boxes = h("select", { class: "ec-select", "aria-label": "a detected box as the region", "data-testid": "region-detected" });
  private readonly use = h("button", { class: "ec-button", type: "button", title: "Take this detected box as the region", "data-testid": "region-use" }, "Use");
  private readonly boxesRow = h("div", { class: "ec-panel-row" }, this.boxes, this.use);
  private readonly strength = h("input", { type: "range", step: 0.01, "aria-label": "strength", "data-testid": "region-strength" });
  private readonly strengthSays = h("output", { class: "ec-number" });
  private readonly strengthRow = h("label", { class: "ec-panel-row" }, this.strength, this.strengthSays);
  private readonly colour = h("input", { type: "color", value: USUAL_COLOUR, "aria-label": "colour", "data-testid": "region-colour" });
  private readonly colourRow = h("label", { class: "ec-panel-row" }, "Colour", this.colour);
  private readonly hint = h("div", { class: "ec-muted ec-panel-hint", role: "status" });
  private readonly list = h("div", { class: "ec-rows", role: "list", "aria-label": "edits of regions", "data-testid": "region-list" });
  private current = -1;
  private segments: SegmentMap | null = null;
  private enabled = false;
  private turn = 0;
  private listed = "";

  constructor(
    private readonly rpc: Rpc,
    private readonly scene: Scene,
    private readonly stage: Stage,
    private readonly disposer: Disposer,
  ) {
    this.kind.append(...Object.entries(KINDS).map(([value, { name }]) => h("option", { value }, name)));
    for (const [kind, name, title] of TOOLS) {
      const button = h("button", { class: "ec-button", type: "button", title, "aria-pressed": "false", "data-testid": `region-${kind}` }, name);
      this.buttons.set(kind, button);
      disposer.listen(button, "click", () => void this.arm(stage.tool instanceof RegionTool && stage.tool.kind === kind ? null : kind));
    }
    disposer.listen(this.whole, "click", () => this.add(WHOLE));
    disposer.listen(this.use, "click", () => this.addDetected());
    disposer.listen(this.kind, "change", () => this.change((edit) => asKind(edit, this.kind.value as EditKind), true));
    disposer.listen(this.strength, "input", () => this.change((edit) => ({ ...edit, strength: this.strength.valueAsNumber }), false));
    disposer.listen(this.strength, "change", () => scene.commit());
    disposer.listen(this.colour, "input", () => this.change((edit) => ({ ...edit, colour: this.colour.value }), false));
    disposer.listen(this.colour, "change", () => scene.commit());
    this.el = h("div", { class: "ec-panel-form" },
      h("label", { class: "ec-panel-row" }, this.kind),
      h("div", { class: "ec-panel-buttons", role: "group", "aria-label": "where" }, ...this.buttons.values(), this.whole),
      this.boxesRow, this.hint, this.strengthRow, this.colourRow, this.list);
    this.update();
  }

  enable(enabled: boolean): void {
    this.enabled = enabled;
    this.segments = null;
    this.current = -1;
    void this.arm(null);
    this.update();
  }

  setBoxes(): void {
    this.boxes.replaceChildren(...this.scene.boxes.map((box, i) => h("option", { value: i }, box.name)));
    this.update();
  }

  /** Ends drawing; what comes next is another edit. */
  leave(): void {
    this.current = -1;
    void this.arm(null);
    this.update();
  }

  update(): void {
    const { edits } = this.scene;
    if (this.current >= edits.length) this.current = -1;
    const edit = edits[this.current];
    const kind = (edit?.kind ?? this.kind.value) as EditKind;
    for (const control of [this.kind, this.whole, this.boxes, this.use, this.strength, this.colour, ...this.buttons.values()]) control.disabled = !this.enabled;
    this.boxesRow.hidden = this.scene.boxes.length === 0;
    this.kind.value = kind;
    this.strengthRow.hidden = kind === "crop";
    this.strength.disabled = !this.enabled || edit === undefined;
    this.strength.min = KINDS[kind].signed ? "-1" : "0";
    this.strength.max = "1";
    this.strength.value = String(edit?.strength ?? KINDS[kind].usual);
    const says = edit === undefined ? "" : writeStrength(edit);
    if (this.strengthSays.textContent !== says) this.strengthSays.textContent = says;
    this.strength.setAttribute("aria-valuetext", says);
    this.colourRow.hidden = kind !== "recolour";
    if (edit !== undefined) this.colour.value = edit.colour;
    if (this.stage.tool instanceof RegionTool) this.stage.tool.chosen = edit?.region === "segments" ? edit.segments : [];
    this.showList(edits);
  }

  private showList(edits: Edit[]): void {
    const listed = `${this.current} ${edits.map(describeEdit).join("\n")}`;
    if (listed === this.listed) return;
    this.listed = listed;
    const focused = this.list.contains(document.activeElement) ? [...this.list.querySelectorAll("button")].indexOf(document.activeElement as HTMLButtonElement) : -1;
    this.list.replaceChildren(...edits.map((edit, i) => this.row(edit, i)));
    if (focused >= 0) [...this.list.querySelectorAll("button")].at(Math.min(focused, 2 * edits.length - 1))?.focus();
  }

  private row(edit: Edit, index: number): HTMLElement {
    const pick = h("button", { class: "ec-row-main", type: "button", "aria-pressed": String(index === this.current), "data-testid": "region-edit" }, describeEdit(edit));
    const remove = h("button", { class: "ec-icon-button", type: "button", title: "Remove this edit", "aria-label": `Remove: ${describeEdit(edit)}`, "data-testid": "region-remove" }, "×");
    pick.addEventListener("click", () => {
      this.current = index === this.current ? -1 : index;
      this.update();
      this.stage.canvas.redraw();
    });
    remove.addEventListener("click", () => {
      this.current = -1;
      this.scene.commit(undefined, this.scene.edits.filter((_, i) => i !== index));
    });
    return h("div", { class: `ec-row${index === this.current ? " ec-row-current" : ""}`, role: "listitem" }, pick, remove);
  }

  private add(region: Region): void {
    if (!this.enabled) return;
    const edits = withEdit(this.scene.edits, makeEdit(this.kind.value as EditKind, region, this.colour.value));
    this.current = edits.length - 1;
    this.scene.commit(undefined, edits);
  }

  private addDetected(): void {
    const box = this.scene.boxes[Number(this.boxes.value || -1)];
    if (box === undefined) return;
    const { width, height } = this.scene.size;
    this.add({ ...WHOLE, region: "box", box: [box.x0 / width, box.y0 / height, box.x1 / width, box.y1 / height] });
  }

  private change(edit: (before: Edit) => Edit, last: boolean): void {
    if (this.scene.edits[this.current] === undefined) {
      this.update();
      return;
    }
    let edits = this.scene.edits.map((other, i) => (i === this.current ? edit(other) : other));
    const changed = edits[this.current];
    if (changed.kind === "crop") {
      edits = withEdit(edits.filter((other) => other !== changed), changed);
      this.current = edits.length - 1;
    }
    this.scene.preview(this.scene.placements, edits);
    if (last) this.scene.commit();
    this.update();
  }

  private pick(segment: number): void {
    const edit = this.scene.edits[this.current];
    if (edit?.region !== "segments") {
      this.add(ofSegments([segment]));
      return;
    }
    const segments = toggled(edit.segments, segment);
    const index = this.current;
    if (segments.length === 0) this.current = -1;
    const edits = segments.length === 0 ? this.scene.edits.filter((_, i) => i !== index) : this.scene.edits.map((other, i) => (i === index ? { ...other, segments } : other));
    this.scene.commit(undefined, edits);
  }

  private async arm(kind: ToolKind | null): Promise<void> {
    const turn = ++this.turn;
    this.stage.tool = null;
    for (const [each, button] of this.buttons) button.setAttribute("aria-pressed", String(each === kind));
    this.hint.textContent = kind === null ? "" : kind === "segments" && this.segments === null ? "Cutting the picture into segments…" : HINTS[kind];
    this.stage.canvas.redraw();
    if (kind === null) return;
    if (kind === "segments" && this.segments === null) {
      const segments = await this.fetchSegments();
      if (turn !== this.turn || this.disposer.disposed) return;
      this.segments = segments;
      if (segments === null) return this.arm(null);
      this.hint.textContent = HINTS.segments;
    }
    this.current = -1;
    this.stage.tool = new RegionTool(kind, this.scene.size, this.segments, {
      drawn: (region) => {
        void this.arm(null);
        this.add(region);
      },
      picked: (segment) => this.pick(segment),
      redraw: () => this.stage.canvas.redraw(),
    });
    this.update();
    this.stage.canvas.element.focus({ preventScroll: true });
    this.stage.canvas.redraw();
  }

  private async fetchSegments(): Promise<SegmentMap | null> {
    try {
      const { content, buffers } = await this.rpc.request<{ width: number; height: number }>("segments");
      return { ids: integers(buffers[0]), width: content.width, height: content.height };
    } catch {
      return null; // the error stands under the widget
    }
  }
}
