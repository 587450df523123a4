// Questions to Python over the widget's own messages: {kind, id, ...} out, the same id back, numbers as binary buffers.
import type { Disposer } from "./dom";
import type { ErrorBar } from "./errors";
import { followLine, hostKernel, isConnected, letGo } from "./host";
import type { Model } from "./model";

export interface Reply<T = Record<string, unknown>> {
  content: T;
  buffers: DataView[];
}

type Content = Record<string, unknown>;
type Buffers = (ArrayBuffer | ArrayBufferView)[];
interface Waiting {
  message: Content;
  buffers: Buffers;
  /** How often the line had been lost when it was sent. */
  losses: number;
  once: boolean;
  own?: boolean;
  early?: (reply: Reply<never>) => void;
  resolve: (reply: Reply<never>) => void;
  reject: (problem: RpcError) => void;
}

export interface Listening<T> {
  /** Told the question's id as it is sent. */
  begun?: (id: number) => void;
  /** Gets what Python knows before it knows all. */
  early?: (reply: Reply<T>) => void;
  /** To do it twice would be wrong: it is not asked again where the answer was lost with the line. */
  once?: boolean;
  /** Who asks shows itself what goes wrong: nothing is said under the widget. */
  own?: boolean;
}

/** What Python answered instead of a reply: one sentence for the user and the details behind it. */
export class RpcError extends Error {
  constructor(
    readonly sentence: string,
    readonly details = "",
  ) {
    super(sentence);
  }
}

const SILENCE = 12_000;
const LOST: Content = { kind: "error", sentence: "The connection was lost while this was asked: look whether it was done, and else try again." };

export class Rpc {
  // Two views of one model both see every reply, so ids of different views must not meet.
  private next = Math.floor(Math.random() * 2 ** 40);
  private waiting = new Map<number, Waiting>();
  private silence = 0;
  private complained = false;
  private losses = 0;
  private presence = -1;

  constructor(
    private readonly model: Model,
    disposer: Disposer,
    private readonly errors: ErrorBar,
  ) {
    disposer.on(model, "msg:custom", (message: Content, buffers: DataView[]) => this.receive(message, buffers ?? []));
    followLine(model, () => this.losses++, () => this.catchUp(), disposer);
    disposer.add(() => {
      clearTimeout(this.silence);
      this.waiting.clear();
    });
  }

  /** One question, one answer. Rejects with an RpcError that is already shown under the widget, unless it is the asker's `own`. */
  request<T = Content>(kind: string, content: Content = {}, buffers: Buffers = [], { begun, early, once = false, own }: Listening<T> = {}): Promise<Reply<T>> {
    const id = this.next++;
    begun?.(id);
    return new Promise((resolve, reject) => {
      const asked = { message: { ...content, kind, id }, buffers, losses: this.losses, once, own, early, resolve, reject };
      this.waiting.set(id, asked);
      this.send(id, asked);
      this.listenForSilence();
    });
  }

  private send(id: number, { message, buffers }: Waiting): void {
    try {
      this.model.send(message, undefined, buffers);
    } catch (refusal) {
      this.receive({ kind: "error", id, sentence: "Not connected to the kernel.", details: String(refusal) }, []);
    }
  }

  /**
   * The line is back. What Python said meanwhile may be lost, and so may be what it was asked: it tells how things stand, and
   * what was sent before and is still open when it has is asked again. (What was sent since, the host has kept.)
   */
  private catchUp(): void {
    this.presence = this.next++;
    this.model.send({ kind: "present", id: this.presence });
  }

  private caughtUp(model: string): void {
    void letGo(this.model, model).catch(() => undefined); // a host without such models holds nothing back
    for (const [id, asked] of [...this.waiting]) {
      if (asked.losses === this.losses) continue;
      asked.losses = this.losses;
      if (asked.once) this.receive({ ...LOST, id }, []);
      else this.send(id, asked);
    }
  }

  /**
   * A channel for what changes faster than it can be answered (a slider, a drag): at most one request is under way, only the
   * newest of those that came meanwhile is kept, and it is always sent. `onReply` gets every answer with the question it answers,
   * an early one (`content.early`) and then the whole;
   * `isLast` says that no newer question is asked. `newest` is called before the question that waited is sent: it may ask anew, so
   * that the hand's position of this moment is asked for and not that of the last frame.
   */
  latest<T = Content>(
    kind: string,
    onReply: (reply: Reply<T>, asked: Content, isLast: boolean) => void,
    newest?: () => void,
  ): (content?: Content, buffers?: Buffers) => void {
    let busy = false;
    let pending: { content: Content; buffers: Buffers } | null = null;
    const next = (): void => {
      busy = false;
      newest?.();
      if (pending === null || busy) return;
      const { content, buffers } = pending;
      pending = null;
      send(content, buffers);
    };
    const send = (content: Content, buffers: Buffers): void => {
      busy = true;
      // What is known early is shown at once; the next question waits for the whole, or it would only wait in the kernel, with
      // a position that is older by then.
      this.request<T>(kind, content, buffers, { early: (reply) => onReply(reply, content, false) })
        .then((reply) => {
          next(); // on its way while the answer is shown
          onReply(reply, content, !busy);
        })
        .catch((problem: unknown) => {
          if (problem instanceof RpcError) next();
          else this.errors.show({ sentence: "The answer could not be shown.", details: String(problem) });
        });
    };
    return (content = {}, buffers = []) => {
      pending = busy ? { content, buffers } : null;
      if (!busy) send(content, buffers);
    };
  }

  /** Says so when nothing has come for long though something was asked; takes it back with the next answer. */
  private listenForSilence(): void {
    clearTimeout(this.silence);
    if (this.waiting.size === 0) return;
    this.silence = window.setTimeout(() => {
      if (!isConnected(hostKernel(this.model))) return this.listenForSilence(); // that is said by itself
      this.complained = true;
      this.errors.show({ sentence: "No answer from the kernel yet: it is busy, restarting or stopped." });
    }, SILENCE);
  }

  /** What Python says of its own state, until it takes it back. */
  private notice(sentence: unknown): void {
    if (typeof sentence === "string") this.errors.show({ sentence });
    else this.errors.clear();
  }

  private receive(message: Content, buffers: DataView[]): void {
    const id = message.id;
    if (message.kind === "notice") return this.notice(message.sentence);
    if (message.kind === "error") {
      const problem = new RpcError(String(message.sentence), String(message.details ?? ""));
      const mine = typeof id === "number" ? this.waiting.get(id) : undefined;
      if (typeof id === "number" && !mine) return;
      if (mine?.own !== true) this.errors.show({ sentence: problem.sentence, details: problem.details });
      if (mine) {
        this.waiting.delete(id as number);
        this.listenForSilence();
        mine.reject(problem);
      }
      return;
    }
    if (typeof id !== "number") return;
    if (id === this.presence) return this.caughtUp(String(message.model));
    const mine = this.waiting.get(id);
    if (!mine) return;
    if (message.early === true) {
      mine.early?.({ content: message as never, buffers });
      return;
    }
    this.waiting.delete(id);
    this.listenForSilence();
    if (this.complained) this.errors.clear();
    this.complained = false;
    mine.resolve({ content: message as never, buffers });
  }
}

/** The float32 (little endian) numbers of a buffer, copied so that they are aligned. */
export function floats(view: DataView): Float32Array {
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

export function integers(view: DataView): Int32Array {
  return new Int32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}
