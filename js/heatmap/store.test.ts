import { beforeEach, expect, it, vi } from "vitest";
import { Disposer } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { TestModel } from "../shared/testModel";
import { SETTING_NAMES, type Settings } from "./protocol";
import { Store } from "./store";

const SETTINGS: Settings = {
  method: "grad-cam", score: "mean", threshold: 0.3, min_confidence: 0.1, by: "prediction", roll_up: false, top: 25, order: "mean", compare: null,
};
const ints = (...values: number[]): DataView => new DataView(new Int32Array(values).buffer);
const BUFFERS = [ints(1, 0), ints(0), ints(10), ints(4, 5), ints(4, 6)];

let model: TestModel;
let disposer: Disposer;

/** Python's answer to the last question. */
async function answer(settings: Partial<Settings> = {}, names = true, at = model.sent.length - 1): Promise<void> {
  const { kind, id } = model.sent[at];
  const known = names ? { classes: ["Food", "Plant"], labels: ["Joy"] } : {};
  const content = { settings: { ...SETTINGS, ...settings }, names: 0, limit: 1, default_threshold: 0.3, compared: null, ...known };
  model.emit("msg:custom", { kind, id, ...content }, BUFFERS);
  await new Promise((resolve) => setTimeout(resolve));
}

beforeEach(() => {
  model = new TestModel({ ...SETTINGS, marks: false, features: ["settings", "view", "search", "marks", "try"] });
  disposer = new Disposer();
  return () => disposer.dispose();
});

it("asks once for all that share a model, and gets the names once", async () => {
  const store = Store.of(model, disposer, new ErrorBar());
  expect(Store.of(model, disposer, new ErrorBar())).toBe(store);
  expect(model.sent).toHaveLength(1);
  await answer();
  expect(store.raw!.classes).toEqual(["Plant", "Food"]);
  store.change({ top: 10 });
  expect(model.sent[1]).toMatchObject({ kind: "matrix", names: 0, settings: { top: 10 } });
  await answer({ top: 10 }, false);
  expect(store.raw!.classes).toEqual(["Plant", "Food"]);
  expect(store.settings.top).toBe(10);
});

it("has one question under way, and then asks for the newest threshold only, with every other change", async () => {
  const store = Store.of(model, disposer, new ErrorBar());
  await answer();
  const told = vi.fn();
  store.on(disposer, told);
  store.change({ threshold: 0.4 }, true);
  store.change({ by: "annotation" });
  for (const threshold of [0.5, 0.6, 0.7]) store.change({ threshold }, true);
  expect(model.sent).toHaveLength(2);
  await answer({ threshold: 0.4 }, false);
  expect(model.sent).toHaveLength(3);
  expect(model.sent[2].settings).toEqual({ by: "annotation", threshold: 0.7 });
  expect([model.sent[1].tell, model.sent[2].tell]).toEqual([true, false]); // others hear of every few steps, and of the last
  await answer({ threshold: 0.7, by: "annotation" }, false);
  expect(told.mock.calls.filter(([what]) => what === "matrix")).toHaveLength(2);
  expect(store.settled).toBe(false); // the slider is still held
  store.change({ threshold: 0.7 });
  await answer({ threshold: 0.7, by: "annotation" }, false);
  expect(store.settled).toBe(true);
  expect(model.sent).toHaveLength(4);
  expect(model.sent[3]).toMatchObject({ tell: true, settings: { threshold: 0.7 } });
});

it("tells of a change at once that what is shown is not the newest any more", async () => {
  const store = Store.of(model, disposer, new ErrorBar());
  await answer();
  const told: [string, boolean][] = [];
  store.on(disposer, (what) => told.push([what, store.settled]));
  store.change({ order: "alphabet" });
  expect(told).toEqual([["asked", false]]);
  await answer({ order: "alphabet" }, false);
  expect(told[1]).toEqual(["matrix", true]);
});

it("asks again when somebody else changes a setting, not when Python tells what was asked for", async () => {
  const store = Store.of(model, disposer, new ErrorBar());
  await answer();
  store.change({ threshold: 0.5 });
  await answer({ threshold: 0.5 }, false);
  model.set("threshold", 0.5);
  expect(model.sent).toHaveLength(2);
  model.set("threshold", 0.8);
  expect(model.sent).toHaveLength(3);
  expect(model.sent[2].settings).toEqual({});
});

it("asks again where Python answered before it had heard of a setting changed in the browser, but not for ever", async () => {
  const store = Store.of(model, disposer, new ErrorBar());
  await answer();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const flush = async (): Promise<void> => void (await vi.advanceTimersByTimeAsync(300));
  model.set("threshold", 0.8);
  void answer({}, false); // still 0.3
  await flush();
  expect(model.sent).toHaveLength(3);
  void answer({ threshold: 0.8 }, false);
  await flush();
  expect(store.settings.threshold).toBe(0.8);
  expect(model.sent).toHaveLength(3);
  model.set("threshold", 7); // which Python refuses
  for (let i = 0; i < 5; i++) {
    void answer({ threshold: 0.8 }, false);
    await flush();
  }
  expect(model.sent).toHaveLength(6);
  vi.useRealTimers();
});

it("asks for marks when it has come to rest, and drops those of older numbers", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const flush = async (): Promise<void> => void (await vi.advanceTimersByTimeAsync(200));
  model.set("marks", true);
  const store = Store.of(model, disposer, new ErrorBar());
  const first = answer();
  await flush();
  await first;
  expect(model.sent[1]).toMatchObject({ kind: "marks" });
  store.change({ threshold: 0.5 });
  const second = answer({ threshold: 0.5 }, false);
  await flush();
  await second;
  const { id } = model.sent[1];
  const stale = [new DataView(new Int8Array([1, -1]).buffer), new DataView(new Float32Array([0.01, 0.02]).buffer)];
  model.emit("msg:custom", { kind: "marks", id, rate: 0.05 }, stale);
  await flush();
  expect(store.marks).toBeNull();
  const last = model.sent.filter((each) => each.kind === "marks" && each.id !== id)[0];
  model.emit("msg:custom", { kind: "marks", id: last.id, rate: 0.05 }, stale);
  await flush();
  expect([...store.marks!.sign]).toEqual([1, -1]);
  vi.useRealTimers();
});

it("removes every listener with the last that wanted it", () => {
  const other = new Disposer();
  Store.of(model, disposer, new ErrorBar());
  Store.of(model, other, new ErrorBar());
  disposer.dispose();
  expect(model.listening).toBe(SETTING_NAMES.length + 3);
  other.dispose();
  expect(model.listening).toBe(0);
});
