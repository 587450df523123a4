import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Disposer } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import type { Model } from "../shared/model";
import { Rpc } from "../shared/rpc";
import { BrowserStore, readBoxes } from "./store";

interface Sent {
  kind: string;
  id: number;
  positions: number[];
  pictures: boolean;
}

const view = (numbers: ArrayLike<number>, Type: typeof Float32Array | typeof Int32Array = Float32Array): DataView => new DataView(new Type(numbers).buffer);
const text = (value: string): DataView => new DataView(new TextEncoder().encode(value).buffer);
const turnOfEvents = () => new Promise((resolve) => setTimeout(resolve, 0));

class Kernel {
  sent: Sent[] = [];
  private listeners: ((content: unknown, buffers: DataView[]) => void)[] = [];
  readonly model = {
    send: (content: unknown) => this.sent.push(content as Sent),
    on: (_event: string, callback: (...args: never[]) => void) => this.listeners.push(callback as never),
    off: () => undefined,
  } as unknown as Model;

  say(content: unknown, buffers: DataView[] = []): void {
    for (const listener of this.listeners) listener(content, buffers);
  }

  order(revision: number, positions: number[]) {
    return [{ revision, count: positions.length, total: 30, cell: null, label: null, object_class: null, by: "prediction" }, view(positions, Int32Array)] as const;
  }

  async index(): Promise<void> {
    const [order, positions] = this.order(1, Array.from({ length: 30 }, (_, i) => i));
    const ids = Array.from({ length: 30 }, (_, i) => `image ${i}`).join("\0");
    const content = { kind: "index", id: this.sent[0].id, order, labels: ["Joy"], classes: ["Person", "Tree"], synthetic: true, failures: 0 };
    this.say(content, [positions, text(ids), view(new Array(60).fill(100), Int32Array), view(new Array(30).fill(0), Int32Array), view(new Array(30).fill(0.5))]);
    await turnOfEvents();
  }

  async thumbnails(which: number, revision: number): Promise<void> {
    const { id, positions, pictures } = this.sent[which];
    const items = positions.map((position) => ({ position, boxes: 1, cam: [1, 2, 0, 0, 9, 9] }));
    const boxes = positions.flatMap((position) => [0, 0, 9, 9, 0.9, Number.NaN, 1, position % 2]);
    const grids = positions.flatMap((position) => [position, 0.5]);
    this.say({ kind: "thumbnails", id, revision, items }, [view(boxes), view(grids), ...(pictures ? positions.map(() => text("jpeg")) : [])]);
    await turnOfEvents();
  }
}

let kernel: Kernel;
let store: BrowserStore;
let refreshed: number[];

beforeEach(async () => {
  vi.stubGlobal("createImageBitmap", () => Promise.resolve({ close: () => undefined }));
  kernel = new Kernel();
  refreshed = [];
  const disposer = new Disposer();
  const rpc = new Rpc(kernel.model, disposer, new ErrorBar());
  store = new BrowserStore(rpc, kernel.model, disposer, { order: () => undefined, thumbnails: (positions) => refreshed.push(...positions) });
  void store.load();
  await kernel.index();
});

afterEach(() => vi.unstubAllGlobals());

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe("the browser's store", () => {
  it("reads the index", () => {
    expect(store.ids[29]).toBe("image 29");
    expect(store.position("image 7")).toBe(7);
    expect(store.position("none")).toBe(-1);
    expect(store.order.length).toBe(30);
    expect(store.aspect(3)).toBe(1);
  });

  it("fetches what is on screen in batches, never more than two at a time", async () => {
    store.want(range(0, 30));
    expect(kernel.sent.slice(1).map((sent) => sent.positions.length)).toEqual([12, 12]);
    await kernel.thumbnails(1, 1);
    expect(kernel.sent[3].positions).toEqual(range(24, 30));
    expect(refreshed).toEqual(range(0, 12));
    const thumbnail = store.thumbnails.get(3);
    expect(thumbnail?.cam?.grid[0]).toBe(3);
    expect(thumbnail?.boxes[0]).toMatchObject({ objectClass: "Tree", importance: null, strong: true });
    expect(store.thumbnails.get(2)?.boxes[0].strong).toBe(false);
  });

  it("drops what has been scrolled past before it was asked for", async () => {
    store.want(range(0, 30));
    store.want([28, 29]);
    await kernel.thumbnails(1, 1);
    expect(kernel.sent[3].positions).toEqual([28, 29]);
    await kernel.thumbnails(2, 1);
    await kernel.thumbnails(3, 1);
    expect(kernel.sent.length).toBe(4);
  });

  it("fetches only overlays again after another filter, and ignores orders that come late", async () => {
    store.want([5, 6]);
    await kernel.thumbnails(1, 1);
    const [order, positions] = kernel.order(3, [6, 5]);
    kernel.say({ kind: "order", ...order }, [positions]);
    kernel.say({ kind: "order", ...kernel.order(2, [1])[0] }, [view([1], Int32Array)]);
    expect(Array.from(store.order)).toEqual([6, 5]);
    store.want([6, 5]);
    expect(kernel.sent[2]).toMatchObject({ positions: [6, 5], pictures: false });
    await kernel.thumbnails(2, 3);
    expect(store.thumbnails.get(6)).toMatchObject({ revision: 3, reason: null });
    expect(store.thumbnails.get(6)?.picture).not.toBeNull();
    store.want([6, 5]);
    expect(kernel.sent.length).toBe(3);
  });

  it("says at each place that could not be loaded", async () => {
    store.want([1]);
    kernel.say({ kind: "error", id: kernel.sent[1].id, sentence: "gone" });
    await turnOfEvents();
    expect(store.thumbnails.get(1)?.reason).toBe("It could not be loaded.");
    expect(refreshed).toEqual([1]);
  });
});

describe("boxes", () => {
  it("are read in rows of eight", () => {
    const [first, second] = readBoxes(Float32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0.5, 0.25, 1, 1), 0, 2, ["Person", "Tree"]);
    expect(first.strong).toBe(false);
    expect(second).toMatchObject({ x0: 1, y0: 2, x1: 3, y1: 4, confidence: 0.5, importance: 0.25, objectClass: "Tree", strong: true });
  });
});
