// "3 files could not be used": which, and why, when it is pressed. Names and reasons are texts of files: they are never HTML.
import "./failureList.css";
import "./menu.css";
import { type Disposer, h } from "./dom";
import { FoldOut } from "./menu";
import { failure, stateBlock } from "./states";

/** Answer to "failures": how many there are, and the first of them as [image id, reason]. */
export interface Failures {
  count: number;
  listed: [string, string][];
}

/** "1 file could not be used". */
export const countFailures = (count: number): string => `${count} ${count === 1 ? "file" : "files"} could not be used`;

export class FailureList {
  readonly el: HTMLElement;
  private readonly fold: FoldOut;
  private readonly body = h("div", { class: "ec-failures", "data-testid": "failure-list" });
  private turn = 0;

  /** `ask` fetches the list, each time it is opened: a run that grows may have more by then. */
  constructor(
    private readonly ask: () => Promise<Failures>,
    disposer: Disposer,
  ) {
    this.fold = new FoldOut("Files that could not be used", "failures", disposer, this.body);
    this.el = this.fold.el;
    this.el.hidden = true;
    disposer.listen(this.fold.button, "click", () => {
      if (!this.fold.panel.hidden) void this.fill();
    });
  }

  setCount(count: number): void {
    this.el.hidden = count === 0;
    this.fold.button.textContent = `${countFailures(count)} ▾`;
    this.fold.button.title = "Which, and why";
  }

  private async fill(): Promise<void> {
    const turn = ++this.turn;
    if (this.body.childElementCount === 0) this.body.replaceChildren(stateBlock({ sentence: "Reading the list…" }, "failures-state"));
    try {
      const { count, listed } = await this.ask();
      if (turn !== this.turn) return;
      const rows = listed.map(([name, reason]) => h("li", {}, h("strong", {}, name), h("span", {}, reason)));
      const more = count - listed.length;
      this.body.replaceChildren(
        // It scrolls, so that it must be reachable by keys.
        h("ul", { tabindex: 0, "aria-label": "Files that could not be used, with the reasons" }, ...rows),
        ...(more > 0 ? [h("div", { class: "ec-muted" }, `and ${more.toLocaleString("en")} more`)] : []),
      );
    } catch (problem) {
      if (turn === this.turn) this.body.replaceChildren(stateBlock(failure("The list could not be read.", problem, () => void this.fill()), "failures-state"));
    }
  }
}
