// The picture under the things, as Python's region edits leave it. Asked for when the edits change, the newest only; without any
// it is the image itself, at once.
import type { Disposer } from "../shared/dom";
import type { Rpc } from "../shared/rpc";
import { sameEdits, type Scene } from "./scene";
import type { Stage } from "./stage";
import type { Edit } from "./edits";

interface EditedReply {
  scene: number;
  window: [number, number, number, number];
}

export class EditedPicture {
  private number = -1;
  private shown: Edit[] = [];
  private readonly send: (content: Record<string, unknown>) => void;

  constructor(
    rpc: Rpc,
    private readonly scene: Scene,
    private readonly stage: Stage,
    private readonly repainted: () => void,
    private readonly disposer: Disposer,
  ) {
    this.send = rpc.latest<EditedReply>("edited", ({ content, buffers }, asked) => void this.take(content, buffers[0], asked.edits as Edit[]));
    disposer.add(() => this.release());
  }

  setScene(number: number): void {
    this.number = number;
    this.shown = [];
    this.stage.crop = null;
  }

  /** Whether the picture shows the present edits. */
  get fresh(): boolean {
    return sameEdits(this.shown, this.scene.edits);
  }

  ask(): void {
    const { edits, picture } = this.scene;
    if (edits.length > 0) this.send({ edits });
    else {
      this.stage.crop = null;
      this.show(picture, []);
    }
  }

  private async take(content: EditedReply, bytes: DataView, edits: Edit[]): Promise<void> {
    const made = await createImageBitmap(new Blob([bytes as DataView<ArrayBuffer>], { type: "image/jpeg" }));
    if (content.scene !== this.number || this.scene.edits.length === 0 || this.disposer.disposed) return made.close();
    const [x0, y0, x1, y1] = content.window;
    const { width, height } = this.scene.size;
    this.stage.crop = x0 > 0 || y0 > 0 || x1 < width || y1 < height ? { x0, y0, x1, y1 } : null;
    this.show(made, edits);
  }

  private show(picture: ImageBitmap | null, edits: Edit[]): void {
    const before = this.scene.edited;
    this.scene.edited = picture;
    this.shown = edits;
    this.stage.canvas.replacePicture(picture);
    if (before !== this.scene.picture && before !== picture) before?.close();
    this.repainted();
  }

  private release(): void {
    if (this.scene.edited !== this.scene.picture) this.scene.edited?.close();
  }
}
