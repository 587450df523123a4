// The settings that decide which boxes count, as controls. The explorer shows them in its top bar, the heatmap alone in its own.
import { selectControl } from "../shared/controls";
import { h, type Disposer } from "../shared/dom";
import type { ErrorBar } from "../shared/errors";
import type { Model } from "../shared/model";
import type { Settings } from "./protocol";
import { Store } from "./store";

const WAYS = [
  { value: "prediction", label: "predicted label", title: "An image counts under the label that the classifier gives it" },
  { value: "annotation", label: "annotated label", title: "An image counts under the label that the corpus gives it" },
];

/** What a threshold of each score is compared with (analysis/box_scores.py). */
const SCORES: Record<string, string> = {
  mean: "the CAM's mean inside the box",
  maximum: "the CAM's greatest value inside the box",
  mass: "the share of the whole CAM that lies inside the box",
  contrast: "the CAM's mean inside against that outside: 0.5 is no difference",
  "upper-quantile": "what a tenth of the box is above",
  "mask-mean": "the CAM's mean inside the object's mask",
};

/** A round step for a slider that ends there: the scores' own thresholds lie on it. */
const stepFor = (limit: number): number => (limit > 0.5 ? 0.01 : limit > 0.2 ? 0.005 : 0.001);

export function settingControls(model: Model, disposer: Disposer, errors: ErrorBar): HTMLElement[] {
  const store = Store.of(model, disposer, errors);
  const change = (settings: Partial<Settings>): void => store.change(settings);
  const method = selectControl(disposer, "method", "method", (value) => change({ method: value }));
  const score = selectControl(disposer, "score", "score", (value) => change({ score: value }));
  const by = selectControl(disposer, "by", "by", (value) => change({ by: value }));
  const threshold = thresholdControl(disposer, store);
  const refresh = (): void => {
    const offered = store.offers("settings");
    const settings = store.settled ? store.settings : { ...store.settings, score: model.get<string>("score") };
    const named = (names: string[]): { value: string; label: string; title?: string }[] =>
      (offered ? names : names.slice(0, 1)).map((name) => ({ value: name, label: name, title: SCORES[name] }));
    method.options(named(model.get<string[]>("methods")), settings.method);
    score.options(named(model.get<string[]>("scores")), settings.score);
    by.options(offered ? WAYS.filter((way) => model.get<string[]>("ways").includes(way.value)) : [], settings.by);
    threshold.refresh();
  };
  store.on(disposer, (what) => what === "matrix" && store.settled && refresh());
  disposer.watch(model, ["methods", "scores", "ways", "features"], refresh);
  refresh();
  return [method.el, score.el, by.el, threshold.el];
}

/** A slider that ends where nearly no box is above it any more, and goes back to the score's own threshold by a double click. */
function thresholdControl(disposer: Disposer, store: Store): { el: HTMLElement; refresh: () => void } {
  const input = h("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": "threshold", "data-testid": "threshold" });
  const output = h("output", { class: "ec-number hm-threshold" });
  const el = h("label", { class: "ec-field" }, h("span", {}, "threshold"), input, output);
  let dragging = false;
  const write = (value: number): void => {
    const text = value.toFixed(Number(input.step) < 0.01 ? 3 : 2);
    output.textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  disposer.listen(input, "input", () => {
    dragging = true;
    write(input.valueAsNumber);
    store.change({ threshold: input.valueAsNumber }, true);
  });
  disposer.listen(input, "change", () => {
    dragging = false;
    store.change({ threshold: input.valueAsNumber });
  });
  disposer.listen(input, "dblclick", () => store.change({ threshold: store.defaultThreshold }));
  const refresh = (): void => {
    if (dragging) return;
    const { threshold, score } = store.settings;
    const limit = Math.max(store.limit, threshold);
    input.max = String(limit);
    input.step = String(stepFor(limit));
    input.value = String(threshold);
    input.disabled = !store.offers("settings");
    el.title = `A box counts where ${SCORES[score] ?? score} is above this. Double click: ${store.defaultThreshold}, this score's own.`;
    write(threshold);
  };
  return { el, refresh };
}
