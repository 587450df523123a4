// "Joy 92.9 % → Excitement 66.1 %": what the picture was and what it is now, with the flip made plain.
import { css, labelColour } from "../shared/colour";
import { h, isDark } from "../shared/dom";
import { ranking, writePercent } from "../shared/labelBars";

export class Headline {
  readonly el = h("div", { class: "ec-headline", role: "status", "aria-live": "polite", "data-testid": "headline" });
  private readonly before = new Part();
  private readonly arrow = h("span", { class: "ec-headline-arrow", "aria-label": "becomes" }, " → ");
  private readonly now = new Part();

  update(labels: string[], probabilities: Float32Array, original: Float32Array, changed: boolean): void {
    const now = ranking(probabilities)[0];
    const before = ranking(original)[0];
    const flipped = now !== before;
    this.el.dataset.label = labels[now];
    this.el.dataset.original = labels[before];
    this.el.dataset.flipped = String(flipped);
    this.el.classList.toggle("ec-headline-flipped", flipped);
    this.before.show(labels[before], original[before], !changed, null);
    this.now.show(labels[now], probabilities[now], true, flipped ? css(labelColour(labels[now], isDark(this.el))) : null);
    if (changed && this.now.el.parentNode !== this.el) this.el.replaceChildren(this.before.el, this.arrow, this.now.el);
    else if (!changed && this.el.childNodes.length !== 1) this.el.replaceChildren(this.before.el);
  }

  clear(): void {
    this.el.replaceChildren();
  }
}

/** A label and its probability. It changes many times a second: its elements stay, and only what differs is touched. */
class Part {
  private readonly label = document.createTextNode("");
  private readonly number = document.createTextNode("");
  private readonly name = h("span", { class: "ec-headline-label" }, this.label);
  readonly el = h("span", { class: "ec-headline-part" }, this.name, " ", h("span", { class: "ec-number" }, this.number));

  show(label: string, probability: number, strong: boolean, flippedColour: string | null): void {
    if (this.label.data !== label) this.label.data = label;
    const number = writePercent(probability);
    if (this.number.data !== number) this.number.data = number;
    this.el.classList.toggle("ec-headline-strong", strong);
    this.name.classList.toggle("ec-headline-new", flippedColour !== null);
    this.name.style.setProperty("--ec-label", flippedColour ?? "");
  }
}
