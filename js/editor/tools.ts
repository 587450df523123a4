// The editor's buttons, in one row above the picture: undo and reset, what can be done to the selected thing, map and export.
import { type Disposer, h, setHidden, setText } from "../shared/dom";
import { type KeyList, KeysHelp } from "../shared/keys";
import { type Model, setTraits } from "../shared/model";
import type { Files } from "./files";
import { type Placement, resize, turn } from "./placement";
import type { Scene } from "./scene";
import type { Stage } from "./stage";

const KEYS: KeyList = [
  ["Enter", "put a thing of the palette in the middle"],
  ["n", "select the next thing"],
  ["← → ↑ ↓", "move it (Shift: further)"],
  ["+ −", "larger, smaller"],
  ["r f", "turn, flip"],
  ["[ ]", "behind, in front of the next"],
  ["d h", "duplicate, hide"],
  ["Delete x", "remove it"],
  ["Alt", "while dragging: do not snap to boxes"],
  ["Esc", "let go of it"],
  ["Ctrl+Z Ctrl+Y", "undo, redo"],
];

const HINT = "Drag a thing from the palette onto the picture, or change a part of it under Regions.";

export class Tools {
  readonly bar: HTMLElement;
  readonly keys: KeysHelp;
  readonly badge = h("span", { class: "ec-badge", title: "A synthetic classifier: no finding about a real one", hidden: true }, "synthetic classifier");
  embedded = false;
  private readonly undo = button("Undo", "undo", "Undo (Ctrl+Z)");
  private readonly redo = button("Redo", "redo", "Redo (Ctrl+Y)");
  private readonly cam = button("CAM", "toggle-cam", "Show what the classifier looks at while you edit");
  private readonly opacity = h("input", { type: "range", min: 0.1, max: 1, step: 0.05, "aria-label": "CAM opacity", title: "CAM opacity" });
  private readonly reset = button("Reset", "reset", "Take everything off the picture, and undo its region edits");
  private readonly hint = h("span", { class: "ec-muted" }, HINT);
  private readonly name = h("strong", { class: "ec-object-name" });
  private readonly acts: HTMLButtonElement[];
  private enabled = false;

  constructor(
    private readonly model: Model,
    private readonly scene: Scene,
    private readonly stage: Stage,
    within: HTMLElement,
    private readonly files: Files,
    private readonly disposer: Disposer,
  ) {
    this.keys = new KeysHelp(KEYS, within, disposer);
    this.acts = [
      this.act("Smaller", "Smaller (−)", (placement) => resize(placement, 1 / 1.15)),
      this.act("Larger", "Larger (+)", (placement) => resize(placement, 1.15)),
      this.act("Turn", "Turn by 15 degrees (r)", (placement) => turn(placement, 15)),
      this.act("Flip", "Flip left to right (f)", (placement) => ({ ...placement, flip: !placement.flip })),
      this.remover(),
    ];
    const object = h("div", { class: "ec-object-bar", role: "toolbar", "aria-label": "the selected thing" }, this.hint, this.name, ...this.acts);
    this.bar = h("div", { class: "ec-editor-bar" }, this.undo, this.redo, this.reset, object, h("span", { class: "ec-spring" }), this.badge, this.cam, this.opacity, files.el, this.keys.button);
    disposer.listen(this.undo, "click", () => scene.undo());
    disposer.listen(this.redo, "click", () => scene.redo());
    disposer.listen(this.reset, "click", () => scene.commit([], []));
    disposer.listen(this.cam, "click", () => setTraits(model, { show_cam: !model.get<boolean>("show_cam") }));
    disposer.listen(this.opacity, "input", () => setTraits(model, { cam_opacity: Number(this.opacity.value) }));
    this.update();
  }

  enable(enabled: boolean): void {
    this.enabled = enabled;
    this.update();
  }

  showBadge(synthetic: boolean): void {
    this.badge.hidden = !synthetic || this.embedded;
  }

  update(): void {
    const { scene, model } = this;
    this.undo.disabled = !this.enabled || !scene.canUndo;
    this.redo.disabled = !this.enabled || !scene.canRedo;
    this.reset.disabled = !this.enabled || scene.pristine;
    this.files.disabled = !this.enabled;
    this.cam.disabled = !this.enabled;
    this.cam.setAttribute("aria-pressed", String(model.get<boolean>("show_cam")));
    setHidden(this.opacity, !model.get<boolean>("show_cam"));
    this.opacity.value = String(model.get<number>("cam_opacity"));
    const current = scene.current;
    setHidden(this.hint, current !== null);
    setText(this.hint, !this.enabled ? "" : scene.placements.length > 0 ? "Click a thing on the picture to change it." : HINT);
    setHidden(this.name, current === null);
    setText(this.name, current?.sprite ?? "");
    for (const act of this.acts) setHidden(act, current === null);
  }

  private act(text: string, title: string, edit: (placement: Placement) => Placement): HTMLButtonElement {
    const made = button(text, `object-${text.toLowerCase()}`, title);
    this.disposer.listen(made, "click", () => this.stage.change(edit));
    return made;
  }

  private remover(): HTMLButtonElement {
    const made = button("Remove", "object-remove", "Remove (Delete)");
    this.disposer.listen(made, "click", () => {
      this.scene.remove(this.scene.selected);
      this.stage.canvas.element.focus({ preventScroll: true });
    });
    return made;
  }
}

function button(text: string, testid: string, title: string): HTMLButtonElement {
  return h("button", { class: "ec-button", type: "button", title, "data-testid": testid }, text);
}
