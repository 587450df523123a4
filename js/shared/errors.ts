// What went wrong, under the widget, in one sentence with the details folded.
import { h } from "./dom";

export interface Problem {
  sentence: string;
  details?: string;
  /** A button that helps, e.g. {label: "Try again", run: ...}. */
  action?: { label: string; run: () => void };
}

/** A strip under a widget. Shows the last problem until it is closed or `clear()`ed. */
export class ErrorBar {
  readonly el = h("div", { class: "ec-error", role: "alert", "data-testid": "error", hidden: true });

  show(problem: Problem): void {
    const close = h("button", { class: "ec-icon-button", type: "button", "aria-label": "Close this message", title: "Close" }, "×");
    close.addEventListener("click", () => this.clear(), { once: true });
    const line = h("div", { class: "ec-error-line" }, h("span", { class: "ec-error-sentence" }, problem.sentence));
    if (problem.action) {
      const { label, run } = problem.action;
      const button = h("button", { class: "ec-button", type: "button" }, label);
      button.addEventListener("click", () => {
        this.clear();
        run();
      });
      line.append(button);
    }
    line.append(close);
    this.el.replaceChildren(line);
    if (problem.details) {
      this.el.append(h("details", {}, h("summary", {}, "Details"), h("pre", {}, problem.details)));
    }
    this.el.hidden = false;
  }

  clear(): void {
    this.el.hidden = true;
    this.el.replaceChildren();
  }
}
