// What is looked up when the hand rests: what the same shape in plain grey does at this place (the control), and which detected
// boxes are covered. While something moves these lines only fade; nothing is asked and nothing is laid out.
import { type Disposer, h } from "../shared/dom";
import { ranking, writePercent } from "../shared/labelBars";
import { floats, type Reply, type Rpc } from "../shared/rpc";
import { type Scene, sameState, type State } from "./scene";

const REST_MS = 180;
const LEAST_COVERED = 0.02;
const MOST_NAMED = 6;

interface RestReply {
  scene: number;
  control: boolean;
}

export class Rest {
  readonly el: HTMLElement;
  private readonly control = h("div", { class: "ec-rest-line", "data-testid": "control", title: "The control: the same silhouettes at the same places, filled with grey" });
  private readonly covered = h("div", { class: "ec-rest-line", "data-testid": "covered" });
  private readonly send: (content: Record<string, unknown>) => void;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stale = false;
  private number = -1;
  private labels: string[] = [];

  constructor(
    rpc: Rpc,
    private readonly scene: Scene,
    private readonly events: { controlled: (state: State, label: string, probability: number) => void },
    disposer: Disposer,
  ) {
    this.el = h("div", { class: "ec-rest", role: "status", "aria-live": "polite" }, this.control, this.covered);
    this.send = rpc.latest<RestReply>("rest", (reply, asked) => this.take(reply, { placements: asked.placements, edits: asked.edits } as State));
    disposer.add(() => clearTimeout(this.timer));
  }

  setLabels(labels: string[]): void {
    this.labels = labels;
  }

  setScene(number: number): void {
    this.number = number;
    this.clear();
  }

  /** Something moves. Called for every frame: does next to nothing. */
  moved(): void {
    clearTimeout(this.timer);
    if (this.stale) return;
    this.stale = true;
    this.el.dataset.stale = "true";
  }

  /** The hand has let go and the last position is predicted. */
  rests(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const { placements, edits } = this.scene;
      if (placements.every((placement) => placement.hidden === true)) this.clear();
      else this.send({ placements, edits });
    }, REST_MS);
  }

  private clear(): void {
    this.control.textContent = "";
    this.covered.textContent = "";
    this.fresh();
  }

  private fresh(): void {
    this.stale = false;
    this.el.dataset.stale = "false";
  }

  private take({ content, buffers }: Reply<RestReply>, state: State): void {
    if (content.scene !== this.number || !sameState(state, this.scene.state)) return;
    if (content.control) {
      const probabilities = floats(buffers[0]);
      const best = ranking(probabilities)[0];
      this.control.replaceChildren("As grey silhouette: ", h("strong", {}, this.labels[best]), ` ${writePercent(probabilities[best])}`);
      this.control.dataset.label = this.labels[best];
      this.control.dataset.probability = probabilities[best].toFixed(6);
      this.events.controlled(state, this.labels[best], probabilities[best]);
    }
    this.covered.textContent = this.describeCovered(floats(buffers[1]));
    this.fresh();
  }

  private describeCovered(shares: Float32Array): string {
    const covered = ranking(shares).filter((i) => shares[i] >= LEAST_COVERED && this.scene.boxes[i] !== undefined);
    if (this.scene.boxes.length === 0) return "";
    if (covered.length === 0) return "Covers none of the detected boxes.";
    const named = covered.slice(0, MOST_NAMED).map((i) => `${this.scene.boxes[i].name} (${Math.round(100 * shares[i])} %)`);
    const more = covered.length - named.length;
    return `Covers ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}.`;
  }
}
