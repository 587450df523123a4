import { describe, expect, it, vi } from "vitest";
import { Disposer } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import type { Model } from "../shared/model";
import { Rpc } from "../shared/rpc";
import { place } from "./placement";
import { type Answer, Predictor } from "./predictor";

interface Sent {
  kind: string;
  id: number;
  seq: number;
  placements: { x: number }[];
}

/** The kernel's end of the line: keeps what was sent and answers when told to. */
class Kernel {
  sent: Sent[] = [];
  private listener: (content: unknown, buffers: DataView[]) => void = () => undefined;
  readonly model = {
    send: (content: unknown) => this.sent.push(content as Sent),
    on: (_event: string, callback: (...args: never[]) => void) => (this.listener = callback as never),
    off: () => undefined,
  } as unknown as Model;

  answer(which: number, scene = 1): void {
    const { kind, id, seq } = this.sent[which];
    this.listener({ kind, id, seq, scene, cam: null }, [new DataView(Float32Array.of(which, 1 - which).buffer)]);
  }

  fail(which: number): void {
    this.listener({ kind: "error", id: this.sent[which].id, sentence: "no" }, []);
  }
}

const image = { width: 100, height: 100 };
const at = (x: number) => [place("ball", { x, y: 50 }, image)];
const turnOfEvents = () => new Promise((resolve) => setTimeout(resolve, 0));

function setUp() {
  const kernel = new Kernel();
  const disposer = new Disposer();
  const answers: Answer[] = [];
  const slow: boolean[] = [];
  const predictor = new Predictor(new Rpc(kernel.model, disposer, new ErrorBar()), disposer, (answer) => answers.push(answer), (is) => slow.push(is));
  predictor.setScene(1);
  return { kernel, answers, predictor, slow };
}

describe("the predictor", () => {
  it("has one question under way and asks the last position, whatever came between", async () => {
    const { kernel, answers, predictor } = setUp();
    for (const x of [10, 20, 30, 40]) predictor.ask(at(x), false);
    expect(kernel.sent.length).toBe(1);
    expect(kernel.sent[0].placements[0].x).toBe(0.1);
    kernel.answer(0);
    await turnOfEvents();
    expect(answers[0].settled).toBe(false);
    expect(predictor.settled).toBe(false);
    expect(kernel.sent.length).toBe(2);
    expect(kernel.sent[1].placements[0].x).toBe(0.4);
    kernel.answer(1);
    await turnOfEvents();
    expect(answers[1].settled).toBe(true);
    expect(answers[1].placements[0].x).toBe(0.4);
    expect(predictor.settled).toBe(true);
    expect(kernel.sent.length).toBe(2);
  });

  it("asks the last position after an error, too", async () => {
    const { kernel, answers, predictor } = setUp();
    predictor.ask(at(10), false);
    predictor.ask(at(60), false);
    kernel.fail(0);
    await turnOfEvents();
    expect(kernel.sent.map((sent) => sent.placements[0].x)).toEqual([0.1, 0.6]);
    kernel.answer(1);
    await turnOfEvents();
    expect(answers.map((answer) => answer.settled)).toEqual([true]);
  });

  it("drops what was said of an earlier image", async () => {
    const { kernel, answers, predictor } = setUp();
    predictor.ask(at(10), false);
    predictor.setScene(2);
    predictor.ask(at(20), false);
    kernel.answer(0, 1);
    await turnOfEvents();
    expect(answers).toEqual([]);
    kernel.answer(1, 2);
    await turnOfEvents();
    expect(answers.length).toBe(1);
  });

  it("says so when an answer takes long, and that it is over", () => {
    vi.useFakeTimers();
    const { kernel, predictor, slow } = setUp();
    predictor.ask(at(10), false);
    vi.advanceTimersByTime(1600);
    expect(slow).toEqual([true]);
    kernel.answer(0);
    vi.useRealTimers();
    return turnOfEvents().then(() => expect(slow).toEqual([true, false]));
  });
});
