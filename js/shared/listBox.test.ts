import { expect, it, vi } from "vitest";
import { Disposer } from "./dom";
import { ListBox } from "./listBox";

function make(): { list: ListBox; on: ReturnType<typeof vi.fn>; pick: ReturnType<typeof vi.fn>; key: ReturnType<typeof vi.fn>; disposer: Disposer } {
  const [on, pick, key] = [vi.fn(), vi.fn(), vi.fn((_id: number, name: string) => name === "f")];
  const disposer = new Disposer();
  const list = new ListBox("things", "thing", { on, pick, key }, disposer);
  document.body.replaceChildren(list.el);
  list.update("Things", [4, 7, 9], (row, id) => (row.textContent = `thing ${id}`));
  return { list, on, pick, key, disposer };
}

const press = (list: ListBox, key: string): void => void list.el.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const selected = (list: ListBox): string | undefined => list.el.querySelector<HTMLElement>('[aria-selected="true"]')?.dataset.id;

it("is walked through by keys, and tells which thing it is on", () => {
  const { list, on, pick, key } = make();
  list.el.dispatchEvent(new Event("focus"));
  expect(selected(list)).toBe("4");
  press(list, "ArrowDown");
  expect(on).toHaveBeenLastCalledWith(7);
  press(list, "End");
  expect(selected(list)).toBe("9");
  press(list, "ArrowDown");
  expect(selected(list)).toBe("9");
  press(list, "f");
  expect(key).toHaveBeenLastCalledWith(9, "f");
  press(list, "Enter");
  expect(pick).toHaveBeenLastCalledWith(9);
});

it("stays on its thing where the things change places, and lets go where it is gone", () => {
  const { list } = make();
  list.select(7);
  const row = list.el.children[1];
  list.update("Things", [9, 4, 7], () => undefined);
  expect(list.el.children[2]).toBe(row);
  expect(list.el.getAttribute("aria-activedescendant")).toBe(row.id);
  list.update("Things", [4], () => undefined);
  expect(selected(list)).toBeUndefined();
  expect(list.el.getAttribute("aria-activedescendant")).toBeNull();
});

it("removes its listeners", () => {
  const { list, on, disposer } = make();
  disposer.dispose();
  press(list, "ArrowDown");
  expect(on).not.toHaveBeenCalled();
});

it("is never shown without things, nor without a name", () => {
  const disposer = new Disposer();
  const list = new ListBox("things", "thing", { on: () => undefined }, disposer);
  expect(list.el.hidden).toBe(true);
  list.update("Things by weight", [1], () => undefined);
  expect([list.el.hidden, list.el.getAttribute("aria-label")]).toEqual([false, "Things by weight"]);
  list.update("Nothing was found", [], () => undefined);
  expect(list.el.hidden).toBe(true);
});
