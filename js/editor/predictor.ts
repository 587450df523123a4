// Asks Python what the picture is now. At most one question is under way; of those that come meanwhile only the newest is kept,
// and that one is always asked: the last position is the one that ends up predicted.
import type { CamOverlay } from "../shared/cam";
import type { Disposer } from "../shared/dom";
import { floats, type Reply, type Rpc } from "../shared/rpc";
import type { Edit } from "./edits";
import type { Placement } from "./placement";

export interface Answer {
  /** The number of the question that it answers. */
  seq: number;
  placements: Placement[];
  probabilities: Float32Array;
  /** The map is not there yet: the same answer comes again, whole. */
  early: boolean;
  cam: CamOverlay | null;
  camSays: string;
  /** It answers the newest question, wholly. */
  settled: boolean;
}

interface Evaluation {
  seq: number;
  scene: number;
  early?: boolean;
  cam: [number, number, number, number, number, number] | null;
  method?: string;
  target?: string;
  output?: string;
}

const SLOW_MS = 1500;

export class Predictor {
  private seq = 0;
  private settledAt = 0;
  private scene = -1;
  private slow: ReturnType<typeof setTimeout> | undefined;
  private readonly send: (content: Record<string, unknown>) => void;

  constructor(
    rpc: Rpc,
    disposer: Disposer,
    private readonly answered: (answer: Answer) => void,
    private readonly waiting: (slow: boolean) => void,
    newest?: () => void,
  ) {
    this.send = rpc.latest<Evaluation>("evaluate", (reply, asked) => this.take(reply, asked), newest);
    disposer.add(() => clearTimeout(this.slow));
  }

  /** Answers about an earlier image are dropped from now on. */
  setScene(scene: number): void {
    this.scene = scene;
  }

  get settled(): boolean {
    return this.settledAt === this.seq;
  }

  /** Returns the number of the question. */
  ask(placements: Placement[], cam: boolean, edits: Edit[] = []): number {
    this.seq++;
    this.send({ placements, edits, cam, seq: this.seq, scene: this.scene });
    if (this.slow === undefined) this.slow = setTimeout(() => this.waiting(true), SLOW_MS);
    return this.seq;
  }

  private take({ content, buffers }: Reply<Evaluation>, asked: Record<string, unknown>): void {
    clearTimeout(this.slow);
    this.slow = undefined;
    this.waiting(false);
    if (content.scene !== this.scene) return;
    const seq = asked.seq as number;
    const early = content.early === true;
    const settled = seq === this.seq && !early;
    if (settled) this.settledAt = seq;
    this.answered({
      seq,
      placements: asked.placements as Placement[],
      probabilities: floats(buffers[0]),
      early,
      cam: content.cam === null ? null : overlay(content.cam, floats(buffers[1])),
      camSays: content.cam === null ? "" : `CAM: ${content.method} of ${content.target} (${content.output}), ${content.cam[0]} × ${content.cam[1]} cells, smoothly scaled`,
      settled,
    });
  }
}

function overlay([height, width, x0, y0, x1, y1]: [number, number, number, number, number, number], grid: Float32Array): CamOverlay {
  return { grid, height, width, view: { x0, y0, x1, y1 } };
}
