import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Disposer, h } from "./dom";
import { ErrorBar } from "./errors";
import { Rpc } from "./rpc";
import { SceneLoader, type SceneReply } from "./scene";
import { TestModel } from "./testModel";

const closed: string[] = [];
let model: TestModel;
let disposer: Disposer;
let loader: SceneLoader<SceneReply>;
let root: HTMLElement;
const reply = (scene: number, name: string) => ({ scene, problem: null, synthetic: false, name, width: 4, height: 3 });

/** Python's answer, with a picture. */
async function answer(index: number, scene: number, name: string): Promise<void> {
  const { kind, id } = model.sent[index];
  model.emit("msg:custom", { kind, id, ...reply(scene, name) }, [new DataView(new TextEncoder().encode(name).buffer)]);
  await new Promise((resolve) => setTimeout(resolve));
}

beforeEach(() => {
  closed.length = 0;
  vi.stubGlobal("createImageBitmap", async (blob: Blob) => {
    const name = await blob.text();
    return { close: () => closed.push(name) };
  });
  model = new TestModel();
  disposer = new Disposer();
  root = h("div");
  loader = new SceneLoader(new Rpc(model, disposer, new ErrorBar()), root, disposer);
});
afterEach(() => void vi.unstubAllGlobals());

it("takes over the newest image only, and lets go of the pictures of the others", async () => {
  const first = loader.load();
  const second = loader.load();
  expect(root.dataset.ready).toBe("false");
  await answer(1, 2, "b");
  const loaded = await second;
  expect([loaded?.stale(), loader.scene?.name]).toEqual([false, "b"]);
  await answer(0, 1, "a");
  expect(await first).toBeNull();
  expect([loader.scene?.name, ...closed]).toEqual(["b", "a"]);
  const third = loader.load();
  expect(loaded?.stale()).toBe(true);
  await answer(2, 3, "c");
  await third;
  expect(closed).toEqual(["a", "b"]);
  disposer.dispose();
  expect(closed).toEqual(["a", "b", "c"]);
});

it("shows nothing of an image before what belongs to it is known", async () => {
  let know: ((value: number) => void) | undefined;
  const loading = loader.load(() => new Promise<number>((resolve) => (know = resolve)));
  await answer(0, 1, "a");
  await vi.waitFor(() => expect(know).toBeDefined());
  expect(loader.scene).toBeNull();
  know!(7);
  expect((await loading)?.also).toBe(7);
  expect(loader.scene?.name).toBe("a");
});

it("is too late when the widget has gone", async () => {
  const loading = loader.load();
  const answered = answer(0, 1, "a");
  disposer.dispose();
  await answered;
  expect([await loading, loader.scene, loader.picture, ...closed]).toEqual([null, null, null, "a"]);
});
