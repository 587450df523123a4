import { afterEach, expect, it } from "vitest";
import { mount as mountLime } from "./mount";
import { mount as mountExpectation } from "../expectation/mount";
import { mount as mountMethods } from "../methods/mount";
import { mount as mountPasteBars } from "../pastebars/mount";
import { mount as mountRsa } from "../rsa/mount";
import type { Mount } from "../shared/model";
import { TestModel } from "../shared/testModel";

const LIME = { targets: [], marks: { for: [], against: [] }, committed: false, agreement: {}, note: "", _note_place: {}, status: "empty", reveal: "open", palette: "blue-red", scale: "own", keep: null, strongest: "for", hidden_as: "grey", n_samples: 1000, n_regions: 60, segmentation: "slic", hide: "mean", output: "probabilities", seen_before: false, _scene: 1 };
const METHODS = { methods: ["grad-cam"], target: null, score: "mean", box: null, enlarged: null, show_boxes: true, cam_opacity: 0.6, _scene: 1 };
const EXPECTATION = { question: "What should speak for {label}?", chosen: { boxes: [], cells: [] }, committed: false, seen_before: false, agreement: {}, sentence: "", participants: 0, class_boxes: [], class_cells: [], cam_opacity: 0.6, _scene: 1 };
const RSA = { methods: [], score: "mean", threshold: null, on: "counts", variant: "spearman", pair: null, top: 12, status: "failed", problem: "RSA compares two or more methods", _scores: ["mean"], _synthetic: true, _cut: 0.3, _matrix: {} };
const BARS = { before: null, selected: null, images: [], _bars: [], _befores: [], _synthetic: false };

afterEach(() => document.body.replaceChildren());

const cases: [string, Mount, Record<string, unknown>][] = [
  ["LimeView", mountLime, LIME],
  ["MethodComparison", mountMethods, METHODS],
  ["Expectation", mountExpectation, EXPECTATION],
  ["RsaMatrix", mountRsa, RSA],
  ["PasteBars", mountPasteBars, BARS],
];

it.each(cases)("%s removes every listener and element", (_name, mount, traits) => {
  const model = new TestModel({ ...traits });
  const el = document.createElement("div");
  document.body.append(el);
  const unmount = mount(model, el, { embedded: false });
  expect(model.listening).toBeGreaterThan(0);
  expect(el.childElementCount).toBe(1);
  unmount();
  expect(model.listening).toBe(0);
  expect(el.childElementCount).toBe(0);
});

it("says what is missing instead of a matrix", () => {
  const el = document.createElement("div");
  mountRsa(new TestModel({ ...RSA }), el, { embedded: false });
  expect(el.querySelector('[data-testid="state"]')!.textContent).toBe("RSA compares two or more methods");
});

it("LimeView says that there is no picture yet", async () => {
  const model = new TestModel({ ...LIME });
  const el = document.createElement("div");
  mountLime(model, el, { embedded: true });
  await model.answer(0, { scene: 1, problem: null, labels: ["Joy"], worker: true, synthetic: false, name: "image", width: 0, height: 0 });
  await model.answer(1, { scene: 1, targets: [], regions: 0 });
  expect(el.querySelector('[data-testid="state"]')!.textContent).toContain("No picture yet");
  expect(el.querySelector<HTMLButtonElement>('[data-testid="run"]')!.disabled).toBe(true);
});

it("MethodComparison says why a picture could not be opened", async () => {
  const model = new TestModel({ ...METHODS });
  const el = document.createElement("div");
  mountMethods(model, el, { embedded: true });
  await model.answer(0, { scene: 1, problem: "a.png: the file is empty", labels: [], worker: true, synthetic: false, name: "a.png", width: 0, height: 0, known: ["grad-cam"], slow: [], detects: true, scores: ["mean"] });
  expect(el.querySelector('[data-testid="state"]')!.textContent).toBe("a.png: the file is empty");
});

it("Expectation asks for the label by its name and offers nothing to lock without a picture", async () => {
  const model = new TestModel({ ...EXPECTATION });
  const el = document.createElement("div");
  mountExpectation(model, el, { embedded: true });
  await model.answer(0, { scene: 1, problem: null, worker: true, synthetic: false, name: "image", width: 0, height: 0, detects: true, label: "<b>Joy</b>", shared: true });
  expect(el.querySelector('[data-testid="question"]')!.textContent).toBe("What should speak for <b>Joy</b>?");
  expect(el.querySelector('[data-testid="state"]')!.textContent).toContain("No picture yet");
  expect(el.querySelector<HTMLElement>('[data-testid="commit"]')!.hidden).toBe(true);
  expect(model.sent.map((each) => each.kind)).not.toContain("map");
});
