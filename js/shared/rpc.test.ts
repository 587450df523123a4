import { beforeEach, describe, expect, it } from "vitest";
import { Disposer } from "./dom";
import { ErrorBar } from "./errors";
import { floats, Rpc, RpcError } from "./rpc";
import { TestModel } from "./testModel";

let model: TestModel;
let disposer: Disposer;
let errors: ErrorBar;
let rpc: Rpc;

beforeEach(() => {
  model = new TestModel();
  disposer = new Disposer();
  errors = new ErrorBar();
  rpc = new Rpc(model, disposer, errors);
});

describe("request", () => {
  it("gets the answer with its own id and no other", async () => {
    const first = rpc.request<{ n: number }>("double", { n: 1 });
    const second = rpc.request<{ n: number }>("double", { n: 2 });
    await model.answer(1, { n: 4 });
    await model.answer(0, { n: 2 });
    expect((await first).content.n).toBe(2);
    expect((await second).content.n).toBe(4);
  });

  it("rejects with the sentence and shows it", async () => {
    const asked = rpc.request("double");
    const caught = asked.catch((problem: unknown) => problem);
    await model.answer(0, { kind: "error", sentence: "Twice is too much.", details: "Traceback" });
    expect(await caught).toBeInstanceOf(RpcError);
    expect(errors.el.hidden).toBe(false);
    expect(errors.el.textContent).toContain("Twice is too much.");
    expect(errors.el.querySelector("details")?.textContent).toContain("Traceback");
  });

  it("says so where the host refuses to send", async () => {
    model.send = () => {
      throw new Error("Cannot send");
    };
    await expect(rpc.request("double")).rejects.toBeInstanceOf(RpcError);
    expect(errors.el.textContent).toContain("Not connected to the kernel.");
  });

  it("leaves errors of another view's question to that view", () => {
    model.emit("msg:custom", { kind: "error", id: 5, sentence: "Not mine." }, []);
    expect(errors.el.hidden).toBe(true);
    model.emit("msg:custom", { kind: "error", id: null, sentence: "For all." }, []);
    expect(errors.el.textContent).toContain("For all.");
  });
});

describe("latest", () => {
  it("has one question under way and sends the newest of those that came meanwhile", async () => {
    const answered: [unknown, boolean][] = [];
    const ask = rpc.latest("predict", (_reply, asked, isLast) => answered.push([asked.x, isLast]));
    for (const x of [1, 2, 3, 4]) ask({ x });
    expect(model.sent.map((m) => m.x)).toEqual([1]);
    await model.answer(0);
    expect(model.sent.map((m) => m.x)).toEqual([1, 4]);
    await model.answer(1);
    expect(model.sent).toHaveLength(2);
    expect(answered).toEqual([
      [1, false],
      [4, true],
    ]);
  });

  it("shows what is known early, and sends the next when the whole is there", async () => {
    const answered: [unknown, unknown, boolean][] = [];
    const ask = rpc.latest<{ early?: boolean }>("predict", (reply, asked, isLast) => answered.push([asked.x, reply.content.early, isLast]));
    ask({ x: 1 });
    ask({ x: 2 });
    await model.answer(0, { early: true });
    expect(model.sent).toHaveLength(1);
    await model.answer(0);
    expect(model.sent.map((m) => m.x)).toEqual([1, 2]);
    await model.answer(1);
    expect(answered).toEqual([
      [1, true, false],
      [1, undefined, false],
      [2, undefined, true],
    ]);
  });

  it("asks for where the hand is when the question that waited is sent", async () => {
    let now = 1;
    const ask: (content: Record<string, unknown>) => void = rpc.latest("predict", () => undefined, () => {
      if (now > 1) ask({ x: now });
    });
    ask({ x: 1 });
    ask({ x: 2 });
    now = 3;
    await model.answer(0);
    expect(model.sent.map((m) => m.x)).toEqual([1, 3]);
    now = 0;
    await model.answer(1);
    expect(model.sent).toHaveLength(2);
  });

  it("goes on after an error", async () => {
    const answered: unknown[] = [];
    const ask = rpc.latest("predict", (_reply, asked) => answered.push(asked.x));
    ask({ x: 1 });
    ask({ x: 2 });
    await model.answer(0, { kind: "error", sentence: "No." });
    await model.answer(1);
    expect(answered).toEqual([2]);
  });
});

it("stops listening when the widget goes", () => {
  expect(model.listening).toBe(1);
  disposer.dispose();
  expect(model.listening).toBe(0);
});

it("reads floats wherever they lie in a buffer", () => {
  const bytes = new Uint8Array(13);
  bytes.set(new Uint8Array(new Float32Array([1.5, -2, 0.25]).buffer), 1);
  expect([...floats(new DataView(bytes.buffer, 1, 12))]).toEqual([1.5, -2, 0.25]);
});
