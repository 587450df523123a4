// One thumbnail: its elements, its picture with what lies over it, and what is under the pointer.
import { type Box, boxAt, paintBoxes } from "../shared/boxes";
import { keptCamBitmap, paintCam } from "../shared/cam";
import { css, labelColour, sequential } from "../shared/colour";
import { h, isDark, percent } from "../shared/dom";
import type { Viewport } from "../shared/viewport";
import type { BrowserStore } from "./store";
import type { Thumbnail } from "./thumbnails";

/** Height of the line under a picture. */
export const CAPTION = 24;

export interface GridView {
  boxes: boolean;
  cam: boolean;
  camOpacity: number;
  /** The annotations of the corpus are what the filter or the order is about. */
  annotations: boolean;
}

export interface Place {
  left: number;
  top: number;
  width: number;
  height: number;
}

export class Tile {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { class: "ec-tile-picture" });
  private readonly noteText = h("span", {});
  private readonly note = h("div", { class: "ec-tile-note", hidden: true }, this.noteText);
  private readonly tag = h("span", { class: "ec-tile-tag", "data-testid": "tile-annotation", hidden: true });
  private hovered: Box | null = null;

  constructor(
    private readonly store: BrowserStore,
    readonly position: number,
    place: number,
    id: string,
    private readonly at: Place,
  ) {
    const imageId = store.ids[position];
    const label = store.predictedLabel(position);
    const sure = percent(store.probability[position]);
    this.element = h(
      "div",
      {
        class: "ec-tile",
        id,
        role: "option",
        "aria-posinset": place + 1,
        "aria-setsize": store.order.length,
        "data-testid": "thumb",
        "data-image-id": imageId,
        "data-place": place,
        "data-label": label,
        style: { left: `${at.left}px`, top: `${at.top}px`, width: `${at.width}px`, height: `${at.height + CAPTION}px` },
      },
      h("div", { class: "ec-tile-frame", style: { height: `${at.height}px` } }, this.canvas, this.note, h("span", { class: "ec-tile-check", "aria-hidden": "true" }, "✓"), this.tag),
      h("div", { class: "ec-tile-caption", title: imageId },
        h("span", { class: "ec-tile-dot", "data-dot": label }), h("span", { class: "ec-tile-label" }, label), " ", h("span", { class: "ec-number ec-muted" }, sure)),
    );
  }

  /** Draws what has come of it; before that the frame stands in its place. */
  paint(view: GridView): void {
    const dot = this.element.querySelector<HTMLElement>("[data-dot]");
    if (dot) dot.style.background = css(labelColour(dot.dataset.dot ?? "", isDark(this.element)));
    this.tell(view);
    const thumbnail = this.store.thumbnails.get(this.position);
    if (!thumbnail) {
      this.note.hidden = true; // what stood there is asked for again
      return;
    }
    const strong = thumbnail.boxes.filter((box) => box.strong);
    this.element.dataset.loaded = String(thumbnail.revision);
    this.element.dataset.strongBoxes = String(strong.length);
    this.element.dataset.strongClasses = [...new Set(strong.map((box) => box.objectClass))].join("|");
    this.note.hidden = thumbnail.reason === null;
    if (thumbnail.reason !== null) {
      this.noteText.textContent = thumbnail.reason;
      this.note.title = `${thumbnail.reason}\nClick to try again.`;
    }
    if (thumbnail.picture) this.paintPicture(view, thumbnail, thumbnail.picture);
  }

  /** Names the image, with the label that somebody gave it. */
  private tell(view: GridView): void {
    const given = this.store.given.get(this.position);
    const annotation = this.store.annotation(this.position);
    const said = given !== undefined ? `labelled ${given}` : annotation === null ? "" : `annotated ${annotation}`;
    this.tag.hidden = given === undefined && !(view.annotations && annotation !== null);
    this.tag.textContent = given !== undefined ? `✎ ${given}` : (annotation ?? "");
    this.tag.title = said;
    const predicted = `${this.store.predictedLabel(this.position)} ${percent(this.store.probability[this.position])}`;
    const shown = said === "" || this.tag.hidden ? "" : `${said}; `;
    this.element.setAttribute("aria-label", `${this.store.ids[this.position]}: ${shown}${predicted}`);
  }

  mark(selected: boolean, cursor: boolean, several: boolean): void {
    this.element.setAttribute("aria-selected", String(several ? selected : cursor));
    this.element.classList.toggle("ec-tile-selected", cursor);
    this.element.classList.toggle("ec-tile-picked", selected);
  }

  /** The box under a point of the window; it is drawn stronger. */
  hover(client: { clientX: number; clientY: number } | null, view: GridView): Box | null {
    const thumbnail = this.store.thumbnails.get(this.position);
    let box: Box | null = null;
    if (client !== null && view.boxes && thumbnail?.picture) {
      const frame = this.canvas.getBoundingClientRect();
      const { scale, x, y } = this.viewport;
      const at = { x: (client.clientX - frame.left - x) / scale, y: (client.clientY - frame.top - y) / scale };
      box = boxAt(sparse(thumbnail.boxes), at, 2 / scale);
    }
    if (box !== this.hovered) {
      this.hovered = box;
      this.paint(view);
    }
    return box;
  }

  get imageSize(): { width: number; height: number } {
    return { width: this.store.sizes[2 * this.position], height: this.store.sizes[2 * this.position + 1] };
  }

  /** Extreme aspect ratios are shown whole, with bars, in a tile of a usable shape. */
  private get viewport(): Viewport {
    const { width, height } = this.imageSize;
    const scale = Math.min(this.at.width / width, this.at.height / height);
    return { scale, x: (this.at.width - width * scale) / 2, y: (this.at.height - height * scale) / 2 };
  }

  private paintPicture(view: GridView, thumbnail: Thumbnail, picture: ImageBitmap): void {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.at.width * ratio);
    this.canvas.height = Math.round(this.at.height * ratio);
    const context = this.canvas.getContext("2d");
    if (context === null) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { viewport, imageSize } = this;
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, viewport.x, viewport.y, imageSize.width * viewport.scale, imageSize.height * viewport.scale);
    if (view.cam && thumbnail.cam) {
      paintCam(context, keptCamBitmap(thumbnail.cam, sequential), thumbnail.cam.view, viewport, view.camOpacity);
    }
    if (view.boxes) paintBoxes(context, sparse(thumbnail.boxes), viewport, 1, this.hovered);
    this.element.dataset.painted = "true";
  }
}

/** On a thumbnail faint boxes would only be noise beside strong ones. */
function sparse(boxes: Box[]): Box[] {
  const strong = boxes.filter((box) => box.strong);
  return strong.length > 0 ? strong : boxes;
}
