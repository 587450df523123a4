// Another method for the run: chosen, added by the worker while the matrix stands, and where there is only one what is missing.
import { type Disposer, h } from "../shared/dom";
import type { Model } from "../shared/model";
import type { Rpc } from "../shared/rpc";

export interface Adding {
  state: "running" | "done" | "cancelled" | "failed";
  method: string;
  done: number;
  total: number;
  seconds_left: number | null;
  sentence?: string;
  details?: string;
}

const CODE = 'emo.analyze(corpus, classifier, detector, methods=["grad-cam", "lift-cam"], out=...)';

/** How far it is, or how it ended. */
export function writeAdding({ state, method, done, total, seconds_left: left, sentence }: Adding): string {
  const time = left === null || left < 1 ? "" : `, ${Math.round(left)} s left`;
  return {
    running: `Adding ${method}: ${done} of ${total} images${time}`,
    done: `${method} is in the run now.`,
    cancelled: `Stopped: ${method} was not added.`,
    failed: sentence ?? `${method} could not be added.`,
  }[state];
}

export class AddMethod {
  readonly el = h("section", { class: "rs-add", "aria-label": "Another method", "data-testid": "add-method" });
  private readonly why = h("p", { class: "rs-add-why" });
  private readonly select = h("select", { class: "ec-select", "aria-label": "method to add", "data-testid": "method-to-add" });
  private readonly button = h("button", { class: "ec-button", type: "button", "data-testid": "add" });
  private readonly meter = h("progress", { class: "rs-meter", "aria-label": "images explained" });
  private readonly says = h("span", { class: "ec-number", role: "status", "data-testid": "adding" });
  private readonly details = h("details", { hidden: true });
  private readonly row: HTMLElement;

  constructor(
    private readonly model: Model,
    rpc: Rpc,
    disposer: Disposer,
  ) {
    this.row = h("div", { class: "rs-add-row" }, h("label", { class: "ec-field" }, h("span", {}, "another method"), this.select), this.button, this.meter, this.says);
    this.el.append(this.why, this.row, this.details);
    disposer.listen(this.button, "click", () => {
      const asked = this.adding?.state === "running" ? rpc.request("add_cancel") : rpc.request("add", { method: this.select.value });
      void asked.catch(() => undefined); // shown under the widget
    });
    disposer.watch(model, ["adding", "_held", "_addable"], () => this.update());
    this.update();
  }

  private get adding(): Adding | null {
    return this.model.get<Adding | null>("adding") ?? null;
  }

  private update(): void {
    const { adding } = this;
    const held = this.model.get<string[] | undefined>("_held") ?? [];
    const addable = this.model.get<string[] | undefined>("_addable") ?? [];
    const alone = held.length < 2;
    const running = adding?.state === "running";
    this.el.classList.toggle("rs-alone", alone);
    this.why.hidden = !alone;
    const one = `This run holds the maps of one method (${held.join(", ")}). Agreement compares two or more: do they point at the same things?`;
    this.why.replaceChildren(...(addable.length ? [`${one} Add another; its maps of all images go into the run.`] : [`${one} Add another with `, h("code", {}, CODE), "."]));
    this.row.hidden = addable.length === 0 && adding === null;
    this.el.hidden = this.why.hidden && this.row.hidden;
    if (this.select.dataset.methods !== addable.join("|")) {
      this.select.dataset.methods = addable.join("|");
      this.select.replaceChildren(...addable.map((name) => h("option", { value: name }, name)));
      if (addable.includes("lift-cam")) this.select.value = "lift-cam";
    }
    this.select.disabled = running;
    this.select.parentElement!.hidden = addable.length === 0;
    this.button.hidden = addable.length === 0 && !running;
    this.button.textContent = running ? "Stop" : "Add";
    this.button.classList.toggle("ec-button-primary", alone && !running);
    this.meter.hidden = !running;
    if (adding) {
      this.meter.max = adding.total;
      this.meter.value = adding.done;
    }
    this.says.textContent = adding === null ? "" : writeAdding(adding);
    this.says.classList.toggle("rs-problem", adding?.state === "failed");
    this.details.hidden = !adding?.details;
    this.details.replaceChildren(h("summary", {}, "Details"), h("pre", {}, adding?.details ?? ""));
  }
}
