import { beforeEach, describe, expect, it, vi } from "vitest";
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

describe("a line that was lost and is back", () => {
  let status: string;
  let slots: (() => void)[];
  const real = { _pending_msgs: 1, _handle_status: vi.fn() };
  const become = (next: string): void => {
    status = next;
    slots.forEach((slot) => slot());
  };

  beforeEach(() => {
    [status, slots] = ["connected", []];
    const signal = { connect: (slot: () => void) => slots.push(slot), disconnect: () => (slots = []) };
    const kernel = { get connectionStatus() { return status; }, connectionStatusChanged: signal };
    model = Object.assign(new TestModel(), { widget_manager: { kernel, get_model: (id: string) => Promise.resolve((id === "me" ? real : {}) as never) } });
    rpc = new Rpc(model, disposer, errors);
    real._handle_status.mockClear();
  });

  it("hears how things stand, asks again what may be lost, and lets the model send again", async () => {
    const before = rpc.request("double");
    const once = rpc.request("undo", {}, [], { once: true }).catch((problem: unknown) => problem);
    become("connecting");
    const meanwhile = rpc.request("triple"); // kept by the host until the line is back
    become("connected");
    expect(model.sent.map((each) => each.kind)).toEqual(["double", "undo", "triple", "present"]);
    await model.answer(3, { model: "me" });
    expect(real._handle_status).toHaveBeenCalledOnce();
    expect(model.sent.map((each) => each.kind)).toEqual(["double", "undo", "triple", "present", "double"]);
    expect(model.sent[4].id).toBe(model.sent[0].id);
    expect(await once).toBeInstanceOf(RpcError);
    expect(errors.el.textContent).toContain("look whether it was done");
    await model.answer(4, { n: 2 });
    await model.answer(2, { n: 3 });
    expect([(await before).content.n, (await meanwhile).content.n]).toEqual([2, 3]);
  });

  it("asks nothing twice that was answered by then", async () => {
    const before = rpc.request("double");
    become("connecting");
    become("connected");
    await model.answer(0, { n: 2 }); // the server had kept it
    await model.answer(1, { model: "other" });
    expect((await before).content.n).toBe(2);
    expect(model.sent).toHaveLength(2);
    expect(real._handle_status).not.toHaveBeenCalled();
  });

  it("is not followed when the widget has gone", () => {
    disposer.dispose();
    expect(slots).toEqual([]);
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
