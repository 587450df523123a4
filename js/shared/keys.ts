// The list of keys that "?" shows: a small panel over the widget, never modal.
import { type Disposer, h } from "./dom";

export type KeyList = readonly (readonly [keys: string, does: string])[];

export class KeysHelp {
  readonly button = h("button", { class: "ec-icon-button", type: "button", title: "Keys (?)", "aria-label": "Keys", "aria-expanded": "false" }, "?");
  readonly panel: HTMLElement;

  /** `within` is where "?" opens it and Escape closes it; the panel is placed by the owner. */
  constructor(
    keys: KeyList,
    within: HTMLElement,
    disposer: Disposer,
    private readonly toggled: (open: boolean) => void = () => undefined,
  ) {
    const rows = keys.flatMap(([key, does]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, does)]);
    this.panel = h("div", { class: "ec-keys", role: "note", "data-testid": "keys", hidden: true }, h("dl", {}, ...rows));
    disposer.listen(this.button, "click", () => this.toggle());
    disposer.listen<KeyboardEvent>(within, "keydown", (event) => {
      const typing = (event.target as Element).matches("input:not([type=range]):not([type=checkbox]), textarea");
      if (event.key === "?" && !typing) this.toggle();
      else if (event.key === "Escape" && !this.panel.hidden) this.toggle();
      else return;
      event.preventDefault();
      event.stopPropagation();
    }, { capture: true });
  }

  private toggle(): void {
    this.panel.hidden = !this.panel.hidden;
    this.button.setAttribute("aria-expanded", String(!this.panel.hidden));
    this.toggled(!this.panel.hidden);
  }
}
