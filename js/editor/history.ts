// The strip of what was tried: a small picture and the label that came of it; a click brings it back.
import { css, labelColour } from "../shared/colour";
import { h, isDark } from "../shared/dom";
import { writePercent } from "../shared/labelBars";
import { type Placement, same } from "./placement";

const KEPT = 40;

interface Card {
  element: HTMLButtonElement;
  placements: Placement[];
}

export class History {
  readonly el: HTMLElement;
  private readonly strip = h("div", { class: "ec-history-strip", role: "list", "aria-label": "what was tried" });
  private cards: Card[] = [];

  constructor(
    private readonly miniature: (placements: Placement[]) => HTMLCanvasElement,
    private readonly restore: (placements: Placement[]) => void,
  ) {
    this.el = h("div", { class: "ec-history", "data-testid": "history" }, this.strip);
    this.el.hidden = true;
  }

  clear(): void {
    this.cards = [];
    this.strip.replaceChildren();
    this.el.hidden = true;
  }

  /** Adds what was tried, unless it is there already; it becomes the current card either way. */
  add(placements: Placement[], label: string, probability: number, flipped: boolean): void {
    if (!this.cards.some((card) => same(card.placements, placements))) {
      const card = { element: this.makeCard(placements, label, probability, flipped), placements };
      this.cards.push(card);
      this.strip.append(card.element);
      // The original stays, the oldest trial goes.
      if (this.cards.length > KEPT) this.cards.splice(1, 1)[0].element.remove();
      this.strip.scrollLeft = this.strip.scrollWidth;
    }
    this.el.hidden = this.cards.length < 2;
    this.mark(placements);
  }

  mark(placements: Placement[]): void {
    for (const card of this.cards) card.element.setAttribute("aria-current", String(same(card.placements, placements)));
  }

  private makeCard(placements: Placement[], label: string, probability: number, flipped: boolean): HTMLButtonElement {
    const original = placements.length === 0;
    const names = original ? "the original" : placements.map((placement) => placement.sprite).join(", ");
    const dot = h("span", { class: "ec-tile-dot", style: { background: css(labelColour(label, isDark(this.el))) } });
    const card = h(
      "button",
      {
        class: `ec-card${flipped ? " ec-card-flipped" : ""}`,
        type: "button",
        title: `Back to: ${names}`,
        "aria-label": `${names}: ${label} ${writePercent(probability)}`,
        "data-testid": "history-card",
        "data-label": label,
        "data-probability": probability.toFixed(6),
      },
      this.miniature(placements),
      h("span", { class: "ec-card-text" }, dot, h("span", { class: "ec-card-label" }, original ? `Original: ${label}` : label)),
      h("span", { class: "ec-card-value ec-number ec-muted" }, writePercent(probability)),
    );
    card.addEventListener("click", () => this.restore(placements));
    return card;
  }
}
