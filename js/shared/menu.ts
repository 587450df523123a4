// A small fold-out of buttons or settings under a button: closes with Escape, with a click elsewhere, and when the focus leaves.
import { type Disposer, h } from "./dom";

export class FoldOut {
  readonly el: HTMLElement;
  readonly panel: HTMLElement;
  readonly button: HTMLButtonElement;

  constructor(name: string, testId: string, disposer: Disposer, ...content: Node[]) {
    this.panel = h("div", { class: "ec-fold-out-panel", role: "group", "aria-label": name, hidden: true }, ...content);
    this.button = h("button", { class: "ec-button", type: "button", "aria-expanded": "false", "data-testid": testId }, `${name} ▾`);
    this.el = h("div", { class: "ec-fold-out" }, this.button, this.panel);
    disposer.listen(this.button, "click", () => this.show(this.panel.hidden));
    disposer.listen<KeyboardEvent>(this.el, "keydown", (event) => {
      if (event.key !== "Escape" || this.panel.hidden) return;
      event.preventDefault();
      event.stopPropagation();
      this.show(false);
      this.button.focus();
    });
    disposer.listen<FocusEvent>(this.el, "focusout", (event) => {
      if (event.relatedTarget instanceof Node && !this.el.contains(event.relatedTarget)) this.show(false);
    });
    disposer.listen(document, "pointerdown", (event) => {
      if (!this.el.contains(event.target as Node)) this.show(false);
    });
  }

  show(open: boolean): void {
    this.panel.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    // On whichever side there is room within the widget.
    this.panel.classList.remove("ec-fold-out-left");
    const root = this.el.closest(".ec-pane")?.getBoundingClientRect();
    if (root && this.panel.getBoundingClientRect().right > root.right) this.panel.classList.add("ec-fold-out-left");
  }
}

/** Lets the user keep what Python made, in one piece or in several. */
export function saveFile(name: string, content: DataView | DataView[], type: string): void {
  const address = URL.createObjectURL(new Blob([content].flat() as DataView<ArrayBuffer>[], { type }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
