// What the bars are compared with where that is not the original: one line that says so and takes it back.
import { type Disposer, h } from "../shared/dom";

export class Comparing {
  readonly el = h("div", { class: "ec-comparing", role: "status", "data-testid": "comparing", hidden: true });
  private readonly name = h("span", { class: "ec-comparing-name" });
  private trial: { name: string; probabilities: Float32Array } | null = null;

  constructor(
    private readonly changed: () => void,
    disposer: Disposer,
  ) {
    const back = h("button", { class: "ec-icon-button", type: "button", title: "Compare with the original again", "aria-label": "compare with the original again" }, "×");
    disposer.listen(back, "click", () => this.set(null));
    this.el.append(h("span", { class: "ec-muted" }, "Change since:"), this.name, back);
  }

  /** Null: the original. */
  get probabilities(): Float32Array | null {
    return this.trial?.probabilities ?? null;
  }

  set(trial: { name: string; probabilities: Float32Array } | null): void {
    if (trial === this.trial) return;
    this.trial = trial;
    this.el.hidden = trial === null;
    this.name.textContent = trial?.name ?? "";
    this.changed();
  }
}
