// What the browser knows of the run: the index of all images, the filtered order, labels given. It draws nothing.
import type { Disposer } from "../shared/dom";
import type { Model } from "../shared/model";
import { integers, type Rpc } from "../shared/rpc";
import { type AnnotatedNews, type IndexReply, type Order, type OrderNews, readIndex } from "./protocol";
import { pictureHeight, Thumbnails } from "./thumbnails";

export interface StoreEvents {
  /** `same`: the images and their order are as before, only what lies over them is not. */
  order: (same: boolean) => void;
  thumbnails: (positions: number[]) => void;
  annotated: (positions: number[]) => void;
}

export class BrowserStore {
  ids: string[] = [];
  labels: string[] = [];
  classes: string[] = [];
  methods: string[] = [];
  sizes: Int32Array = new Int32Array(0);
  predicted: Int32Array = new Int32Array(0);
  probability: Float32Array = new Float32Array(0);
  order: Int32Array = new Int32Array(0);
  filter: Order | null = null;
  synthetic = false;
  failures = 0;
  /** Labels given in the browser, by position, and how many steps can be undone. */
  readonly given = new Map<number, string>();
  undo = 0;
  readonly thumbnails: Thumbnails;
  private annotated: Int32Array = new Int32Array(0);
  private annotationNames: string[] = [];
  private positions = new Map<string, number>();

  constructor(
    private readonly rpc: Rpc,
    model: Model,
    disposer: Disposer,
    private readonly changed: StoreEvents,
  ) {
    this.thumbnails = new Thumbnails(rpc, model, () => ({ revision: this.filter?.revision ?? 0, classes: this.classes }), changed.thumbnails, disposer);
    disposer.on(model, "msg:custom", (message: { kind?: string }, buffers: DataView[]) => {
      if (this.filter === null) return;
      if (message.kind === "order") this.takeOrder(message as OrderNews, integers(buffers[0]));
      else if (message.kind === "annotated") this.takeAnnotated(message as AnnotatedNews, integers(buffers[0]));
    });
  }

  async load(): Promise<void> {
    const { content, buffers } = await this.rpc.request<IndexReply>("index", { height: pictureHeight() }); // of what is asked for next
    const index = readIndex(buffers);
    this.ids = index.ids;
    this.positions = new Map(this.ids.map((id, position) => [id, position]));
    this.sizes = index.sizes;
    this.predicted = index.predicted;
    this.annotated = index.annotated;
    this.probability = index.probability;
    this.labels = content.labels;
    this.classes = content.classes;
    this.methods = content.methods;
    this.annotationNames = [...content.annotation_names];
    this.synthetic = content.synthetic;
    this.failures = content.failures;
    this.undo = content.undo;
    this.given.clear();
    for (const [id, label] of Object.entries(content.given)) this.give(id, label);
    this.takeOrder(content.order, index.order);
  }

  position(imageId: string | null): number {
    return imageId === null ? -1 : (this.positions.get(imageId) ?? -1);
  }

  aspect(position: number): number {
    return this.sizes[2 * position] / this.sizes[2 * position + 1];
  }

  predictedLabel(position: number): string {
    return this.labels[this.predicted[position]] ?? "";
  }

  annotation(position: number): string | null {
    return this.annotationNames[this.annotated[position]] ?? null;
  }

  /** The labels that an image is annotated with, in the index's order of names. */
  annotationsInUse(): string[] {
    const found = new Set(this.annotated);
    return this.annotationNames.filter((_, code) => found.has(code));
  }

  private give(imageId: string, label: string | null): void {
    const position = this.position(imageId);
    if (position < 0) return;
    if (label === null) this.given.delete(position);
    else this.given.set(position, label);
  }

  private takeOrder(order: Order, positions: Int32Array): void {
    if (this.filter !== null && order.revision < this.filter.revision) return;
    const same = this.filter !== null && equal(positions, this.order);
    this.filter = order;
    this.order = positions;
    this.changed.order(same);
  }

  private takeAnnotated(news: AnnotatedNews, positions: Int32Array): void {
    this.undo = news.undo;
    for (const [id, label] of Object.entries(news.given)) this.give(id, label);
    positions.forEach((position, i) => (this.annotated[position] = this.code(news.annotations[i])));
    this.changed.annotated([...positions]);
  }

  private code(label: string | null): number {
    if (label === null) return -1;
    const known = this.annotationNames.indexOf(label);
    return known >= 0 ? known : this.annotationNames.push(label) - 1;
  }
}

function equal(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
