// Below the grid: one image, to look at, to edit, to explain. The parts fill the pages; this is their frame.
import { h, type Disposer } from "../shared/dom";
import { iconButton } from "../shared/icons";

export type Mode = "look" | "edit" | "lime" | "methods" | "agreement" | "paste";

export interface Tab {
  mode: Mode;
  label: string;
  title: string;
  /** It speaks of the whole run, whatever image is open. */
  ofRun?: boolean;
}

export interface DetailEvents {
  pick: (mode: Mode) => void;
  fold: () => void;
  full: () => void;
  close: () => void;
}

const NO_IMAGE = "Double click an image, or press Enter on it, to see it large.";
let details = 0;

export class Detail {
  readonly pages = new Map<Mode, HTMLElement>();
  private readonly tabs = new Map<Mode, HTMLButtonElement>();
  private readonly title = h("span", { class: "ex-detail-title", "data-testid": "detail-title" });
  private readonly fullButton = h("button", { class: "ec-icon-button", type: "button", "data-testid": "full-detail", "aria-pressed": "false" });
  private readonly foldButton = h("button", { class: "ec-icon-button", type: "button", "data-testid": "fold-detail" });

  constructor(
    el: HTMLElement,
    tabs: Tab[],
    disposer: Disposer,
    private readonly events: DetailEvents,
  ) {
    const name = `ex-detail-${details++}`;
    const list = h("div", { class: "ex-tabs", role: "tablist", "aria-label": "One image, and the whole run" });
    const strip = h("div", { class: "ex-strip" }, list, this.title, this.fullButton, this.foldButton);
    el.append(strip);
    const first = tabs.find(({ ofRun }) => ofRun);
    for (const { mode, label, title } of tabs) {
      const tab = h("button", { class: `ex-tab${mode === first?.mode ? " ex-tab-apart" : ""}`, type: "button", role: "tab", id: `${name}-${mode}`, title, "aria-controls": `${name}-${mode}-page`, "data-testid": `tab-${mode}` }, label);
      const page = h("div", { class: "ex-page", role: "tabpanel", id: `${name}-${mode}-page`, tabindex: -1, "aria-labelledby": `${name}-${mode}`, "data-testid": `page-${mode}`, hidden: true });
      disposer.listen(tab, "click", () => events.pick(mode));
      this.tabs.set(mode, tab);
      this.pages.set(mode, page);
      list.append(tab);
      el.append(page);
    }
    disposer.listen<KeyboardEvent>(list, "keydown", (event) => this.move(event));
    disposer.listen(this.foldButton, "click", events.fold);
    disposer.listen(this.fullButton, "click", events.full);
    disposer.listen<MouseEvent>(strip, "dblclick", (event) => {
      if (event.target === strip || event.target === this.title) events.full();
    });
    disposer.listen<KeyboardEvent>(el, "keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      event.stopPropagation();
      events.close();
    });
    // Where the bar of the open image may begin (see the style sheet).
    disposer.resize(list, (width) => el.style.setProperty("--ex-tabs", `${Math.ceil(width)}px`));
  }

  show(mode: Mode, state: { folded: boolean; full: boolean; stacked: boolean; ofRun: boolean }, imageId: string | null): void {
    const { folded, full } = state;
    for (const [name, tab] of this.tabs) {
      tab.setAttribute("aria-selected", String(name === mode && !folded));
      tab.tabIndex = name === mode ? 0 : -1;
    }
    for (const [name, page] of this.pages) page.hidden = folded || name !== mode;
    this.title.textContent = state.ofRun && !folded ? "" : imageId === null ? NO_IMAGE : folded || mode !== "look" ? imageId : "";
    this.title.title = this.title.textContent;
    iconButton(this.foldButton, folded ? "up" : "down", folded ? "Unfold the image" : "Fold the image");
    this.foldButton.setAttribute("aria-expanded", String(!folded));
    this.fullButton.hidden = folded || state.stacked;
    this.fullButton.setAttribute("aria-pressed", String(full));
    iconButton(this.fullButton, full ? "reduce" : "enlarge", full ? "Show the heatmap and the images again" : "Give the image all the room");
  }

  focusTab(mode: Mode): void {
    this.tabs.get(mode)?.focus();
  }

  private move(event: KeyboardEvent): void {
    const modes = [...this.tabs.keys()];
    const at = modes.findIndex((mode) => this.tabs.get(mode)!.tabIndex === 0);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: modes.length - 1 }[event.key];
    if (to === undefined) return;
    const next = modes[(to + modes.length) % modes.length];
    event.preventDefault();
    event.stopPropagation();
    this.events.pick(next);
    this.focusTab(next);
  }
}
