// What stands where something is not there (yet): one sentence, what helps as a button, what is behind it folded.
import "./states.css";
import { h } from "./dom";
import { RpcError } from "./rpc";

export interface State {
  sentence: string;
  details?: string;
  action?: { label: string; run: () => void };
}

/** Fills `el` with a state. The button works once: what it does leads to another state. */
export function showState(el: HTMLElement, { sentence, details, action }: State): void {
  el.replaceChildren(h("div", { class: "ec-state-sentence" }, sentence));
  if (action !== undefined) {
    const button = h("button", { class: "ec-button", type: "button", "data-testid": "state-action" }, action.label);
    button.addEventListener("click", action.run, { once: true });
    el.append(h("div", {}, button));
  }
  if (details) el.append(h("details", { class: "ec-state-details" }, h("summary", {}, "Details"), h("pre", {}, details)));
}

/** A place of its own for a state. */
export function stateBlock(state: State, testId: string): HTMLElement {
  const el = h("div", { class: "ec-empty", role: "status", "data-testid": testId });
  showState(el, state);
  return el;
}

/** What went wrong, as far as it is known, behind a sentence that says what it means to the user. */
export function failure(sentence: string, problem: unknown, again: () => void): State {
  const details = problem instanceof RpcError ? `${problem.sentence}\n${problem.details}`.trim() : problem instanceof Error ? (problem.stack ?? problem.message) : String(problem);
  return { sentence, details, action: { label: "Try again", run: again } };
}
