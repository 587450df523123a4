// Below the grid: one image, to look at or to edit. The browser and the editor fill the two pages; this is their frame.
import { h, type Disposer } from "../shared/dom";

export type Mode = "look" | "edit";
const MODES: { mode: Mode; label: string }[] = [
  { mode: "look", label: "Look" },
  { mode: "edit", label: "Edit" },
];

export class Detail {
  readonly look = h("div", { class: "ex-page", role: "tabpanel", tabindex: -1, "aria-label": "Look", "data-testid": "page-look" });
  readonly edit = h("div", { class: "ex-page", role: "tabpanel", tabindex: -1, "aria-label": "Edit", "data-testid": "page-edit", hidden: true });
  private readonly tabs = new Map<Mode, HTMLButtonElement>();
  private readonly title = h("span", { class: "ex-detail-title", "data-testid": "detail-title" });
  private readonly foldButton = h("button", { class: "ec-icon-button ex-fold", type: "button", "data-testid": "fold-detail" });

  constructor(
    el: HTMLElement,
    disposer: Disposer,
    events: { pick: (mode: Mode) => void; fold: () => void; close: () => void },
  ) {
    const list = h("div", { class: "ex-tabs", role: "tablist", "aria-label": "One image" });
    for (const { mode, label } of MODES) {
      const tab = h("button", { class: "ex-tab", type: "button", role: "tab", "data-testid": `tab-${mode}` }, label);
      disposer.listen(tab, "click", () => events.pick(mode));
      this.tabs.set(mode, tab);
      list.append(tab);
    }
    disposer.listen<KeyboardEvent>(list, "keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const next = this.tabs.get("look")!.getAttribute("aria-selected") === "true" ? "edit" : "look";
      event.preventDefault();
      events.pick(next);
      this.tabs.get(next)!.focus();
    });
    disposer.listen(this.foldButton, "click", events.fold);
    disposer.listen<KeyboardEvent>(el, "keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      event.stopPropagation();
      events.close();
    });
    el.append(h("div", { class: "ex-strip" }, list, this.title, this.foldButton), this.look, this.edit);
  }

  show(mode: Mode, folded: boolean, imageId: string | null): void {
    for (const [name, tab] of this.tabs) {
      tab.setAttribute("aria-selected", String(name === mode && !folded));
      tab.tabIndex = name === mode ? 0 : -1;
    }
    this.look.hidden = folded || mode !== "look";
    this.edit.hidden = folded || mode !== "edit";
    this.title.textContent = imageId === null ? "Double click an image, or press Enter on it, to see it large." : folded ? imageId : "";
    this.foldButton.textContent = folded ? "▴" : "▾";
    const words = folded ? "Unfold the image" : "Fold the image";
    this.foldButton.title = words;
    this.foldButton.setAttribute("aria-label", words);
    this.foldButton.setAttribute("aria-expanded", String(!folded));
  }
}
