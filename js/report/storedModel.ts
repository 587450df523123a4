// A widget model with no kernel behind it: traits are kept here, and what would be asked of Python is answered by handlers.
// It is what the front ends see as `Model`, so that they cannot tell a report from a notebook.
import type { Model } from "../shared/model";

type Content = Record<string, unknown>;
type Buffers = ArrayBufferView[];
/** Null: no answer is waited for. */
export type Answer = Content | [Content, Buffers] | null;
export type Handler = (content: Content, buffers: DataView[]) => Answer;

export class StoredModel implements Model {
  private readonly traits: Content;
  private readonly handlers = new Map<string, Handler>();
  private readonly listeners = new Map<string, Set<(...args: never[]) => void>>();

  constructor(
    traits: Content,
    readonly widget_manager: { get_model(id: string): Promise<Model> },
  ) {
    this.traits = { ...traits };
    this.answer("ping", () => ({}));
  }

  has(key: string): boolean {
    return key in this.traits;
  }

  get<T>(key: string): T {
    return this.traits[key] as T;
  }

  /** As in a notebook, listeners hear of a value only where it differs. */
  set(key: string, value: unknown): void {
    const before = this.traits[key];
    if (same(before, value)) return;
    this.traits[key] = value;
    this.emit(`change:${key}`);
  }

  save_changes(): void {
    // Nobody to send them to: `set` has told everyone already.
  }

  send(content: unknown, _callbacks?: unknown, buffers: (ArrayBuffer | ArrayBufferView)[] = []): void {
    const { kind, id } = content as { kind?: string; id?: number };
    const handler = this.handlers.get(String(kind));
    // Not at once: in a notebook an answer never comes before the question's own code has run to its end.
    void Promise.resolve()
      .then(() => {
        if (handler === undefined) throw new Unanswerable("That needs a kernel: open the run in Jupyter.");
        return handler(content as Content, buffers.map(viewOf));
      })
      .then((answer) => {
        if (answer === null) return;
        const [reply, data] = Array.isArray(answer) ? answer : [answer, []];
        this.tell({ ...reply, kind, id }, data);
      })
      .catch((problem: unknown) => this.tell({ kind: "error", id, ...inWords(problem) }));
  }

  on(event: string, callback: (...args: never[]) => void): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(callback));
  }

  off(event: string, callback: (...args: never[]) => void): void {
    this.listeners.get(event)?.delete(callback);
  }

  /** How messages of a kind are answered. */
  answer(kind: string, handler: Handler): void {
    this.handlers.set(kind, handler);
  }

  /** A message of Python's own, such as the browser's new order. */
  tell(content: Content, buffers: Buffers = []): void {
    this.emit("msg:custom", content, buffers.map(viewOf));
  }

  watch(traits: string[], callback: () => void): void {
    for (const trait of traits) this.on(`change:${trait}`, callback);
  }

  private emit(event: string, ...args: unknown[]): void {
    for (const callback of [...(this.listeners.get(event) ?? [])]) callback(...(args as never[]));
  }
}

/** What a report cannot do, in a sentence for its reader. */
export class Unanswerable extends Error {}

function inWords(problem: unknown): { sentence: string; details: string } {
  if (problem instanceof Unanswerable) return { sentence: problem.message, details: "" };
  return { sentence: "Something went wrong inside this report.", details: problem instanceof Error ? (problem.stack ?? problem.message) : String(problem) };
}

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

/** Keeps two traits equal from now on, in both directions; the first one's value wins. As Python does, where both have them. */
export function linkTraits(one: StoredModel, trait: string, other: StoredModel, otherTrait = trait): void {
  if (!one.has(trait) || !other.has(otherTrait)) return;
  other.set(otherTrait, one.get(trait));
  one.watch([trait], () => other.set(otherTrait, one.get(trait)));
  other.watch([otherTrait], () => one.set(trait, other.get(otherTrait)));
}

const viewOf = (buffer: ArrayBuffer | ArrayBufferView): DataView =>
  ArrayBuffer.isView(buffer) ? new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength) : new DataView(buffer);
