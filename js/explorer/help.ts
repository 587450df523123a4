// The help layer: a few callouts over the panes beside the list of keys. "?" shows and hides both; nothing waits for it.
import { type Disposer, h } from "../shared/dom";
import { KeysHelp, type KeyList } from "../shared/keys";

const KEYS: KeyList = [
  ["Tab", "from the heatmap to the images, to the open image"],
  ["← → ↑ ↓", "move between cells, between images, move a divider"],
  ["Enter", "select a cell, open an image, fold at a divider"],
  ["Esc", "clear the cell, close the image"],
  ["b, c", "boxes, CAM on the images"],
  ["?", "this list"],
];

export interface Callout {
  pane: HTMLElement;
  text: string;
}

export class Help {
  readonly button: HTMLElement;
  readonly panel: HTMLElement;
  private readonly callouts: HTMLElement[];

  constructor(root: HTMLElement, callouts: Callout[], disposer: Disposer) {
    this.callouts = callouts.map(({ pane, text }, i) => {
      const callout = h("div", { class: "ex-callout", role: "note", "data-testid": "callout", hidden: true }, h("span", { class: "ex-callout-number", "aria-hidden": "true" }, String(i + 1)), h("span", {}, text));
      pane.append(callout);
      disposer.add(() => callout.remove());
      return callout;
    });
    const keys = new KeysHelp(KEYS, root, disposer, (open) => this.show(open));
    keys.panel.classList.add("ex-keys");
    const close = h("button", { class: "ec-button", type: "button", "data-testid": "close-help" }, "Close help");
    disposer.listen(close, "click", () => keys.button.click());
    keys.panel.append(close);
    this.button = keys.button;
    this.button.title = "Help and keys (?)";
    this.button.setAttribute("aria-label", "Help and keys");
    this.panel = keys.panel;
  }

  private show(open: boolean): void {
    for (const callout of this.callouts) callout.hidden = !open;
  }
}
