// The little of a Jupyter widget model that the front ends use; both anywidget's proxy and a child model have it.

export interface Model {
  get<T = unknown>(key: string): T;
  set(key: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown, callbacks?: unknown, buffers?: (ArrayBuffer | ArrayBufferView)[]): void;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback: (...args: never[]) => void): void;
  widget_manager?: { get_model(id: string): Promise<Model> };
}

/** Where a widget is mounted: alone in a cell, or as a pane of the explorer. */
export interface MountContext {
  /** True in the explorer: no own frame, no own badge, and the host element's height is given and must be filled. */
  embedded: boolean;
  /** Set by the explorer: puts an image into the editor (and shows the Edit tab). */
  openInEditor?: (imageId: string) => void;
  /** Set by the explorer: shows the difference of two methods in its heatmap. */
  compareAbove?: (pair: [string, string]) => void;
  /**
   * Set by the explorer: the element in which the browser shows the image of its trait `open_image` large, with its label bars
   * (an empty state when there is none). Without it the large view covers the browser's own grid.
   */
  detail?: HTMLElement;
}

export type Cleanup = () => void;
/** Fills `el` with the widget of `model`. The returned function removes every listener and element again. */
export type Mount = (model: Model, el: HTMLElement, context: MountContext) => Cleanup;

const WIDGET_REFERENCE = "IPY_MODEL_";

/** The child model behind a trait that was serialised with ipywidgets' `widget_serialization`. */
export async function childModel(parent: Model, trait: string): Promise<Model> {
  const reference = parent.get<string>(trait);
  if (typeof reference !== "string" || !reference.startsWith(WIDGET_REFERENCE) || !parent.widget_manager) {
    throw new Error(`The part "${trait}" of this widget could not be found.`);
  }
  return parent.widget_manager.get_model(reference.slice(WIDGET_REFERENCE.length));
}

/** Sets traits and sends them at once; traits that already have the value are left alone. */
export function setTraits(model: Model, traits: Record<string, unknown>): void {
  let changed = false;
  for (const [key, value] of Object.entries(traits)) {
    if (JSON.stringify(model.get(key)) !== JSON.stringify(value)) {
      model.set(key, value);
      changed = true;
    }
  }
  if (changed) model.save_changes();
}
