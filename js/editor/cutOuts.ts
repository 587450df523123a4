// Cutting things out: the detected boxes of this image by name, and those of the corpus by class, as small pictures.
import { type Disposer, h } from "../shared/dom";
import type { Rpc } from "../shared/rpc";
import type { Scene } from "./scene";

interface Choices {
  rows: number[];
  images: string[];
  confidence: number[];
  start: number;
  total: number;
}

export class CutOuts {
  readonly el: HTMLElement;
  private readonly here = h("select", { class: "ec-select", "aria-label": "detected in this image", "data-testid": "cut-here" });
  private readonly cutHere = h("button", { class: "ec-button", type: "button", title: "Cut it out of this image and put it on the picture", "data-testid": "cut-box" }, "Cut");
  private readonly hereRow = h("div", { class: "ec-panel-row" }, this.here, this.cutHere);
  private readonly nothing = h("div", { class: "ec-muted ec-panel-hint" }, "Nothing was detected in this image.");
  private readonly classes = h("select", { class: "ec-select", "aria-label": "an object class of the corpus", "data-testid": "cut-class" });
  private readonly grid = h("div", { class: "ec-cut-grid", role: "group", "aria-label": "boxes of the corpus" });
  private readonly more = h("button", { class: "ec-button", type: "button", hidden: true, "data-testid": "cut-more" }, "More");
  private addresses: string[] = [];
  private shown = 0;
  private turn = 0;

  constructor(
    private readonly rpc: Rpc,
    private readonly scene: Scene,
    private readonly cut: (content: Record<string, unknown>) => Promise<void>,
    private readonly disposer: Disposer,
  ) {
    this.el = h("div", { class: "ec-section", role: "group", "aria-label": "cut out", "data-testid": "cut-outs" }, this.nothing, this.hereRow, this.classes, this.grid, this.more);
    disposer.listen(this.cutHere, "click", () => void this.cut({ box: Number(this.here.value) }));
    disposer.listen(this.classes, "change", () => void this.load(true));
    disposer.listen(this.more, "click", () => void this.load(false));
    disposer.add(() => this.release());
  }

  /** `classes` are those of the corpus; none without a run. */
  setBoxes(classes: string[]): void {
    this.turn++;
    this.nothing.hidden = this.scene.boxes.length > 0;
    this.hereRow.hidden = this.scene.boxes.length === 0;
    this.here.replaceChildren(...this.scene.boxes.map((box, number) => h("option", { value: number }, box.name)));
    this.classes.hidden = classes.length === 0;
    this.classes.replaceChildren(h("option", { value: "" }, "From the corpus…"), ...classes.map((name) => h("option", { value: name }, name)));
    this.empty();
  }

  private empty(): void {
    this.release();
    this.grid.replaceChildren();
    this.more.hidden = true;
    this.shown = 0;
  }

  private release(): void {
    for (const address of this.addresses.splice(0)) URL.revokeObjectURL(address);
  }

  private async load(anew: boolean): Promise<void> {
    if (anew) this.empty();
    const name = this.classes.value;
    const turn = ++this.turn;
    if (name === "") return;
    try {
      const { content, buffers } = await this.rpc.request<Choices & Record<string, unknown>>("cut-out-choices", { class: name, start: this.shown });
      if (turn !== this.turn || this.disposer.disposed) return;
      this.grid.append(...content.rows.map((row, i) => this.choice(name, row, content.images[i], content.confidence[i], buffers[i])));
      this.shown = content.start + content.rows.length;
      this.more.hidden = this.shown >= content.total;
    } catch {
      this.more.hidden = true; // the error stands under the widget
    }
  }

  private choice(name: string, row: number, image: string, confidence: number, bytes: DataView): HTMLElement {
    const address = URL.createObjectURL(new Blob([bytes as DataView<ArrayBuffer>], { type: "image/jpeg" }));
    this.addresses.push(address);
    const words = `${name} in ${image}, confidence ${confidence.toFixed(2)}`;
    const button = h("button", { class: "ec-cut-choice", type: "button", title: words, "aria-label": `Cut out ${words}`, "data-testid": "cut-choice" }, h("img", { src: address, alt: "" }));
    button.addEventListener("click", () => void this.cut({ row }));
    return button;
  }
}
