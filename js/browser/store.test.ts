import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Disposer } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { tellLive } from "../shared/live";
import type { Model } from "../shared/model";
import { Rpc } from "../shared/rpc";
import { NO_CONDITIONS, readBoxes } from "./protocol";
import { BrowserStore } from "./store";
import { CACHE_BYTES } from "./thumbnails";

interface Sent {
  kind: string;
  id: number;
  positions: number[];
  pictures: boolean;
  requests?: number[];
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
    const order = { ...NO_CONDITIONS, revision, count: positions.length, total: 30, images: 30, only_images_caption: "", by: "prediction" };
    return [order, view(positions, Int32Array)] as const;
  }

  async index(): Promise<void> {
    const [order, positions] = this.order(1, Array.from({ length: 30 }, (_, i) => i));
    const ids = Array.from({ length: 30 }, (_, i) => `image ${i}`).join("\0");
    const content = { kind: "index", id: this.sent[0].id, order, labels: ["Joy"], classes: ["Person", "Tree"], annotation_names: ["Joy", "Awe"], methods: [], synthetic: true, failures: 0, given: { "image 2": "Awe" }, undo: 0 };
    const each = (value: number) => view(new Array(30).fill(value), Int32Array);
    this.say(content, [positions, text(ids), view(new Array(60).fill(100), Int32Array), each(0), each(-1), view(new Array(30).fill(0.5))]);
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

let side = 10;
let closed = 0;
let kernel: Kernel;
let store: BrowserStore;
let refreshed: number[];
let orders: boolean[];
let annotated: number[];

beforeEach(async () => {
  vi.stubGlobal("createImageBitmap", () => Promise.resolve({ width: side, height: side, close: () => closed++ }));
  kernel = new Kernel();
  refreshed = [];
  orders = [];
  annotated = [];
  side = 10;
  closed = 0;
  const disposer = new Disposer();
  const rpc = new Rpc(kernel.model, disposer, new ErrorBar());
  store = new BrowserStore(rpc, kernel.model, disposer, {
    order: (same) => orders.push(same),
    thumbnails: (positions) => refreshed.push(...positions),
    annotated: (positions) => annotated.push(...positions),
  });
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

  it("fetches what is on screen in small batches, two pictures first, never more than four batches at a time", async () => {
    store.thumbnails.want(range(0, 30));
    expect(kernel.sent.slice(1).map((sent) => sent.positions.length)).toEqual([2, 8, 8, 8]);
    await kernel.thumbnails(2, 1);
    expect(kernel.sent[5].positions).toEqual(range(26, 30));
    expect(refreshed).toEqual(range(2, 10));
    const thumbnail = store.thumbnails.get(3);
    expect(thumbnail?.cam?.grid[0]).toBe(3);
    expect(thumbnail?.boxes[0]).toMatchObject({ objectClass: "Tree", importance: null, strong: true });
    expect(store.thumbnails.get(2)?.boxes[0].strong).toBe(false);
  });

  it("gives up what has been scrolled past, and asks for what is in sight at once", async () => {
    store.thumbnails.want(range(0, 20));
    const batches = kernel.sent.slice(1);
    expect(batches.map(({ positions }) => positions.length)).toEqual([2, 8, 8, 2]);
    store.thumbnails.want([19, 28, 29]);
    const [giveUp, next] = kernel.sent.slice(5);
    expect(giveUp).toMatchObject({ kind: "give_up", requests: batches.slice(0, 3).map(({ id }) => id) });
    expect(next.positions).toEqual([28, 29]);
    kernel.say({ kind: "thumbnails", id: batches[0].id, revision: 1, items: [] }, [view([]), view([])]);
    await turnOfEvents();
    expect(store.thumbnails.get(0)).toBeUndefined();
    store.thumbnails.want([0, 28]);
    expect(kernel.sent[kernel.sent.length - 1]).toMatchObject({ kind: "thumbnails", positions: [0] });
  });

  it("asks again for overlays that were not ready when the picture was", async () => {
    store.thumbnails.want([4]);
    const { id } = kernel.sent[1];
    kernel.say({ kind: "thumbnails", id, revision: -1, items: [{ position: 4, boxes: 0, cam: null }] }, [view([]), view([]), text("jpeg")]);
    await turnOfEvents();
    expect(store.thumbnails.get(4)?.picture).not.toBeNull();
    expect(kernel.sent[2]).toMatchObject({ kind: "thumbnails", positions: [4], pictures: false });
  });

  it("keeps no more bytes than it may, but everything that is in sight", async () => {
    side = Math.ceil(Math.sqrt(CACHE_BYTES / 4 / 8));
    let answered = 1;
    const show = async (positions: number[]): Promise<void> => {
      store.thumbnails.want(positions);
      for (; answered < kernel.sent.length; answered++) await kernel.thumbnails(answered, 1);
    };
    for (const from of [0, 6, 12]) await show(range(from, from + 6));
    expect(store.thumbnails.bytes).toBeLessThanOrEqual(CACHE_BYTES);
    expect(closed).toBe(18 - store.thumbnails.size);
    for (const position of range(12, 18)) expect(store.thumbnails.get(position)?.picture).not.toBeNull();
    await show(range(18, 30));
    expect(store.thumbnails.size).toBe(12);
  });

  it("takes over labels that were given, and says which images", () => {
    expect(store.given.get(2)).toBe("Awe");
    kernel.say({ kind: "annotated", given: { "image 4": "Own label", "image 2": null }, annotations: ["Own label", null], undo: 3 }, [view([4, 2], Int32Array)]);
    expect([...store.given]).toEqual([[4, "Own label"]]);
    expect([store.annotation(4), store.annotation(2), store.undo]).toEqual(["Own label", null, 3]);
    expect(annotated).toEqual([4, 2]);
    expect(store.annotationsInUse()).toEqual(["Own label"]);
  });

  it("says when an order is the same as before, so that nothing moves", () => {
    const [order, positions] = kernel.order(2, range(0, 30));
    kernel.say({ kind: "order", ...order }, [positions]);
    expect(orders).toEqual([false, true]);
  });

  it("fetches only overlays again after another filter, and ignores orders that come late", async () => {
    store.thumbnails.want([5, 6]);
    await kernel.thumbnails(1, 1);
    const [order, positions] = kernel.order(3, [6, 5]);
    kernel.say({ kind: "order", ...order }, [positions]);
    kernel.say({ kind: "order", ...kernel.order(2, [1])[0] }, [view([1], Int32Array)]);
    expect(Array.from(store.order)).toEqual([6, 5]);
    store.thumbnails.want([6, 5]);
    expect(kernel.sent[2]).toMatchObject({ positions: [6, 5], pictures: false });
    await kernel.thumbnails(2, 3);
    expect(store.thumbnails.get(6)).toMatchObject({ revision: 3, reason: null });
    expect(store.thumbnails.get(6)?.picture).not.toBeNull();
    store.thumbnails.want([6, 5]);
    expect(kernel.sent.length).toBe(3);
  });

  it("keeps a picture whose overlays could not be loaded, and does not ask for ever", async () => {
    store.thumbnails.want([1]);
    kernel.say({ kind: "thumbnails", id: kernel.sent[1].id, revision: -1, items: [{ position: 1, boxes: 0, cam: null }] }, [view([]), view([]), text("jpeg")]);
    await turnOfEvents();
    kernel.say({ kind: "error", id: kernel.sent[2].id, sentence: "damaged" });
    await turnOfEvents();
    expect(store.thumbnails.get(1)).toMatchObject({ reason: null, revision: 1 });
    expect(store.thumbnails.get(1)?.picture).not.toBeNull();
    expect(kernel.sent.length).toBe(3);
  });

  it("says at each place that could not be loaded", async () => {
    store.thumbnails.want([1]);
    kernel.say({ kind: "error", id: kernel.sent[1].id, sentence: "gone" });
    await turnOfEvents();
    expect(store.thumbnails.get(1)?.reason).toBe("It could not be loaded.");
    expect(refreshed).toEqual([1]);
  });

  it("asks again for what failed when Python is there again, and for one that its user presses", async () => {
    store.thumbnails.want([1, 2]);
    kernel.say({ kind: "error", id: kernel.sent[1].id, sentence: "gone" });
    await turnOfEvents();
    tellLive();
    expect(kernel.sent[2]).toMatchObject({ kind: "thumbnails", positions: [1, 2], pictures: true });
    expect(store.thumbnails.get(1)).toBeUndefined();
    const items = [1, 2].map((position) => ({ position, boxes: 0, cam: null, ...(position === 2 ? { reason: "the file is empty" } : {}) }));
    kernel.say({ kind: "thumbnails", id: kernel.sent[2].id, revision: 1, items }, [view([]), view([]), text("jpeg"), text("")]);
    await turnOfEvents();
    tellLive(); // why image 2 has no picture is known: nothing has changed for it
    store.thumbnails.again(1);
    expect(kernel.sent.length).toBe(3);
    store.thumbnails.again(2);
    expect(kernel.sent[3]).toMatchObject({ positions: [2], pictures: true });
  });
});

describe("boxes", () => {
  it("are read in rows of eight", () => {
    const [first, second] = readBoxes(Float32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0.5, 0.25, 1, 1), 0, 2, ["Person", "Tree"]);
    expect(first.strong).toBe(false);
    expect(second).toMatchObject({ x0: 1, y0: 2, x1: 3, y1: 4, confidence: 0.5, importance: 0.25, objectClass: "Tree", strong: true });
  });
});
