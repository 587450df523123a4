// Giving images labels: by number keys, by a list with type-to-find, with undo; and where they are saved.
import { css, labelColour } from "../shared/colour";
import { type Disposer, h, isDark, onThemeChange } from "../shared/dom";
import { saveFile } from "../shared/menu";
import type { Model } from "../shared/model";
import type { Rpc } from "../shared/rpc";
import type { BrowserStore } from "./store";

const KEYS = "1234567890";
const FIND_FROM = 11;

/** The label on a number key: 1 is the first, 0 the tenth. */
export function labelOfKey(key: string, labels: readonly string[]): string | null {
  return key.length === 1 && KEYS.includes(key) ? (labels[KEYS.indexOf(key)] ?? null) : null;
}

/** Labels that hold what was typed, those that begin with it first. */
export function findLabels(typed: string, labels: readonly string[]): string[] {
  const wanted = typed.trim().toLowerCase();
  const begins = labels.filter((label) => label.toLowerCase().startsWith(wanted));
  return [...begins, ...labels.filter((label) => !begins.includes(label) && label.toLowerCase().includes(wanted))];
}

export class Annotator {
  readonly el: HTMLElement;
  private readonly said = h("span", { "data-testid": "given-label" });
  private readonly find = h("input", { class: "ec-input", type: "search", placeholder: "Find a label, Enter gives it", "aria-label": "find a label", "data-testid": "find-label" });
  private readonly list = h("div", { class: "ec-labels", role: "group", "aria-label": "labels to give" });
  private readonly undoButton = h("button", { class: "ec-button", type: "button", title: "Take the last label back (Ctrl+Z)", "data-testid": "undo-label" }, "Undo");
  private readonly place = h("span", { class: "ec-muted", role: "status", "data-testid": "annotations-place" });
  private readonly download = h("button", { class: "ec-button", type: "button", "data-testid": "download-annotations" }, "Download CSV");
  private readonly summary = h("summary", {}, this.said);
  private shown: string | null = null;

  constructor(
    private readonly model: Model,
    private readonly store: BrowserStore,
    private readonly rpc: Rpc,
    private readonly disposer: Disposer,
  ) {
    this.el = h("details", { class: "ec-annotate", "data-testid": "annotate" }, this.summary,
      h("div", { class: "ec-annotate-body" }, this.find, this.list, h("div", { class: "ec-annotate-foot" }, this.undoButton, this.download, this.place)));
    disposer.listen(this.undoButton, "click", () => this.undo());
    disposer.listen(this.download, "click", () => void this.save());
    disposer.listen(this.find, "input", () => this.fill());
    disposer.listen<KeyboardEvent>(this.find, "keydown", (event) => this.findKey(event));
    disposer.watch(model, ["annotation_labels", "annotatable"], () => this.fill());
    disposer.watch(model, ["annotations_file", "annotations_note"], () => this.tell());
    onThemeChange(disposer, () => this.fill());
    this.fill();
    this.tell();
  }

  /** The image whose label is shown and given. */
  show(imageId: string | null): void {
    this.shown = imageId;
    this.fill();
    this.tell();
  }

  changed(): void {
    this.fill();
    this.tell();
  }

  /** Number keys give a label, Delete takes it away, Ctrl+Z the last step back. True: taken. */
  key(event: KeyboardEvent, imageIds: string[]): boolean {
    if (this.model.get<boolean>("annotatable") !== true || event.altKey) return false;
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() !== "z" || event.shiftKey || this.store.undo === 0) return false;
      this.undo();
      return true;
    }
    if (imageIds.length === 0) return false;
    const label = labelOfKey(event.key, this.labels);
    if (label !== null) void this.give(imageIds, label);
    else if (event.key === "Delete" || event.key === "Backspace") void this.give(imageIds, null);
    else return false;
    return true;
  }

  private get labels(): string[] {
    return this.model.get<string[] | undefined>("annotation_labels") ?? [];
  }

  /** Whether it was taken; what goes wrong stands under the widget. */
  private async give(imageIds: string[], label: string | null): Promise<boolean> {
    try {
      await this.rpc.request("annotate", { image_ids: imageIds, label });
      return true;
    } catch {
      return false;
    }
  }

  private undo(): void {
    this.rpc.request("undo_annotation", {}, [], { once: true }).catch(() => undefined);
  }

  private get given(): string | null {
    return this.store.given.get(this.store.position(this.shown)) ?? null;
  }

  private fill(): void {
    const { labels, given } = this;
    this.el.hidden = this.model.get<boolean>("annotatable") !== true || labels.length === 0;
    this.find.hidden = labels.length < FIND_FROM;
    const dark = isDark(this.el);
    const focused = this.list.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.label : undefined;
    this.list.replaceChildren(...findLabels(this.find.value, labels).map((label) => {
      const place = labels.indexOf(label);
      const button = h("button", { class: "ec-label", type: "button", "aria-pressed": String(label === given), "data-testid": "give-label", "data-label": label, title: label },
        h("kbd", {}, KEYS[place] ?? ""), h("span", { class: "ec-tile-dot", style: { background: css(labelColour(label, dark)) } }), h("span", { class: "ec-label-name" }, label));
      button.addEventListener("click", () => this.shown !== null && void this.give([this.shown], label === this.given ? null : label));
      return button;
    }));
    // Who gave it by the keyboard is still there.
    if (focused !== undefined) [...this.list.querySelectorAll("button")].find((button) => button.dataset.label === focused)?.focus();
    const keys = labels.length >= KEYS.length ? "1 to 9 and 0" : `1 to ${labels.length}`;
    this.said.replaceChildren("Your label: ", given === null ? h("span", { class: "ec-muted" }, `none yet (keys ${keys})`) : h("strong", {}, given));
    this.offerUndo();
  }

  private offerUndo(): void {
    const nothing = this.store.undo === 0;
    // A button that can be pressed no more loses the focus: the keys then would act on nothing.
    if (nothing && document.activeElement === this.undoButton) this.summary.focus();
    this.undoButton.disabled = nothing;
  }

  /** Where labels go, said once there are any or where they are not saved. */
  private tell(): void {
    const note = this.model.get<string>("annotations_note") ?? "";
    const file = this.model.get<string | null>("annotations_file") ?? null;
    const some = this.store.given.size;
    this.place.textContent = note !== "" ? note : file === null ? "" : some === 0 ? `They are saved in ${file}.` : `${some} saved in ${file}.`;
    this.place.title = file ?? "";
    this.place.classList.toggle("ec-warn", note !== "");
    this.download.hidden = note === "" && file !== null;
    this.download.disabled = some === 0;
    this.offerUndo();
  }

  private findKey(event: KeyboardEvent): void {
    if (event.key === "Enter") {
      const [first] = findLabels(this.find.value, this.labels);
      if (first !== undefined && this.shown !== null && this.find.value.trim() !== "") void this.giveFound(this.shown, first);
    } else if (event.key === "Escape" && this.find.value !== "") {
      this.find.value = "";
      this.fill();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** What was typed stays until the label is taken. */
  private async giveFound(imageId: string, label: string): Promise<void> {
    const typed = this.find.value;
    if (!(await this.give([imageId], label)) || this.find.value !== typed) return;
    this.find.value = "";
    this.fill();
  }

  private async save(): Promise<void> {
    this.download.disabled = true;
    try {
      const { content, buffers } = await this.rpc.request<{ name: string }>("annotations_csv");
      if (!this.disposer.disposed) saveFile(content.name, buffers[0], "text/csv");
    } catch {
      // What goes wrong stands under the widget; the labels stay, and the button can be pressed again.
    } finally {
      this.tell();
    }
  }
}
