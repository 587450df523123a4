import { beforeEach, expect, it } from "vitest";
import { Disposer } from "../shared/dom";
import { ErrorBar } from "../shared/errors";
import { Rpc } from "../shared/rpc";
import { TestModel } from "../shared/testModel";
import { Annotator, findLabels, labelOfKey } from "./annotator";
import type { BrowserStore } from "./store";

let model: TestModel;
let errors: ErrorBar;
let annotator: Annotator;
const one = <E extends HTMLElement>(testId: string): E => annotator.el.querySelector<E>(`[data-testid="${testId}"]`)!;

beforeEach(() => {
  model = new TestModel({ annotatable: true, annotation_labels: Array.from("abcdefghijkl", (letter) => `label ${letter}`), annotations_file: null, annotations_note: "Kept in this session only." });
  errors = new ErrorBar();
  const disposer = new Disposer();
  const store = { given: new Map([[0, "label a"]]), undo: 1, position: () => 0 } as unknown as BrowserStore;
  annotator = new Annotator(model, store, new Rpc(model, disposer, errors), disposer);
  annotator.show("image");
});

const type = (text: string): void => {
  one<HTMLInputElement>("find-label").value = text;
  one("find-label").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
};

it("knows keys and finds labels by what is typed", () => {
  expect([labelOfKey("1", ["Joy"]), labelOfKey("0", ["Joy"]), labelOfKey("x", ["Joy"])]).toEqual(["Joy", null, null]);
  expect(findLabels("aw", ["Lawless", "Awe"])).toEqual(["Awe", "Lawless"]);
});

it("keeps what was typed where Python refuses the label, and clears it once it is taken", async () => {
  type("label c");
  expect(model.sent[0]).toMatchObject({ kind: "annotate", image_ids: ["image"], label: "label c" });
  await model.answer(0, { kind: "error", sentence: "The disk is full." });
  expect(errors.el.textContent).toContain("The disk is full.");
  expect(one<HTMLInputElement>("find-label").value).toBe("label c");
  type("label c");
  await model.answer(1);
  expect(one<HTMLInputElement>("find-label").value).toBe("");
});

it("says why the CSV could not be had, and lets it be asked for again", async () => {
  const button = one<HTMLButtonElement>("download-annotations");
  button.click();
  expect(button.disabled).toBe(true);
  await model.answer(0, { kind: "error", sentence: "The disk is full." });
  expect(errors.el.textContent).toContain("The disk is full.");
  expect(button.disabled).toBe(false);
});
