// The buttons for what is drawn over the pictures: boxes, map and its opacity. They are traits, so every copy shows the same.
import { type Disposer, h } from "../shared/dom";
import { type Model, setTraits } from "../shared/model";

export function flip(model: Model, trait: "show_boxes" | "show_cam"): void {
  setTraits(model, { [trait]: !model.get<boolean>(trait) });
}

/** `prefix` keeps the test ids of several copies apart. */
export function overlayControls(model: Model, disposer: Disposer, prefix = ""): HTMLElement[] {
  const boxes = toggle("Boxes", `${prefix}toggle-boxes`, "Draw the detected boxes (b)");
  const cam = toggle("CAM", `${prefix}toggle-cam`, "Lay the class activation map over the pictures (c)");
  const opacity = h("input", { class: "ec-opacity", type: "range", min: 0.1, max: 1, step: 0.05, "aria-label": "CAM opacity", title: "CAM opacity", "data-testid": `${prefix}cam-opacity` });
  disposer.listen(boxes, "click", () => flip(model, "show_boxes"));
  disposer.listen(cam, "click", () => flip(model, "show_cam"));
  disposer.listen(opacity, "input", () => setTraits(model, { cam_opacity: opacity.valueAsNumber }));
  const update = (): void => {
    boxes.setAttribute("aria-pressed", String(model.get<boolean>("show_boxes")));
    cam.setAttribute("aria-pressed", String(model.get<boolean>("show_cam")));
    opacity.value = String(model.get<number>("cam_opacity"));
    opacity.hidden = !model.get<boolean>("show_cam");
  };
  disposer.watch(model, ["show_boxes", "show_cam", "cam_opacity"], update);
  update();
  return [boxes, cam, opacity];
}

function toggle(text: string, testid: string, title: string): HTMLButtonElement {
  return h("button", { class: "ec-button", type: "button", "aria-pressed": "false", "data-testid": testid, title }, text);
}
