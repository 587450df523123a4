// A widget model without a kernel, for unit tests: it keeps what is sent and lets a test answer.
import type { Model } from "./model";

export class TestModel implements Model {
  readonly sent: Record<string, unknown>[] = [];
  readonly saved: Record<string, unknown>[] = [];
  private changed: Record<string, unknown> = {};
  private listeners = new Map<string, Set<(...args: never[]) => void>>();

  constructor(private readonly traits: Record<string, unknown> = {}) {}

  get<T>(key: string): T {
    return this.traits[key] as T;
  }

  set(key: string, value: unknown): void {
    this.traits[key] = value;
    this.changed[key] = value;
    this.emit(`change:${key}`);
  }

  save_changes(): void {
    this.saved.push(this.changed);
    this.changed = {};
  }

  send(content: unknown): void {
    this.sent.push(content as Record<string, unknown>);
  }

  on(event: string, callback: (...args: never[]) => void): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(callback));
  }

  off(event: string, callback: (...args: never[]) => void): void {
    this.listeners.get(event)?.delete(callback);
  }

  emit(event: string, ...args: unknown[]): void {
    for (const callback of [...(this.listeners.get(event) ?? [])]) callback(...(args as never[]));
  }

  /** Python's answer to the message at this place. */
  async answer(index: number, content: Record<string, unknown> = {}): Promise<void> {
    const { kind, id } = this.sent[index];
    this.emit("msg:custom", { kind, id, ...content }, []);
    await new Promise((resolve) => setTimeout(resolve));
  }

  get listening(): number {
    return [...this.listeners.values()].reduce((sum, each) => sum + each.size, 0);
  }
}
