// The strip of what was tried: a small picture, the label that came of it and what the grey silhouette gave. A click brings it
// back, ⇄ makes it what the bars are compared with, × takes it out.
import { css, labelColour } from "../shared/colour";
import { h, isDark } from "../shared/dom";
import { ranking, writePercent } from "../shared/labelBars";
import { sameState, type State } from "./scene";

const KEPT = 40;

export interface Trial extends State {
  probabilities: Float32Array;
  flipped: boolean;
}

interface Card extends Trial {
  element: HTMLElement;
  main: HTMLButtonElement;
  compare: HTMLButtonElement;
  /** What it is called, without its control. */
  name: string;
  control: HTMLElement;
}

interface HistoryEvents {
  miniature: (state: State) => HTMLCanvasElement;
  restore: (state: State) => void;
  /** What to compare with from now on; null: the original. */
  compare: (trial: { name: string; probabilities: Float32Array } | null) => void;
}

export class History {
  readonly el: HTMLElement;
  private readonly strip = h("div", { class: "ec-history-strip", role: "list", "aria-label": "what was tried" });
  private cards: Card[] = [];
  private labels: string[] = [];
  private compared: Card | null = null;

  constructor(private readonly events: HistoryEvents) {
    this.el = h("div", { class: "ec-history", "data-testid": "history" }, this.strip);
  }

  setLabels(labels: string[]): void {
    this.labels = labels;
  }

  clear(): void {
    this.cards = [];
    this.strip.replaceChildren();
    this.compareWith(null);
  }

  /** Adds what was tried, unless it is there already; it becomes the current card either way. */
  add(trial: Trial): void {
    if (this.find(trial) === undefined) {
      const card = this.makeCard(trial);
      this.cards.push(card);
      this.strip.append(card.element);
      // The original stays, the oldest trial goes.
      if (this.cards.length > KEPT) this.drop(this.cards[1]);
      this.strip.scrollLeft = this.strip.scrollWidth;
    }
    this.mark(trial);
  }

  mark(state: State): void {
    for (const card of this.cards) card.main.setAttribute("aria-current", String(sameState(card, state)));
  }

  /** The control of what was tried came. */
  controlled(state: State, label: string, probability: number): void {
    const card = this.find(state);
    if (card === undefined) return;
    card.control.textContent = `grey: ${writePercent(probability)} ${label}`;
    card.control.title = card.control.textContent;
    card.main.setAttribute("aria-label", `${card.name}, ${card.control.textContent}`);
    card.element.dataset.control = label;
  }

  /** The picture of that state is a better one now. */
  repaint(state: State): void {
    const card = this.find(state);
    card?.main.querySelector("canvas")?.replaceWith(this.events.miniature(state));
  }

  private find(state: State): Card | undefined {
    return this.cards.find((card) => sameState(card, state));
  }

  private compareWith(card: Card | null): void {
    this.compared = card;
    for (const other of this.cards) {
      other.compare.setAttribute("aria-pressed", String(other === card));
      other.element.classList.toggle("ec-card-compared", other === card);
    }
    this.events.compare(card === null ? null : { name: describe(card), probabilities: card.probabilities });
  }

  private drop(card: Card): void {
    const at = this.cards.indexOf(card);
    const focused = card.element.contains(document.activeElement);
    this.cards = this.cards.filter((other) => other !== card);
    card.element.remove();
    if (card === this.compared) this.compareWith(null);
    if (focused) this.cards[Math.min(at, this.cards.length - 1)]?.main.focus();
  }

  private makeCard(trial: Trial): Card {
    const original = trial.placements.length === 0 && trial.edits.length === 0;
    const best = ranking(trial.probabilities)[0];
    const [label, probability] = [this.labels[best], trial.probabilities[best]];
    const names = describe(trial);
    const name = `${names}: ${label} ${writePercent(probability)}`;
    const dot = h("span", { class: "ec-tile-dot", style: { background: css(labelColour(label, isDark(this.el))) } });
    const control = h("span", { class: "ec-card-value ec-number ec-muted", "data-testid": "card-control" });
    const main = h(
      "button",
      {
        class: "ec-card-main",
        type: "button",
        title: `Back to: ${names}`,
        "aria-label": name,
        "data-testid": "history-card",
        "data-label": label,
        "data-probability": probability.toFixed(6),
      },
      this.events.miniature(trial),
      h("span", { class: "ec-card-text" }, dot, h("span", { class: "ec-card-label" }, original ? `Original: ${label}` : label)),
      " ",
      h("span", { class: "ec-card-value ec-number ec-muted" }, writePercent(probability)),
      " ",
      control,
    );
    const compare = h("button", { class: "ec-icon-button", type: "button", title: "Compare the bars with this", "aria-label": `Compare with ${names}`, "aria-pressed": "false", "data-testid": "card-compare" }, "⇄");
    const remove = h("button", { class: "ec-icon-button", type: "button", title: "Take this card out", "aria-label": `Take out ${names}`, "data-testid": "card-remove" }, "×");
    const element = h("div", { class: `ec-card${trial.flipped ? " ec-card-flipped" : ""}`, role: "listitem" }, main, h("div", { class: "ec-card-acts" }, original ? null : remove, original ? null : compare));
    const card: Card = { ...trial, element, main, name, compare, control };
    main.addEventListener("click", () => this.events.restore({ placements: card.placements, edits: card.edits }));
    compare.addEventListener("click", () => this.compareWith(this.compared === card ? null : card));
    remove.addEventListener("click", () => this.drop(card));
    return card;
  }
}

function describe({ placements, edits }: State): string {
  if (placements.length === 0 && edits.length === 0) return "the original";
  const things = placements.filter((placement) => placement.hidden !== true).map((placement) => placement.sprite);
  const regions = edits.length === 0 ? [] : [`${edits.length} ${edits.length === 1 ? "region edit" : "region edits"}`];
  return [...things, ...regions].join(", ") || "nothing shown";
}
