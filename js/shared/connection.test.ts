import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { meaning, PATIENCE, SENTENCES, watchConnection } from "./connection";
import { Disposer, h } from "./dom";
import type { HostKernel } from "./host";
import { TestModel } from "./testModel";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class Kernel implements HostKernel {
  status = "idle";
  connectionStatus = "connected";
  private slots: (() => void)[] = [];
  readonly statusChanged = { connect: (slot: () => void) => this.slots.push(slot), disconnect: (slot: () => void) => (this.slots = this.slots.filter((each) => each !== slot)) };
  readonly connectionStatusChanged = this.statusChanged;
  become(values: Partial<Kernel>): void {
    Object.assign(this, values);
    for (const slot of [...this.slots]) slot();
  }
  readonly reconnect = vi.fn(() => {
    this.become({ connectionStatus: "connecting" });
    return Promise.reject(new Error("not yet"));
  });
  get listening(): number {
    return this.slots.length;
  }
}

function watched(kernel?: Kernel) {
  const model = Object.assign(new TestModel(), kernel ? { widget_manager: { kernel, get_model: () => Promise.reject(new Error("none")) } } : {});
  const root = h("div");
  const disposer = new Disposer();
  watchConnection(model, root, disposer);
  const note = root.querySelector<HTMLElement>('[data-testid="disconnected"]')!;
  const pong = (): void => {
    const last = model.sent.at(-1)!;
    model.emit("msg:custom", { kind: "ping", id: last.id });
  };
  const again = (): HTMLButtonElement | null => root.querySelector('[data-testid="reconnect"]');
  const says = (): string | null => (note.hidden ? null : note.querySelector('[role="status"]')!.textContent);
  return { model, root, disposer, pong, says, again };
}

it("knows what silence means", () => {
  expect(meaning(undefined, true)).toBe("silent");
  expect(meaning(undefined, false)).toBe("gone");
  expect(meaning({ status: "busy", connectionStatus: "connected" }, true)).toBe("busy");
  expect(meaning({ status: "restarting", connectionStatus: "connected" }, true)).toBe("gone");
  expect(meaning({ status: "unknown", connectionStatus: "connecting" }, true)).toBe("offline");
  expect(meaning({ status: "unknown", connectionStatus: "disconnected" }, true)).toBe("lost");
  expect(meaning({ status: "dead", connectionStatus: "disconnected" }, true)).toBe("gone");
});

it("greys the widget when its channel is cut and nobody answers, and frees it with the next answer", () => {
  const { model, root, pong, says } = watched();
  model.emit("comm_live_update");
  expect(says()).toBeNull();
  vi.advanceTimersByTime(PATIENCE);
  expect(says()).toBe(SENTENCES.gone);
  expect(root.classList.contains("ec-disconnected")).toBe(true);
  vi.advanceTimersByTime(10_000);
  pong();
  expect(says()).toBeNull();
  expect(root.classList.contains("ec-disconnected")).toBe(false);
});

it("says that the connection is lost as soon as the host does, and takes it back when Python answers again", () => {
  const kernel = new Kernel();
  const { root, pong, says } = watched(kernel);
  kernel.become({ connectionStatus: "connecting" });
  expect(says()).toBe(SENTENCES.offline);
  expect(root.classList.contains("ec-disconnected")).toBe(true);
  kernel.become({ connectionStatus: "connected" });
  pong();
  expect(says()).toBeNull();
});

it("does not ask into a line that is lost, and has the host try again by a button, a touch, or when the lid is opened", () => {
  const kernel = new Kernel();
  const { model, root, says, again } = watched(kernel);
  kernel.become({ connectionStatus: "connecting" });
  document.dispatchEvent(new Event("resume"));
  expect(kernel.reconnect).toHaveBeenCalledTimes(1);
  root.dispatchEvent(new Event("pointerdown")); // the host tries already: a hand that is restless must not hinder it
  expect(kernel.reconnect).toHaveBeenCalledTimes(1);
  again()!.click();
  expect(kernel.reconnect).toHaveBeenCalledTimes(2);
  kernel.become({ connectionStatus: "disconnected" });
  expect(says()).toBe(SENTENCES.lost);
  vi.advanceTimersByTime(60_000);
  expect(model.sent).toHaveLength(0);
  root.dispatchEvent(new Event("pointerdown"));
  expect(kernel.reconnect).toHaveBeenCalledTimes(3);
  expect(says()).toBe(SENTENCES.offline);
  kernel.become({ status: "dead" });
  expect([says(), again()]).toEqual([SENTENCES.gone, null]);
});

it("asks when the user touches a widget that was silent for long, and does not grey one whose kernel is busy", () => {
  const kernel = new Kernel();
  const { model, root, pong, says } = watched(kernel);
  root.dispatchEvent(new Event("pointerdown"));
  expect(model.sent).toHaveLength(0);
  vi.advanceTimersByTime(60_000);
  expect(model.sent).toHaveLength(0); // never by the clock
  kernel.status = "busy";
  root.dispatchEvent(new Event("pointerdown"));
  vi.advanceTimersByTime(PATIENCE);
  expect(says()).toBe(SENTENCES.busy);
  expect(root.classList.contains("ec-disconnected")).toBe(false);
  pong();
  expect(says()).toBeNull();
});

it("leaves nothing behind", () => {
  const kernel = new Kernel();
  const { model, root, disposer } = watched(kernel);
  model.emit("comm_live_update");
  disposer.dispose();
  vi.advanceTimersByTime(60_000);
  expect([model.listening, kernel.listening, root.childElementCount, model.sent.length]).toEqual([0, 0, 0, 1]);
});
