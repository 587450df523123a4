// Commit, then reveal: the row with what a click marks, "Lock and reveal", and "Mark anew". The owner holds the marks.
import "./commit.css";
import { type Disposer, h, setText } from "./dom";

export interface Way<Name extends string> {
  name: Name;
  label: string;
  title: string;
}

export interface CommitEvents<Name extends string> {
  way(name: Name): void;
  lock(): void;
  again(): void;
}

export interface CommitState<Name extends string> {
  marking: boolean;
  way: Name;
  says: string;
  lockable: boolean;
  /** Ways that cannot be taken now. */
  without?: readonly Name[];
}

export class CommitRow<Name extends string> {
  readonly el: HTMLElement;
  private readonly says = h("span", { class: "ec-commit-says", role: "status", "data-testid": "commit-says" });
  private readonly tools = h("span", { class: "ec-commit-tools", role: "group", "aria-label": "What a click marks" });
  private readonly buttons = new Map<Name, HTMLButtonElement>();
  private readonly lock = h("button", { class: "ec-button ec-button-primary", type: "button", "data-testid": "lock" }, "Lock and reveal");
  private readonly again = h("button", { class: "ec-button", type: "button", "data-testid": "mark-again", title: "Takes all marks away and covers the map" }, "Mark anew");

  constructor(ways: readonly Way<Name>[], events: CommitEvents<Name>, disposer: Disposer, ...below: Node[]) {
    for (const { name, label, title } of ways) {
      const button = h("button", { class: "ec-button", type: "button", title, "data-testid": `mark-${name}` }, label);
      disposer.listen(button, "click", () => events.way(name));
      this.buttons.set(name, button);
      this.tools.append(button);
    }
    disposer.listen(this.lock, "click", () => events.lock());
    disposer.listen(this.again, "click", () => events.again());
    const row = h("div", { class: "ec-commit-row" }, this.says, this.tools, this.lock, this.again);
    this.el = h("section", { class: "ec-commit", "aria-label": "Commit, then reveal", "data-testid": "commit" }, row, ...below);
  }

  update({ marking, way, says, lockable, without = [] }: CommitState<Name>): void {
    setText(this.says, says);
    // A button that goes away while it has the focus would drop it to the page.
    const focused = document.activeElement;
    this.tools.hidden = this.lock.hidden = !marking;
    this.again.hidden = marking;
    this.lock.disabled = !lockable;
    for (const [name, button] of this.buttons) {
      button.setAttribute("aria-pressed", String(name === way));
      button.disabled = without.includes(name);
    }
    if (focused === this.lock && !marking) this.again.focus({ preventScroll: true });
    if (focused === this.again && marking) (this.buttons.get(way) ?? this.lock).focus({ preventScroll: true });
  }
}
