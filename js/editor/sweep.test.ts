import { expect, it } from "vitest";
import { Disposer, h } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { Rpc } from "../shared/rpc";
import { TestModel } from "../shared/testModel";
import { place } from "./placement";
import { Scene } from "./scene";
import type { Stage } from "./stage";
import { Sweep } from "./sweep";

const LABELS = ["Joy", "Awe"];
const turn = () => new Promise((resolve) => setTimeout(resolve));

/** Two views of one model: what Python says is heard by both. */
function views(count: number) {
  const model = new TestModel();
  const made = Array.from({ length: count }, () => {
    const disposer = new Disposer();
    const scene = new Scene({ changed: () => undefined, committed: () => undefined, selected: () => undefined, edited: () => undefined });
    const stage = { canvas: { element: h("div"), redraw: () => undefined }, map: null } as unknown as Stage;
    const sweep = new Sweep(model, new Rpc(model, disposer, new ErrorBar()), scene, stage, () => new Float32Array([0.6, 0.4]), h("div"), disposer);
    const ball = place("ball", { x: 50, y: 50 }, { width: 100, height: 100 });
    scene.reset(null, { width: 100, height: 100 }, [{ ...ball, hidden: true }, ball], []);
    sweep.setLabels(LABELS);
    sweep.enable(true);
    const get = (testId: string): HTMLButtonElement => sweep.el.querySelector(`[data-testid="${testId}"]`)!;
    return { scene, stage, sweep, disposer, get };
  });
  return { model, views: made };
}

const say = async (model: TestModel, content: Record<string, unknown>, values: number[] = []): Promise<void> => {
  model.emit("msg:custom", { kind: "sweep", ...content }, [new DataView(Float32Array.from(values).buffer)]);
  await turn();
};
const sent = (model: TestModel, which: string): Record<string, unknown>[] => model.sent.filter((each) => which in each);

it("shows another view's sweep as it comes, and each view can stop it or take it away", async () => {
  const { model, views: [first, second] } = views(2);
  first.scene.select(1);
  first.sweep.update();
  first.sweep.el.querySelector<HTMLSelectElement>('[data-testid="sweep-grid"]')!.value = "0";
  first.get("sweep-go").click();
  const { id, run, index } = sent(model, "start")[0];
  expect(index).toBe(0); // of the things that are not hidden
  await say(model, { id, run, order: Array.from({ length: 24 }, (_, i) => i), columns: 6, rows: 4, index, cells: [], running: true });
  const [asked] = sent(model, "cells");
  expect(asked.cells).toEqual([0, 1, 2, 3]);
  await say(model, { id: asked.id, run, cells: [0, 1, 2, 3] }, [0.5, 0.5, 0.9, 0.1, 0.2, 0.8, 0.5, 0.5]);
  for (const view of [first, second]) {
    expect(view.get("sweep-progress").textContent).toContain("4 of 24 places…");
    expect(view.get("sweep-best").textContent).toBe("Highest: 90.0 %");
    expect(view.stage.map).toBe(view.sweep);
  }
  second.get("sweep-go").click();
  const [stop] = sent(model, "stop");
  expect(stop.run).toBe(run);
  await say(model, { id: stop.id, run, stopped: true });
  expect(first.get("sweep-progress").textContent).toContain("4 of 24 places, stopped.");
  first.get("sweep-clear").click();
  await say(model, { id: sent(model, "clear")[0].id, run, cleared: true });
  expect([first.stage.map, second.stage.map]).toEqual([null, null]);
});

it("asks for the map that is there when it comes, also for one of Python's own, and leaves one that its scene does not fit", async () => {
  const { model, views: [late] } = views(1);
  const [{ id }] = sent(model, "show");
  await say(model, { id, run: -1, columns: 2, rows: 1, index: 0, cells: [0, 1], running: false }, [0.3, 0.7, 0.6, 0.4]);
  expect(late.get("sweep-progress").textContent).toContain("2 places.");
  expect(late.get("sweep-go").textContent).not.toBe("Stop");
  await say(model, { run: -2, columns: 2, rows: 1, index: 5, cells: [], running: false });
  expect(late.get("sweep-best").textContent).toBe("Highest: 60.0 %");
});

it("says why it could not go on, and tells Python to stop when its view goes", async () => {
  const { model, views: [view] } = views(1);
  view.scene.select(1);
  view.sweep.update();
  view.get("sweep-go").click();
  await say(model, { kind: "error", id: sent(model, "start")[0].id, sentence: "Out of memory." });
  expect(view.get("sweep-progress").textContent).toContain("Out of memory.");
  view.get("sweep-go").click();
  const { run } = sent(model, "start")[1];
  view.disposer.dispose();
  expect(sent(model, "stop").at(-1)).toMatchObject({ run, stop: true });
});
