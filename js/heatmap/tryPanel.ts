// "Try it": a thing of the selected class is pasted onto images of other labels. What it turns them into, beside what its grey
// silhouette does, while it comes in; each result can be opened in an editor.
import { css, labelColour } from "../shared/colour";
import { selectControl } from "../shared/controls";
import { h, isDark, percent, type Disposer } from "../shared/dom";
import { setTraits, type Model } from "../shared/model";
import type { TriedRow, TryPicture, TryResult } from "./protocol";
import type { Store } from "./store";

const RUNNING = ["planning", "running"];
const TRANSITIONS = 6;
const COUNTS = [10, 20, 50, 100];

export class TryPanel {
  readonly button = h("button", { class: "ec-button hm-try", type: "button", title: "Paste such a thing onto images of other labels: what does it turn them into? (T)", "data-testid": "try" }, "Try it");
  readonly el = h("section", { class: "hm-panel", "aria-label": "Try it", "data-testid": "try-panel", hidden: true });
  private readonly head = h("div", { class: "hm-panel-head" });
  private headed = "";
  /** The drawings that fit the class of the cell last tried; while the next trial is planned it says none. */
  private offered: { cell: string; choices: string[] } = { cell: "", choices: [] };
  private readonly said = h("div", { class: "hm-panel-said", role: "status", "data-testid": "try-summary" });
  private readonly bars = h("div", { class: "hm-panel-bars" });
  private readonly about = h("div", { class: "hm-panel-about" });
  private readonly list = h("ul", { class: "hm-tried", "aria-label": "What each image became" });
  private readonly tiles = new Map<string, { el: HTMLElement; image: HTMLImageElement; text: HTMLElement }>();
  private readonly addresses = new Map<string, string>();

  constructor(
    private readonly model: Model,
    private readonly store: Store,
    disposer: Disposer,
    private readonly closed: () => void,
  ) {
    const count = this.counts(disposer);
    this.el.append(this.head, h("div", { class: "hm-panel-body" }, h("div", { class: "hm-panel-sum" }, this.said, this.bars, this.about, count), this.list));
    disposer.listen(this.button, "click", () => this.start());
    disposer.listen(this.head, "click", (event) => {
      const what = (event.target as Element).closest<HTMLElement>("[data-do]")?.dataset.do;
      if (what === "stop") void this.store.rpc.request("try_cancel").catch(() => undefined);
      else if (what === "again") this.start();
      else if (what === "close") this.close();
    });
    disposer.listen(this.head, "change", (event) => {
      setTraits(model, { try_thing: (event.target as HTMLSelectElement).value });
      this.start();
    });
    disposer.listen(this.list, "click", (event) => this.open((event.target as Element).closest<HTMLElement>("[data-image-id]")?.dataset.imageId));
    disposer.listen<KeyboardEvent>(this.el, "keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      this.close();
    });
    disposer.watch(model, "try_result", () => {
      if (this.result) this.el.hidden = false;
      this.refresh();
    });
    disposer.on(model, "msg:custom", (message: TryPicture, buffers: DataView[]) => {
      if (message.kind === "try_picture" && buffers.length) this.picture(message.image_id, buffers[0]);
    });
    disposer.add(() => this.forget());
    this.refresh();
  }

  /** Onto how many images: another number tries it again. */
  private counts(disposer: Disposer): HTMLElement {
    const control = selectControl(disposer, "images to paste it onto", "try-count", (value) => {
      setTraits(this.model, { try_count: Number(value) });
      this.start();
    });
    const update = (): void => {
      const count = this.model.get<number>("try_count") ?? COUNTS[1];
      const counts = [...new Set([...COUNTS, count])].sort((a, b) => a - b);
      control.options(counts.map((value) => ({ value: String(value), label: String(value) })), String(count));
      control.el.hidden = Boolean(this.model.get<string>("try_hint"));
    };
    disposer.watch(this.model, ["try_count", "try_hint"], update);
    update();
    return control.el;
  }

  private get result(): TryResult | null {
    return this.model.get<TryResult | null>("try_result");
  }

  start(): void {
    const cell = this.model.get<[string, string] | null>("cell");
    if (!cell || !this.store.offers("try")) return;
    this.el.hidden = false;
    this.forget();
    if (this.model.get<string>("try_hint")) return this.refresh();
    this.said.textContent = "Looking for something to paste…";
    void this.store.rpc.request("try", { cell }).catch(() => undefined); // shown under the widget already
  }

  close(): void {
    if (RUNNING.includes(this.result?.state ?? "")) void this.store.rpc.request("try_cancel").catch(() => undefined);
    this.el.hidden = true;
    this.closed();
  }

  private forget(): void {
    for (const address of this.addresses.values()) URL.revokeObjectURL(address);
    this.addresses.clear();
    this.tiles.clear();
    this.list.replaceChildren();
  }

  refresh(): void {
    this.button.hidden = !this.store.offers("try");
    const hint = this.model.get<string>("try_hint");
    const result = this.result;
    this.header(hint ? null : result);
    this.said.replaceChildren();
    this.about.replaceChildren();
    this.bars.replaceChildren();
    if (hint) this.said.append(h("p", { "data-testid": "try-hint" }, hint));
    else if (result) this.tell(result);
    if (!result?.rows?.length) this.forget();
    for (const row of result?.rows ?? []) this.tile(row);
  }

  private header(result: TryResult | null): void {
    const action = (what: string, text: string, name = text): HTMLElement =>
      h("button", { class: text === "×" ? "ec-icon-button" : "ec-button", type: "button", "data-do": what, "data-testid": `try-${what}`, "aria-label": name, title: name }, text);
    const running = RUNNING.includes(result?.state ?? "");
    const title = result ? `Try it: ${result.cell[0]} in images that are not ${result.cell[1]}` : "Try it";
    const buttons = [result && (running ? action("stop", "Stop") : action("again", "Again")), action("close", "×", "Close")];
    // Made anew only where it differs: a button that is replaced under the pointer cannot be clicked.
    const choices = result ? this.choicesOf(result) : [];
    const thing = result?.thing ?? this.model.get<string | null>("try_thing") ?? "";
    const shown = [running, title, thing, ...choices].join("|");
    if (this.headed === shown) return;
    this.headed = shown;
    const focused = this.head.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.do : null;
    this.head.replaceChildren(h("strong", { class: "hm-panel-title", title }, title), ...this.chooser(thing, choices), ...buttons.filter((each): each is HTMLElement => each !== null));
    if (focused) this.head.querySelector<HTMLElement>(focused === "close" ? '[data-do="close"]' : focused === "choose" ? "select, button" : "button")?.focus();
  }

  private choicesOf({ cell, choices }: TryResult): string[] {
    const tried = JSON.stringify(cell);
    if (choices) this.offered = { cell: tried, choices };
    return this.offered.cell === tried ? this.offered.choices : [];
  }

  /** Which of the drawings that fit is pasted. */
  private chooser(thing: string, choices: string[]): HTMLElement[] {
    if (choices.length < 2) return [];
    const select = h("select", { class: "ec-select", "aria-label": "what is pasted", "data-do": "choose", "data-testid": "try-thing" }, ...choices.map((value) => h("option", { value }, value)));
    select.value = choices.includes(thing) ? thing : choices[0];
    return [select];
  }

  private tell(result: TryResult): void {
    const { state, images = 0, n = 0, available, thing, source, note, cell } = result;
    if (state === "failed") return this.said.append(h("p", { class: "hm-problem" }, result.sentence ?? ""));
    if (state === "planning") return this.said.append(h("p", {}, "Looking for something to paste…"));
    const progress = state === "running" ? `${n} of ${images}` : state === "cancelled" ? `stopped after ${n} of ${images}` : `${n}`;
    const share = (count = 0): string => `${count} of ${n} (${n ? percent(count / n) : "–"})`;
    if (n) {
      this.said.append(
        h("p", { class: "hm-headline", "data-testid": "try-headline" }, h("strong", {}, `${share(result.switched)} switched`), `, ${result.to_label} of them to ${cell[1]}.`),
        h("p", {}, `Its grey silhouette at the same place: ${share(result.control_switched)}, ${result.control_to_label} to ${cell[1]}.`),
      );
      this.bars.append(this.bar("object", result.switched, result.to_label, n), this.bar("silhouette", result.control_switched, result.control_to_label, n));
      this.bars.append(this.changes(result));
    }
    this.about.append(
      h("p", { class: "ec-muted", "data-testid": "try-about" }, `A picture of “${thing}” (${source}), pasted onto ${progress} of ${available} images of other labels, chosen at random. It says how the classifier takes to these pixels, not what such a thing does in a real scene.`),
    );
    if (note) this.about.append(h("p", { class: "hm-problem" }, note));
  }

  /** Of all images: those that became the tried label, and those that became another one. */
  private bar(name: string, switched = 0, toLabel = 0, n: number): HTMLElement {
    const part = (count: number, kind: string): HTMLElement => h("i", { class: kind, style: { width: `${(100 * count) / n}%` } });
    const words = `${name}: ${switched} of ${n} switched, ${toLabel} of them to the label`;
    return h("div", { class: "hm-bar-row", role: "img", "aria-label": words }, h("span", {}, name),
      h("span", { class: "hm-track" }, part(toLabel, "hm-to"), part(switched - toLabel, "hm-away")), h("span", { class: "ec-number" }, percent(switched / n)));
  }

  private changes(result: TryResult): HTMLElement {
    const rows = (result.transitions ?? []).filter(([before, after]) => before !== after).slice(0, TRANSITIONS);
    return h("ul", { class: "hm-changes", "data-testid": "try-changes" }, ...rows.map(([before, after, count]) =>
      h("li", {}, h("span", { class: "ec-number" }, `${count} × `), this.named(before), " → ", this.named(after))));
  }

  private named(label: string): HTMLElement {
    return h("span", { class: "hm-named" }, h("i", { style: { background: css(labelColour(label, isDark(this.el))) } }), label);
  }

  private tile(row: TriedRow): void {
    let tile = this.tiles.get(row.image_id);
    if (!tile) {
      const image = h("img", { alt: "", draggable: "false" });
      const text = h("span", { class: "hm-tile-text" });
      const el = h("button", { class: "hm-tile", type: "button", "data-testid": "tried", "data-image-id": row.image_id }, image, text);
      tile = { el, image, text };
      this.tiles.set(row.image_id, tile);
      this.list.append(h("li", {}, el));
    }
    const switched = row.before !== row.after;
    const words = switched ? `${row.before} → ${row.after}` : `${row.before} stays`;
    const control = row.control === row.before ? "its silhouette changes nothing" : `its silhouette makes it ${row.control}`;
    tile.el.classList.toggle("hm-switched", switched);
    tile.el.title = `${row.image_id}: ${words}; ${control}. Open it in the editor`;
    tile.el.setAttribute("aria-label", tile.el.title);
    tile.text.replaceChildren(...(switched ? ["→ ", this.named(row.after)] : [this.named(row.before), " stays"]));
    const address = this.addresses.get(row.image_id);
    if (address && tile.image.src !== address) tile.image.src = address;
  }

  private picture(imageId: string, data: DataView): void {
    const old = this.addresses.get(imageId);
    if (old) URL.revokeObjectURL(old);
    const bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer;
    const address = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    this.addresses.set(imageId, address);
    const tile = this.tiles.get(imageId);
    if (tile) tile.image.src = address;
  }

  private open(imageId: string | undefined): void {
    const placement = this.result?.placement;
    if (imageId && placement) setTraits(this.model, { edit_request: { image_id: imageId, placements: [placement] } });
  }
}
