// Saving and loading: the picture as it was predicted, what was done as JSON that can be loaded again, the result as a table.
import { type Disposer, h } from "../shared/dom";
import type { Rpc } from "../shared/rpc";
import type { State } from "./scene";

interface FileReply {
  name: string;
  type: string;
}

const KINDS: [string, string, string, string][] = [
  ["png", "export", "Picture (PNG)", "The picture exactly as it was predicted"],
  ["json", "export-json", "Placements (JSON)", "Things and edits, to be loaded again"],
  ["csv", "export-csv", "Result (CSV)", "Every label's probability before and after, and of the grey silhouette"],
];

export class Files {
  readonly el: HTMLElement;
  private readonly button = h("button", { class: "ec-button", type: "button", "aria-expanded": "false", title: "Save, or load again", "data-testid": "export-menu" }, "Export ▾");
  private readonly menu: HTMLElement;
  private readonly chooser = h("input", { type: "file", accept: ".json,application/json", hidden: true, "data-testid": "import-file", "aria-label": "file to load" });

  constructor(
    private readonly rpc: Rpc,
    private readonly state: () => State,
    private readonly load: (text: string) => void,
    disposer: Disposer,
  ) {
    const items = KINDS.map(([format, testid, label, title]) => {
      const item = h("button", { class: "ec-menu-item", type: "button", title, "data-testid": testid }, label);
      disposer.listen(item, "click", () => {
        this.close();
        void this.save(format).catch(() => undefined); // the error stands under the widget
      });
      return item;
    });
    const open = h("button", { class: "ec-menu-item", type: "button", title: "A file of placements that was exported before", "data-testid": "import" }, "Load placements…");
    disposer.listen(open, "click", () => {
      this.close();
      this.chooser.click();
    });
    disposer.listen(this.chooser, "change", () => {
      const file = this.chooser.files?.[0];
      this.chooser.value = "";
      if (file !== undefined) void file.text().then(this.load);
    });
    this.menu = h("div", { class: "ec-menu", role: "group", "aria-label": "files", hidden: true }, ...items, open);
    this.el = h("div", { class: "ec-menu-anchor" }, this.button, this.menu, this.chooser);
    disposer.listen(this.button, "click", () => this.toggle());
    disposer.listen<FocusEvent>(this.el, "focusout", (event) => {
      if (!this.el.contains(event.relatedTarget as Node | null)) this.close();
    });
    disposer.listen<KeyboardEvent>(this.el, "keydown", (event) => {
      if (event.key !== "Escape" || this.menu.hidden) return;
      event.stopPropagation();
      event.preventDefault();
      this.close();
      this.button.focus();
    });
  }

  set disabled(disabled: boolean) {
    this.button.disabled = disabled;
  }

  private toggle(): void {
    this.menu.hidden = !this.menu.hidden;
    this.button.setAttribute("aria-expanded", String(!this.menu.hidden));
    if (!this.menu.hidden) this.menu.querySelector("button")?.focus();
  }

  private close(): void {
    this.menu.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
  }

  /** Python's own file. */
  private async save(format: string): Promise<void> {
    const { content, buffers } = await this.rpc.request<FileReply>("export", { ...this.state(), format });
    const address = URL.createObjectURL(new Blob([buffers[0] as DataView<ArrayBuffer>], { type: content.type }));
    const link = h("a", { href: address, download: content.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
}
