// Whose map is shown, and of which label: two selects over what the run holds of the image, and a sentence where it holds none.
import { type Disposer, h } from "../shared/dom";
import { type Model, setTraits } from "../shared/model";
import type { ImageReply } from "./protocol";
import type { BrowserStore } from "./store";

const PREDICTED = "";

export class CamChooser {
  readonly el: HTMLElement;
  private readonly method = h("select", { class: "ec-select", "aria-label": "method of the map", "data-testid": "cam-method" });
  private readonly target = h("select", { class: "ec-select", "aria-label": "label that the map explains", "data-testid": "cam-target" });
  private readonly opacity = h("input", { type: "range", min: 0.1, max: 1, step: 0.05, "aria-label": "opacity of the map", title: "Opacity of the map" });
  private readonly note = h("div", { class: "ec-muted", role: "status", "data-testid": "cam-note" });

  constructor(
    private readonly model: Model,
    private readonly store: BrowserStore,
    disposer: Disposer,
  ) {
    this.el = h("div", { class: "ec-cam", role: "group", "aria-label": "class activation map" },
      h("div", { class: "ec-cam-choice" }, h("span", { class: "ec-muted" }, "CAM"), this.method, h("span", { class: "ec-muted" }, "of"), this.target),
      h("div", { class: "ec-cam-foot" }, this.note, this.opacity));
    disposer.listen(this.method, "change", () => {
      // What the widget counts by is not chosen here: its own method is "as counted".
      const chosen = this.method.value;
      setTraits(model, { cam_method: chosen === model.get<string>("method") ? null : chosen, show_cam: true });
    });
    disposer.listen(this.opacity, "input", () => setTraits(model, { cam_opacity: this.opacity.valueAsNumber }));
    disposer.watch(model, ["show_cam", "cam_opacity"], () => this.update());
    this.update();
    disposer.listen(this.target, "change", () => setTraits(model, { cam_target: this.target.value || null, show_cam: true }));
  }

  private update(): void {
    this.opacity.value = String(this.model.get<number>("cam_opacity"));
    this.opacity.disabled = !this.model.get<boolean>("show_cam");
  }

  /** `predicted` is the image's own label; `scaling` says how the map is drawn. */
  show(reply: ImageReply, predicted: string, scaling: string): void {
    this.el.hidden = this.store.methods.length === 0;
    const stored = reply.stored[reply.cam_method] ?? [];
    this.method.replaceChildren(...this.store.methods.map((name) => h("option", { value: name }, name)));
    this.method.value = reply.cam_method;
    const others = this.store.labels.filter((label) => label !== predicted && stored.includes(label));
    const chosen = this.model.get<string | null>("cam_target") ?? null;
    // A label that is not stored for this image stays chosen: the next image may have it.
    if (chosen !== null && chosen !== predicted && !others.includes(chosen)) others.push(chosen);
    this.target.replaceChildren(h("option", { value: PREDICTED }, `${predicted} (predicted)`),
      ...others.map((label) => h("option", { value: label }, stored.includes(label) ? label : `${label} (not stored)`)));
    this.target.value = chosen === predicted ? PREDICTED : (chosen ?? PREDICTED);
    this.note.textContent = describe(reply, stored, scaling);
  }
}

function describe(reply: ImageReply, stored: string[], scaling: string): string {
  if (reply.cam !== null) return `${reply.cam_output}, ${reply.cam[0]} × ${reply.cam[1]} cells, ${scaling}`;
  const held = stored.length === 0 ? "none of this image" : `only of ${stored.join(", ")}`;
  return `No ${reply.cam_method} map of ${reply.cam_target} is stored; the run holds ${held}.`;
}
