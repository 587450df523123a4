// The palette: drag a thing onto the picture, or press it (Enter, a click, a tap) to put it in the middle.
import { type Disposer, h } from "../shared/dom";
import type { Placement } from "./placement";
import type { Scene, Sprite } from "./scene";
import type { Stage } from "./stage";

const DRAG_FROM = 4; // CSS pixels before a press becomes a drag

interface Carry {
  sprite: string;
  pointer: number;
  x: number;
  y: number;
  ghost: HTMLElement | null;
  others: Placement[];
}

export class Palette {
  readonly el = h("div", { class: "ec-palette", role: "toolbar", "aria-label": "things to put on the picture", "data-testid": "palette" });
  private carry: Carry | null = null;
  private sought = "";
  private enabled = false;
  private swallowClick = false;

  constructor(
    private readonly scene: Scene,
    private readonly stage: Stage,
    private readonly disposer: Disposer,
  ) {
    disposer.listen<KeyboardEvent>(this.el, "keydown", (event) => this.key(event));
    disposer.add(() => this.carry?.ghost?.remove());
  }

  /** Whether a thing is being carried over from here. */
  get busy(): boolean {
    return this.carry !== null && this.carry.ghost !== null;
  }

  addSprites(sprites: Sprite[]): void {
    this.el.append(...sprites.map((sprite) => this.item(sprite)));
    this.search(this.sought);
  }

  /** Shows only what has these words in its name or class; returns how many that are. */
  search(words: string): number {
    this.sought = words;
    const items = [...this.el.querySelectorAll<HTMLButtonElement>("button")];
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of items) item.hidden = !wanted.every((word) => item.dataset.words?.includes(word));
    const shown = items.filter((item) => !item.hidden);
    if (!shown.some((item) => item.tabIndex === 0)) items.forEach((item) => (item.tabIndex = item === shown[0] ? 0 : -1));
    return shown.length;
  }

  enable(enabled: boolean): void {
    this.enabled = enabled;
    for (const item of this.el.querySelectorAll("button")) item.disabled = !enabled;
  }

  private item(sprite: Sprite): HTMLElement {
    const item = h(
      "button",
      {
        class: "ec-palette-item",
        type: "button",
        title: `${sprite.name} (${sprite.objectClass}): drag it onto the picture, or press Enter`,
        "aria-label": `${sprite.name}: put it on the picture`,
        tabindex: -1,
        disabled: !this.enabled,
        "data-words": `${sprite.name} ${sprite.objectClass}`.toLowerCase(),
        "data-testid": "sprite",
        "data-sprite": sprite.name,
      },
      h("img", { src: sprite.address, alt: "", draggable: "false" }),
      h("span", {}, sprite.name),
    );
    const { disposer } = this;
    disposer.listen<PointerEvent>(item, "pointerdown", (event) => this.take(event, sprite.name));
    disposer.listen<PointerEvent>(item, "pointermove", (event) => this.move(event, item));
    disposer.listen<PointerEvent>(item, "pointerup", (event) => this.drop(event));
    disposer.listen<PointerEvent>(item, "pointercancel", () => this.giveUp());
    disposer.listen(item, "click", () => {
      if (!this.swallowClick) this.stage.putInMiddle(sprite.name);
      this.swallowClick = false;
    });
    return item;
  }

  private take(event: PointerEvent, sprite: string): void {
    if (event.button !== 0) return;
    this.swallowClick = false;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.carry = { sprite, pointer: event.pointerId, x: event.clientX, y: event.clientY, ghost: null, others: this.scene.placements };
  }

  private move(event: PointerEvent, item: HTMLElement): void {
    const carry = this.carry;
    if (carry === null || event.pointerId !== carry.pointer) return;
    if (carry.ghost === null) {
      if (Math.hypot(event.clientX - carry.x, event.clientY - carry.y) < DRAG_FROM) return;
      carry.ghost = this.makeGhost(item);
    }
    const over = this.stage.canvas.covers(event);
    // Over the picture the thing itself is painted, at its own size.
    carry.ghost.hidden = over;
    carry.ghost.style.transform = `translate(${event.clientX}px, ${event.clientY}px) translate(-50%, -50%)`;
    this.stage.bring(carry.sprite, over ? event : null, carry.others);
  }

  private makeGhost(item: HTMLElement): HTMLElement {
    const ghost = h("img", { class: "ec-palette-ghost", src: item.querySelector("img")?.src ?? "", alt: "" });
    (this.el.closest(".ec") ?? this.el).append(ghost);
    return ghost;
  }

  private drop(event: PointerEvent): void {
    const carry = this.carry;
    if (carry === null || event.pointerId !== carry.pointer) return;
    this.carry = null;
    if (carry.ghost === null) return; // a press, not a drag: the click that follows puts it in the middle
    this.swallowClick = true;
    carry.ghost.remove();
    this.stage.endBringing();
    if (!this.stage.canvas.covers(event)) {
      this.stage.bring(carry.sprite, null, carry.others);
      return;
    }
    this.scene.commit();
    this.stage.canvas.element.focus({ preventScroll: true });
  }

  /** Takes back what is being carried. */
  giveUp(): void {
    const carry = this.carry;
    this.carry = null;
    carry?.ghost?.remove();
    if (carry?.ghost) {
      this.swallowClick = true;
      this.scene.cancel();
      this.stage.endBringing();
    }
  }

  /** One stop for Tab; the arrows move inside. */
  private key(event: KeyboardEvent): void {
    if (event.key === "Escape" && this.carry !== null) {
      this.giveUp();
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const items = [...this.el.querySelectorAll<HTMLButtonElement>("button:not([hidden])")];
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const target = event.key === "Home" ? 0 : event.key === "End" ? items.length - 1 : step === undefined || at < 0 ? -1 : (at + step + items.length) % items.length;
    if (target < 0) return;
    event.preventDefault();
    event.stopPropagation();
    for (const item of this.el.querySelectorAll("button")) item.tabIndex = item === items[target] ? 0 : -1;
    items[target].focus();
  }
}
