// The things on the picture as a list, the one in front first: order, opacity, flip, a second one, hide, remove, and onto which
// detected box it is put.
import { type Disposer, h } from "../shared/dom";
import type { Placement } from "./placement";
import type { Scene } from "./scene";
import type { Stage } from "./stage";

export class Layers {
  readonly el: HTMLElement;
  private readonly list = h("div", { class: "ec-rows", role: "list", "aria-label": "things on the picture, the one in front first", "data-testid": "layers" });
  private readonly empty = h("div", { class: "ec-muted ec-panel-hint" }, "Nothing on the picture yet: drag a thing onto it.");
  private readonly opacity = h("input", { type: "range", min: 0.05, max: 1, step: 0.05, "aria-label": "opacity of the selected thing", "data-testid": "layer-opacity" });
  private readonly opacitySays = h("output", { class: "ec-number" });
  private readonly boxes = h("select", { class: "ec-select", "aria-label": "put the selected thing on a detected box", "data-testid": "put-on" });
  private readonly cover = h("button", { class: "ec-button", type: "button", title: "As large as the box, so that it is covered", "data-testid": "put-cover" }, "Cover it");
  private readonly form: HTMLElement;
  private listed = "";

  constructor(
    private readonly scene: Scene,
    stage: Stage,
    disposer: Disposer,
  ) {
    const act = (text: string, testid: string, title: string, run: () => void): HTMLButtonElement => {
      const button = h("button", { class: "ec-button", type: "button", title, "data-testid": testid }, text);
      disposer.listen(button, "click", run);
      return button;
    };
    disposer.listen(this.opacity, "input", () => scene.current !== null && scene.replace(scene.selected, { ...scene.current, opacity: this.opacity.valueAsNumber }));
    disposer.listen(this.opacity, "change", () => scene.commit());
    disposer.listen(this.boxes, "change", () => stage.putOn(Number(this.boxes.value || -1), false));
    disposer.listen(this.cover, "click", () => stage.putOn(Number(this.boxes.value || -1), true));
    this.form = h("div", { class: "ec-panel-form", role: "group", "aria-label": "the selected thing" },
      h("label", { class: "ec-panel-row" }, "Opacity", this.opacity, this.opacitySays),
      h("div", { class: "ec-panel-buttons" },
        act("Forward", "layer-forward", "In front of the next one ( ] )", () => scene.reorder(scene.selected, 1)),
        act("Back", "layer-back", "Behind the one before ( [ )", () => scene.reorder(scene.selected, -1)),
        act("Duplicate", "layer-duplicate", "A second one (d)", () => scene.duplicate(scene.selected)),
        act("Flip", "layer-flip", "Left to right (f)", () => stage.change((placement) => ({ ...placement, flip: !placement.flip })))),
      h("div", { class: "ec-panel-row ec-put-on" }, this.boxes, this.cover));
    this.el = h("div", { class: "ec-panel-form" }, this.empty, this.list, this.form);
    this.update();
  }

  setBoxes(): void {
    this.boxes.replaceChildren(h("option", { value: "" }, "Put it on…"), ...this.scene.boxes.map((box, i) => h("option", { value: i }, box.name)));
    this.update();
  }

  update(): void {
    const { scene } = this;
    const current = scene.current;
    this.form.hidden = current === null;
    if (current !== null) {
      this.opacity.value = String(current.opacity);
      const says = `${Math.round(100 * current.opacity)} %`;
      if (this.opacitySays.textContent !== says) this.opacitySays.textContent = says;
    }
    this.boxes.parentElement!.hidden = scene.boxes.length === 0;
    const listed = `${scene.selected} ${scene.sprites.size} ${scene.placements.map(({ sprite, hidden }) => `${sprite} ${hidden === true}`).join("\n")}`;
    if (listed === this.listed) return; // nothing here changes while a thing is only moved
    this.listed = listed;
    this.empty.hidden = scene.placements.length > 0;
    const focused = this.list.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.key : undefined;
    this.list.replaceChildren(...scene.placements.map((placement, i) => this.row(placement, i)).reverse());
    if (focused !== undefined) this.list.querySelector<HTMLElement>(`[data-key="${focused}"]`)?.focus();
  }

  private row(placement: Placement, index: number): HTMLElement {
    const { scene } = this;
    const hidden = placement.hidden === true;
    const sprite = scene.sprites.get(placement.sprite);
    const button = (text: string, words: string, testid: string, run: () => void): HTMLButtonElement => {
      const made = h("button", { class: "ec-icon-button", type: "button", title: words, "aria-label": `${words}: ${placement.sprite}`, "data-testid": testid, "data-key": `${testid} ${index}` }, text);
      made.addEventListener("click", run);
      return made;
    };
    const pick = h("button", { class: "ec-row-main", type: "button", "aria-pressed": String(index === scene.selected), "data-testid": "layer", "data-key": `layer ${index}` },
      h("img", { src: sprite?.address, alt: "" }), h("span", {}, placement.sprite));
    pick.addEventListener("click", () => scene.select(index === scene.selected ? -1 : index));
    return h("div", { class: `ec-row${index === scene.selected ? " ec-row-current" : ""}${hidden ? " ec-row-hidden" : ""}`, role: "listitem" },
      pick,
      button(hidden ? "◌" : "◉", hidden ? "Show" : "Hide", "layer-hide", () => scene.hide(index)),
      button("×", "Remove", "layer-remove", () => scene.remove(index)));
  }
}
