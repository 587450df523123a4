// "Joy 92.9 % → Excitement 66.1 %": what the picture was and what it is now, with the flip made plain.
import { css, labelColour } from "../shared/colour";
import { h, isDark } from "../shared/dom";
import { ranking, writePercent } from "../shared/labelBars";

export class Headline {
  readonly el = h("div", { class: "ec-headline", role: "status", "aria-live": "polite", "data-testid": "headline" });

  update(labels: string[], probabilities: Float32Array, original: Float32Array, changed: boolean): void {
    const now = ranking(probabilities)[0];
    const before = ranking(original)[0];
    const flipped = now !== before;
    this.el.dataset.label = labels[now];
    this.el.dataset.original = labels[before];
    this.el.dataset.flipped = String(flipped);
    this.el.classList.toggle("ec-headline-flipped", flipped);
    const from = this.part(labels[before], original[before], !changed);
    if (!changed) this.el.replaceChildren(from);
    else this.el.replaceChildren(from, h("span", { class: "ec-headline-arrow", "aria-label": "becomes" }, " → "), this.part(labels[now], probabilities[now], true, flipped));
  }

  clear(): void {
    this.el.replaceChildren();
  }

  private part(label: string, probability: number, strong: boolean, flipped = false): HTMLElement {
    const colour = css(labelColour(label, isDark(this.el)));
    const style = flipped ? { "--ec-label": colour } : {};
    const name = h("span", { class: `ec-headline-label${flipped ? " ec-headline-new" : ""}`, style }, label);
    return h("span", { class: strong ? "ec-headline-part ec-headline-strong" : "ec-headline-part" }, name, ` `, h("span", { class: "ec-number" }, writePercent(probability)));
  }
}
