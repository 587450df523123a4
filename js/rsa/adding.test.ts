import { expect, it } from "vitest";
import { Disposer } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { Rpc } from "../shared/rpc";
import { TestModel } from "../shared/testModel";
import { AddMethod } from "./adding";

function made(traits: Record<string, unknown>): AddMethod {
  const model = new TestModel({ adding: null, ...traits });
  const disposer = new Disposer();
  return new AddMethod(model, new Rpc(model, disposer, new ErrorBar()), disposer);
}

it("takes no room where nothing can be added and nothing is missing", () => {
  expect(made({ _held: ["grad-cam", "lift-cam"], _addable: [] }).el.hidden).toBe(true);
  expect(made({ _held: ["grad-cam", "lift-cam"], _addable: ["cam"] }).el.hidden).toBe(false);
});

it("says with one method what is missing, also where it cannot be added here", () => {
  const { el } = made({ _held: ["grad-cam"], _addable: [] });
  expect([el.hidden, el.textContent!.includes("holds the maps of one method (grad-cam)")]).toEqual([false, true]);
});
