import { expect, it, vi } from "vitest";
import { Disposer, h, watchScreen } from "./dom";
import { setTraits } from "./model";
import { TestModel } from "./testModel";

it("makes elements with attributes and children, and leaves out what is not there", () => {
  const el = h("button", { class: "a", disabled: true, title: null, "data-n": 0 }, "Go ", 3, null, h("i", {}, "!"));
  expect(el.outerHTML).toBe('<button class="a" disabled="" data-n="0">Go 3<i>!</i></button>');
});

it("undoes everything once, the last first", () => {
  const disposer = new Disposer();
  const model = new TestModel({ x: 1 });
  const button = h("button");
  const heard = vi.fn();
  const order: number[] = [];
  disposer.listen(button, "click", heard);
  disposer.watch(model, ["x", "y"], heard);
  disposer.add(() => order.push(1));
  disposer.add(() => order.push(2));
  button.click();
  model.set("x", 2);
  expect(heard).toHaveBeenCalledTimes(2);
  disposer.dispose();
  disposer.dispose();
  button.click();
  model.set("x", 3);
  expect(heard).toHaveBeenCalledTimes(2);
  expect(model.listening).toBe(0);
  expect(order).toEqual([2, 1]);
});

it("cleans up at once what comes after the end", () => {
  const disposer = new Disposer();
  disposer.dispose();
  const late = vi.fn();
  disposer.add(late);
  expect(late).toHaveBeenCalledOnce();
});

it("saves traits only where they change", () => {
  const model = new TestModel({ cell: ["Food", "Craving"], threshold: 0.3 });
  setTraits(model, { cell: ["Food", "Craving"] });
  expect(model.saved).toEqual([]);
  setTraits(model, { cell: null, threshold: 0.3 });
  expect(model.saved).toEqual([{ cell: null }]);
});

it("tells each time the window comes to a finer or coarser screen, until it is stopped", () => {
  const queries: { media: string; target: EventTarget }[] = [];
  vi.stubGlobal("matchMedia", (media: string) => {
    const target = new EventTarget();
    queries.push({ media, target });
    return target;
  });
  const comesTo = (ratio: number): void => {
    vi.stubGlobal("devicePixelRatio", ratio);
    queries[queries.length - 1].target.dispatchEvent(new Event("change"));
  };
  const heard = vi.fn();
  vi.stubGlobal("devicePixelRatio", 1);
  const stop = watchScreen(heard);
  comesTo(2);
  comesTo(1.5);
  expect(queries.map(({ media }) => media)).toEqual(["(resolution: 1dppx)", "(resolution: 2dppx)", "(resolution: 1.5dppx)"]);
  queries[0].target.dispatchEvent(new Event("change"));
  expect(heard).toHaveBeenCalledTimes(2);
  stop();
  comesTo(3);
  expect(heard).toHaveBeenCalledTimes(2);
  vi.unstubAllGlobals();
});
