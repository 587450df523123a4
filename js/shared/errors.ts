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

const PATIENCE = 2000;

/**
 * Greys `root` and says so when the kernel behind the model is gone; undone when it is back. The host tells that something
 * happened to the connection, but not what: Python's base class answers a "ping" where there still is one.
 */
export function watchConnection(model: Model, root: HTMLElement, disposer: Disposer): void {
  const note = h(
    "div",
    { class: "ec-disconnected-note", role: "status", "data-testid": "disconnected", hidden: true },
    "Not connected: the kernel was restarted or stopped. Run the cell again.",
  );
  root.append(note);
  let timer = 0;
  let id = 0;
  const show = (lost: boolean): void => {
    root.classList.toggle("ec-disconnected", lost);
    note.hidden = !lost;
  };
  disposer.on(model, "msg:custom", (message: { kind?: string; id?: number }) => {
    if (message.kind !== "ping" || message.id !== id) return;
    clearTimeout(timer);
    show(false);
  });
  disposer.on(model, "comm_live_update", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => show(true), PATIENCE);
    id = Math.floor(Math.random() * 2 ** 40);
    try {
      model.send({ kind: "ping", id });
    } catch {
      show(true); // the host refuses to send: there is no doubt
    }
  });
  disposer.add(() => clearTimeout(timer));
  disposer.add(() => note.remove());
}
