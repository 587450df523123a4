// The image that a widget explains (widgets/one_image.py), asked for anew when it shows another. Only the newest counts.
import type { Disposer } from "./dom";
import type { Rpc } from "./rpc";

/** What Python says of every such image; each widget's says more. */
export interface SceneReply {
  scene: number;
  /** Why there is no picture, where one was wanted. */
  problem: string | null;
  synthetic: boolean;
  name: string;
  width: number;
  height: number;
}

export interface Loaded<U> {
  also: U;
  /** What came with the scene; the picture is the first. */
  buffers: DataView[];
  /** Whether another image was asked for since, or the widget is gone: then what is answered about this one is too late. */
  stale(): boolean;
}

export class SceneLoader<T extends SceneReply> {
  /** Of the image that is shown: null before the first. */
  scene: T | null = null;
  picture: ImageBitmap | null = null;
  private turn = 0;

  constructor(
    private readonly rpc: Rpc,
    private readonly root: HTMLElement,
    private readonly disposer: Disposer,
  ) {
    disposer.add(() => this.picture?.close());
  }

  /**
   * Takes the scene over, once `also` (what is asked about it before it may be shown) is known too. Null where that is too late.
   * `data-ready` is "false" from now on; the owner says when it is "true".
   */
  async load<U = undefined>(also?: () => Promise<U>): Promise<Loaded<U> | null> {
    const turn = ++this.turn;
    const stale = (): boolean => turn !== this.turn || this.disposer.disposed;
    this.root.dataset.ready = "false";
    const { content, buffers } = await this.rpc.request<T & Record<string, unknown>>("scene");
    const picture = content.width > 0 ? await createImageBitmap(new Blob([buffers[0] as DataView<ArrayBuffer>])) : null;
    const more = (await also?.()) as U;
    if (stale()) {
      picture?.close();
      return null;
    }
    this.picture?.close();
    this.picture = picture;
    this.scene = content;
    return { also: more, buffers, stale };
  }
}
