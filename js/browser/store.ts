// What the browser knows of the run, and what it has fetched so far: the index of all images, the filtered order, and a bounded
// cache of thumbnails with their overlays. It asks Python in batches; it draws nothing.
import type { Box } from "../shared/boxes";
import type { CamOverlay } from "../shared/cam";
import { classColour, css } from "../shared/colour";
import type { Disposer } from "../shared/dom";
import type { Model } from "../shared/model";
import { floats, integers, type Rpc } from "../shared/rpc";

export interface Order {
  revision: number;
  count: number;
  total: number;
  cell: [string, string] | null;
  label: string | null;
  object_class: string | null;
  by: string;
}

export type CamShape = [number, number, number, number, number, number];

export interface Thumbnail {
  picture: ImageBitmap | null;
  /** Why there is no picture. */
  reason: string | null;
  boxes: Box[];
  cam: CamOverlay | null;
  /** The filter that the overlays belong to; older ones are fetched again. */
  revision: number;
}

interface ThumbnailReply {
  revision: number;
  items: { position: number; boxes: number; cam: CamShape | null; reason?: string }[];
}

const BATCH = 12;
const OVERLAY_BATCH = 64;
const UNDER_WAY = 2;
const KEPT = 300;
const BOX_FIELDS = 8;

export function readBoxes(values: Float32Array, from: number, count: number, classes: string[]): Box[] {
  return Array.from({ length: count }, (_, i) => {
    const at = (from + i) * BOX_FIELDS;
    const objectClass = classes[values[at + 6]] ?? "";
    return {
      x0: values[at],
      y0: values[at + 1],
      x1: values[at + 2],
      y1: values[at + 3],
      confidence: values[at + 4],
      importance: Number.isNaN(values[at + 5]) ? null : values[at + 5],
      objectClass,
      strong: values[at + 7] > 0,
      colour: css(classColour(objectClass)),
    };
  });
}

export function readCam(values: Float32Array, from: number, shape: CamShape): CamOverlay {
  const [height, width, x0, y0, x1, y1] = shape;
  return { grid: values.slice(from, from + height * width), height, width, view: { x0, y0, x1, y1 } };
}

export class BrowserStore {
  ids: string[] = [];
  labels: string[] = [];
  classes: string[] = [];
  sizes: Int32Array = new Int32Array(0);
  predicted: Int32Array = new Int32Array(0);
  probability: Float32Array = new Float32Array(0);
  order: Int32Array = new Int32Array(0);
  filter: Order | null = null;
  synthetic = false;
  failures = 0;
  readonly thumbnails = new Map<number, Thumbnail>();
  private underWay = 0;
  private readonly asked = new Set<number>();
  private wanted: number[] = [];
  private positions = new Map<string, number>();

  constructor(
    private readonly rpc: Rpc,
    model: Model,
    disposer: Disposer,
    private readonly changed: { order: () => void; thumbnails: (positions: number[]) => void },
  ) {
    disposer.on(model, "msg:custom", (message: Record<string, unknown>, buffers: DataView[]) => {
      if (message.kind === "order" && this.filter !== null) this.takeOrder(message as unknown as Order, buffers[0]);
    });
    disposer.add(() => {
      this.wanted = [];
      for (const thumbnail of this.thumbnails.values()) thumbnail.picture?.close();
      this.thumbnails.clear();
    });
  }

  async load(): Promise<void> {
    const { content, buffers } = await this.rpc.request<{
      order: Order;
      labels: string[];
      classes: string[];
      synthetic: boolean;
      failures: number;
    }>("index");
    const ids = new TextDecoder().decode(buffers[1]);
    this.ids = ids === "" ? [] : ids.split("\0");
    this.positions = new Map(this.ids.map((id, position) => [id, position]));
    this.sizes = integers(buffers[2]);
    this.predicted = integers(buffers[3]);
    this.probability = floats(buffers[4]);
    this.labels = content.labels;
    this.classes = content.classes;
    this.synthetic = content.synthetic;
    this.failures = content.failures;
    this.takeOrder(content.order, buffers[0]);
  }

  position(imageId: string | null): number {
    return imageId === null ? -1 : (this.positions.get(imageId) ?? -1);
  }

  aspect(position: number): number {
    return this.sizes[2 * position] / this.sizes[2 * position + 1];
  }

  /** What is on screen now, the most urgent first: only that is fetched, whatever was asked for before. */
  want(positions: number[]): void {
    this.wanted = positions;
    this.fetch();
  }

  private takeOrder(order: Order, positions: DataView): void {
    if (this.filter !== null && order.revision < this.filter.revision) return;
    this.filter = order;
    this.order = integers(positions);
    this.changed.order();
  }

  private fetch(): void {
    const revision = this.filter?.revision ?? 0;
    const missing = (position: number): boolean => !this.asked.has(position);
    while (this.underWay < UNDER_WAY) {
      const pictures = this.wanted.filter((p) => missing(p) && !this.thumbnails.has(p)).slice(0, BATCH);
      const stale = (p: number): boolean => missing(p) && (this.thumbnails.get(p)?.revision ?? revision) < revision;
      const batch = pictures.length > 0 ? pictures : this.wanted.filter(stale).slice(0, OVERLAY_BATCH);
      if (batch.length === 0) return;
      void this.fetchBatch(batch, pictures.length > 0);
    }
  }

  private async fetchBatch(batch: number[], pictures: boolean): Promise<void> {
    this.underWay++;
    for (const position of batch) this.asked.add(position);
    try {
      const height = Math.ceil(200 * Math.min(2, Math.max(1, window.devicePixelRatio || 1)));
      const { content, buffers } = await this.rpc.request<ThumbnailReply>("thumbnails", { positions: batch, pictures, height });
      await this.take(content, buffers, pictures);
      this.changed.thumbnails(batch);
    } catch {
      // The error stands under the widget already; these places say that they could not be loaded.
      for (const position of batch) this.keep(position, failed("It could not be loaded.", this.filter?.revision ?? 0));
      this.changed.thumbnails(batch);
    } finally {
      this.underWay--;
      for (const position of batch) this.asked.delete(position);
      this.fetch();
    }
  }

  private async take(reply: ThumbnailReply, buffers: DataView[], pictures: boolean): Promise<void> {
    const boxes = floats(buffers[0]);
    const grids = floats(buffers[1]);
    let box = 0;
    let cell = 0;
    const taken = reply.items.map(async (item, i) => {
      const found = readBoxes(boxes, box, item.boxes, this.classes);
      const cam = item.cam === null ? null : readCam(grids, cell, item.cam);
      box += item.boxes;
      cell += cam?.grid.length ?? 0;
      const overlays = { boxes: found, cam, revision: reply.revision };
      const known = this.thumbnails.get(item.position);
      if (!pictures) {
        if (known) this.keep(item.position, { ...known, ...overlays });
      } else {
        const { picture, reason } = await decode(buffers[2 + i], item.reason);
        this.keep(item.position, { picture, reason, ...overlays });
      }
    });
    await Promise.all(taken);
  }

  private keep(position: number, thumbnail: Thumbnail): void {
    const before = this.thumbnails.get(position);
    if (before?.picture && before.picture !== thumbnail.picture) before.picture.close();
    this.thumbnails.delete(position);
    this.thumbnails.set(position, thumbnail);
    if (this.thumbnails.size <= KEPT) return;
    const onScreen = new Set(this.wanted);
    for (const [old, dropped] of this.thumbnails) {
      if (this.thumbnails.size <= KEPT) return;
      if (onScreen.has(old)) continue;
      dropped.picture?.close();
      this.thumbnails.delete(old);
    }
  }
}

function failed(reason: string, revision: number): Thumbnail {
  return { picture: null, reason, boxes: [], cam: null, revision };
}

async function decode(bytes: DataView, reason: string | undefined): Promise<{ picture: ImageBitmap | null; reason: string | null }> {
  if (reason !== undefined) return { picture: null, reason };
  try {
    return { picture: await decodePicture(bytes), reason: null };
  } catch {
    return { picture: null, reason: "The browser cannot show this picture." };
  }
}

/** Encoded image bytes as a bitmap. */
export function decodePicture(bytes: DataView): Promise<ImageBitmap> {
  return createImageBitmap(new Blob([bytes as DataView<ArrayBuffer>]));
}
