import { expect, it, vi } from "vitest";
import { Disposer } from "../shared/dom";
import { divider, type SplitOptions } from "./split";

function made(changes: Partial<SplitOptions> = {}) {
  const disposer = new Disposer();
  let size = 400;
  const fold = vi.fn();
  const el = divider(disposer, {
    name: "Divider",
    testId: "divider",
    axis: () => "x",
    after: () => false,
    size: () => size,
    range: () => ({ min: 380, max: 440 }),
    resize: (pixels) => (size = pixels),
    fold,
    ...changes,
  });
  const press = (key: string): boolean => el.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true, bubbles: true }));
  return { el, press, fold, disposer, size: () => size };
}

it("is moved by arrow keys inside its range, and says where it is", () => {
  const { el, press, size } = made();
  press("ArrowRight");
  expect(size()).toBe(424);
  press("ArrowRight");
  expect(size()).toBe(440);
  for (let i = 0; i < 5; i++) press("ArrowLeft");
  expect(size()).toBe(380);
  expect(el.getAttribute("aria-valuenow")).toBe("380");
});

it("enlarges a pane that lies after it when moved towards the start", () => {
  const { press, size } = made({ after: () => true, axis: () => "y" });
  press("ArrowUp");
  expect(size()).toBe(424);
});

it("folds by Enter and by a double click, and leaves other keys alone", () => {
  const { el, press, fold } = made();
  press("Enter");
  el.dispatchEvent(new MouseEvent("dblclick"));
  expect(fold).toHaveBeenCalledTimes(2);
  expect(press("x")).toBe(true);
});

it("does nothing any more when the widget is gone", () => {
  const { press, disposer, size } = made();
  disposer.dispose();
  press("ArrowRight");
  expect(size()).toBe(400);
});
