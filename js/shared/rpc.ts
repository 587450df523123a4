// Questions to Python over the widget's own messages: {kind, id, ...} out, the same id back, numbers as binary buffers.
import type { Disposer } from "./dom";
import type { ErrorBar } from "./errors";
import type { Model } from "./model";

export interface Reply<T = Record<string, unknown>> {
  content: T;
  buffers: DataView[];
}

type Content = Record<string, unknown>;
type Buffers = (ArrayBuffer | ArrayBufferView)[];
interface Waiting {
  resolve: (reply: Reply<never>) => void;
  reject: (problem: RpcError) => void;
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

export class Rpc {
  // Two views of one model both see every reply, so ids of different views must not meet.
  private next = Math.floor(Math.random() * 2 ** 40);
  private waiting = new Map<number, Waiting>();
  private silence = 0;
  private complained = false;

  constructor(
    private readonly model: Model,
    disposer: Disposer,
    private readonly errors: ErrorBar,
  ) {
    disposer.on(model, "msg:custom", (message: Content, buffers: DataView[]) => this.receive(message, buffers ?? []));
    disposer.add(() => {
      clearTimeout(this.silence);
      this.waiting.clear();
    });
  }

  /** One question, one answer. Rejects with an RpcError that is already shown under the widget. */
  request<T = Content>(kind: string, content: Content = {}, buffers: Buffers = []): Promise<Reply<T>> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      try {
        this.model.send({ ...content, kind, id }, undefined, buffers);
      } catch (refusal) {
        this.receive({ kind: "error", id, sentence: "Not connected to the kernel.", details: String(refusal) }, []);
      }
      this.listenForSilence();
    });
  }

  /**
   * A channel for what changes faster than it can be answered (a slider, a drag): at most one request is under way, only the
   * newest of those that came meanwhile is kept, and it is always sent. `onReply` gets every answer with the question it answers;
   * `isLast` says that no newer question waits.
   */
  latest<T = Content>(
    kind: string,
    onReply: (reply: Reply<T>, asked: Content, isLast: boolean) => void,
  ): (content?: Content, buffers?: Buffers) => void {
    let busy = false;
    let pending: { content: Content; buffers: Buffers } | null = null;
    const send = (content: Content, buffers: Buffers): void => {
      busy = true;
      this.request<T>(kind, content, buffers)
        .then((reply) => onReply(reply, content, pending === null))
        .catch((problem: unknown) => {
          if (!(problem instanceof RpcError)) this.errors.show({ sentence: "The answer could not be shown.", details: String(problem) });
        })
        .finally(() => {
          busy = false;
          if (pending) {
            const newest = pending;
            pending = null;
            send(newest.content, newest.buffers);
          }
        });
    };
    return (content = {}, buffers = []) => {
      if (busy) pending = { content, buffers };
      else send(content, buffers);
    };
  }

  /** Says so when nothing has come for long though something was asked; takes it back with the next answer. */
  private listenForSilence(): void {
    clearTimeout(this.silence);
    if (this.waiting.size === 0) return;
    this.silence = window.setTimeout(() => {
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
      this.errors.show({ sentence: problem.sentence, details: problem.details });
      if (mine) {
        this.waiting.delete(id as number);
        this.listenForSilence();
        mine.reject(problem);
      }
      return;
    }
    if (typeof id !== "number") return;
    const mine = this.waiting.get(id);
    if (!mine) return;
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
