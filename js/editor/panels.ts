// The tools beside the picture, one at a time: tabs that the arrow keys walk along.
import { type Disposer, h } from "../shared/dom";

export interface PanelPage {
  name: string;
  label: string;
  title: string;
  content: HTMLElement;
}

export class Panels {
  readonly el: HTMLElement;
  private readonly tabs: HTMLButtonElement[];
  private readonly pages: HTMLElement[];

  constructor(
    pages: PanelPage[],
    disposer: Disposer,
    private readonly opened: (name: string) => void,
  ) {
    this.tabs = pages.map(({ name, label, title }) => h("button", { class: "ec-panel-tab", type: "button", role: "tab", title, "data-testid": `panel-${name}`, "data-name": name }, label));
    this.pages = pages.map(({ label, content }) => h("div", { class: "ec-panel-page", role: "tabpanel", "aria-label": label }, content));
    const list = h("div", { class: "ec-panel-tabs", role: "tablist", "aria-label": "tools" }, ...this.tabs);
    this.el = h("div", { class: "ec-panels" }, list, ...this.pages);
    this.tabs.forEach((tab, i) => disposer.listen(tab, "click", () => this.open(i)));
    disposer.listen<KeyboardEvent>(list, "keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      const next = (this.tabs.findIndex((tab) => tab.tabIndex === 0) + step + this.tabs.length) % this.tabs.length;
      this.open(next);
      this.tabs[next].focus();
    });
    this.show(0);
  }

  private open(index: number): void {
    this.show(index);
    this.opened(this.tabs[index].dataset.name ?? "");
  }

  private show(index: number): void {
    this.tabs.forEach((tab, i) => {
      tab.setAttribute("aria-selected", String(i === index));
      tab.tabIndex = i === index ? 0 : -1;
      this.pages[i].hidden = i !== index;
    });
  }
}
