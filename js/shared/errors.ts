// What went wrong, under the widget, in one sentence with the details folded; and whether anybody is still listening.
import { h, type Disposer } from "./dom";
import type { Model } from "./model";

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

/** Greys `root` and says so when the kernel behind the model is gone; undone when it is back. */
export function watchConnection(model: Model, root: HTMLElement, disposer: Disposer): void {
  const note = h(
    "div",
    { class: "ec-disconnected-note", role: "status", "data-testid": "disconnected", hidden: true },
    "Not connected: the kernel was restarted or stopped. Run the cell again.",
  );
  root.append(note);
  const update = (): void => {
    // The host's own mark: set on the output when the model's comm has gone.
    const lost = root.closest(".jupyter-widgets-disconnected") !== null;
    root.classList.toggle("ec-disconnected", lost);
    note.hidden = !lost;
  };
  disposer.on(model, "comm_live_update", () => queueMicrotask(update));
  disposer.add(() => note.remove());
  const observer = new MutationObserver(update);
  queueMicrotask(() => {
    const host = root.parentElement;
    if (host && !disposer.disposed) observer.observe(host, { attributes: true, attributeFilter: ["class"] });
  });
  disposer.add(() => observer.disconnect());
}
