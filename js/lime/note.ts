// A few words on the image as the explained label, kept beside the corpus; where nothing can be kept there, that is said and the
// notes can be downloaded.
import { type Disposer, h } from "../shared/dom";
import type { Model } from "../shared/model";
import type { Rpc } from "../shared/rpc";

interface Place {
  name?: string;
  label?: string;
  path?: string | null;
  problem?: string | null;
}

const PAUSE_MS = 600;

export class Note {
  readonly el: HTMLElement;
  private readonly name = h("span", { class: "li-note-name" });
  private readonly text = h("textarea", { class: "li-note-text", rows: 2, "data-testid": "note", placeholder: "What does the map tell you? (plain text)" });
  private readonly place = h("span", { class: "ec-muted li-note-place", role: "status", "data-testid": "note-place" });
  private readonly download = h("button", { class: "ec-button", type: "button", "data-testid": "download-notes" }, "Download notes");
  private timer: ReturnType<typeof setTimeout> | undefined;
  private image = "";
  /** What was typed and not yet sent, and on what. */
  private pending: { name: string; label: string; note: string } | null = null;
  /** Notes that were sent and are not known to be saved yet. */
  private underWay = 0;

  constructor(
    private readonly model: Model,
    private readonly rpc: Rpc,
    download: () => void,
    disposer: Disposer,
  ) {
    this.el = h("div", { class: "li-note" }, h("label", { class: "li-note-label" }, this.name, this.text), h("span", { class: "li-note-foot" }, this.place, this.download));
    this.text.readOnly = true; // until it is known on what a note would be
    disposer.listen(this.text, "input", () => this.typed());
    disposer.listen(this.text, "change", () => this.flush());
    disposer.listen(this.download, "click", () => {
      this.flush();
      download();
    });
    disposer.watch(model, ["note", "_note_place"], () => this.update());
    disposer.add(() => this.flush());
  }

  setImage(name: string, any: boolean): void {
    this.flush();
    this.image = name;
    this.el.hidden = !any;
    this.update();
  }

  private get where(): Place {
    return this.model.get<Place>("_note_place") ?? {};
  }

  private typed(): void {
    clearTimeout(this.timer);
    this.pending = { name: this.image, label: this.where.label ?? "", note: this.text.value };
    this.place.textContent = "…";
    this.timer = setTimeout(() => this.flush(), PAUSE_MS);
  }

  private flush(): void {
    clearTimeout(this.timer);
    if (this.pending === null) return;
    const typed = this.pending;
    this.pending = null;
    this.underWay++;
    const answered = (): void => {
      this.underWay--;
      this.update();
    };
    this.rpc.request("note", typed).then(answered).catch(() => this.underWay--);
  }

  private update(): void {
    const { name, label, path, problem } = this.where;
    this.text.readOnly = name !== this.image; // what it would be a note on, and as which label, is not known yet
    this.name.textContent = label ? `Note on ${this.image} as ${label}` : `Note on ${this.image}`;
    const settled = this.pending === null && this.underWay === 0;
    if (settled && this.text.value.trim() !== this.model.get<string>("note").trim()) this.text.value = this.model.get<string>("note");
    const some = this.text.value.trim() !== "";
    if (problem) this.place.textContent = `${problem} The note lasts as long as this kernel.`;
    else if (!settled) this.place.textContent = "…";
    else this.place.textContent = path ? `${some ? "saved" : "will be saved"} in ${shortPath(path)}` : "";
    this.place.title = path ?? "";
    this.place.classList.toggle("li-note-problem", Boolean(problem));
    this.download.hidden = !problem;
    this.el.dataset.saved = String(some && !problem && settled);
  }
}

/** A file and the folder that it lies in; the whole path is in the tooltip. */
function shortPath(path: string): string {
  return path.split(/[\\/]/).slice(-2).join("/");
}
