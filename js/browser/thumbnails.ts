// A cache of thumbnails with what lies over them, bounded by bytes. It asks in small batches for what is in sight (the first of a new
// sight in a smaller one: a picture or two end the blank), gives up what has been scrolled past, and shows each when it is decoded.
import type { Box } from "../shared/boxes";
import type { CamOverlay } from "../shared/cam";
import type { Disposer } from "../shared/dom";
import { onLive } from "../shared/live";
import type { Model } from "../shared/model";
import { floats, type Rpc } from "../shared/rpc";
import { readBoxes, readCam, type ThumbnailsQuestion, type ThumbnailsReply } from "./protocol";

export interface Thumbnail {
  picture: ImageBitmap | null;
  /** Why there is no picture. */
  reason: string | null;
  /** Nobody said anything about this image: the question itself failed. */
  unanswered?: boolean;
  boxes: Box[];
  cam: CamOverlay | null;
  /** The filter that the overlays belong to; older ones are fetched again. */
  revision: number;
}

const BATCH = 8;
const FIRST_BATCH = 2;
const OVERLAY_BATCH = 64;
const UNDER_WAY = 4;
/** Of decoded pictures and coloured maps; what is in sight stays whatever it takes. */
export const CACHE_BYTES = 64 * 2 ** 20;
const CAM_BYTES = 128 * 128 * 4;

/** Of a thumbnail, in device pixels. */
export const pictureHeight = (): number => Math.ceil(200 * Math.min(2, Math.max(1, window.devicePixelRatio || 1)));

interface Batch {
  positions: number[];
  request: number;
  givenUp: boolean;
}

export class Thumbnails {
  bytes = 0;
  private readonly kept = new Map<number, Thumbnail>();
  private readonly underWay = new Set<Batch>();
  private readonly asked = new Set<number>();
  private wanted: number[] = [];

  constructor(
    private readonly rpc: Rpc,
    private readonly model: Model,
    private readonly now: () => { revision: number; classes: string[] },
    private readonly changed: (positions: number[]) => void,
    disposer: Disposer,
  ) {
    const back = (): void => this.retry((thumbnail) => thumbnail.unanswered === true);
    onLive(disposer, back);
    disposer.listen(document, "visibilitychange", () => document.visibilityState === "visible" && back());
    disposer.add(() => {
      this.want([]);
      for (const thumbnail of this.kept.values()) thumbnail.picture?.close();
      this.kept.clear();
    });
  }

  get(position: number): Thumbnail | undefined {
    return this.kept.get(position);
  }

  get size(): number {
    return this.kept.size;
  }

  /** What is on screen now, the most urgent first: only that is fetched, whatever was asked for before. */
  want(positions: number[]): void {
    this.wanted = positions;
    const wanted = new Set(positions);
    const past = [...this.underWay].filter((batch) => !batch.givenUp && !batch.positions.some((position) => wanted.has(position)));
    if (past.length > 0) {
      for (const batch of past) batch.givenUp = true;
      try {
        this.model.send({ kind: "give_up", requests: past.map((batch) => batch.request) });
      } catch {
        return; // not connected, which the widget says already: nothing will come, and nothing can be asked
      }
    }
    this.fetch();
  }

  /** Asks once more for a picture that could not be shown: its file may be there now. */
  again(position: number): void {
    if (this.kept.get(position)?.picture === null) this.retry((_, at) => at === position);
  }

  private retry(which: (thumbnail: Thumbnail, position: number) => boolean): void {
    const dropped = [...this.kept].filter(([position, thumbnail]) => which(thumbnail, position));
    for (const [position, thumbnail] of dropped) this.drop(position, thumbnail, true);
    if (dropped.length === 0) return;
    this.changed(dropped.map(([position]) => position));
    this.fetch();
  }

  private fetch(): void {
    const { revision } = this.now();
    const missing = (position: number): boolean => !this.asked.has(position);
    const counted = (): number => [...this.underWay].filter((batch) => !batch.givenUp).length;
    while (counted() < UNDER_WAY) {
      const pictures = this.wanted.filter((p) => missing(p) && !this.kept.has(p)).slice(0, this.blank ? FIRST_BATCH : BATCH);
      const stale = (p: number): boolean => missing(p) && (this.kept.get(p)?.revision ?? revision) < revision;
      const batch = pictures.length > 0 ? pictures : this.wanted.filter(stale).slice(0, OVERLAY_BATCH);
      if (batch.length === 0) return;
      void this.fetchBatch(batch, pictures.length > 0);
    }
  }

  /** Nothing of what is wanted is here or on its way. */
  private get blank(): boolean {
    return !this.wanted.some((position) => this.kept.has(position) || this.asked.has(position));
  }

  private async fetchBatch(positions: number[], pictures: boolean): Promise<void> {
    for (const position of positions) this.asked.add(position);
    const question: ThumbnailsQuestion = { positions, pictures, height: pictureHeight() };
    const batch: Batch = { positions, request: -1, givenUp: false };
    this.underWay.add(batch);
    try {
      const answer = this.rpc.request<ThumbnailsReply>("thumbnails", { ...question }, [], { begun: (id) => (batch.request = id) });
      const { content, buffers } = await answer;
      await this.take(content, buffers, pictures);
      if (!pictures) this.changed(positions);
    } catch {
      // The error stands under the widget already; these places say that they could not be loaded, or stay without overlays.
      const { revision } = this.now();
      for (const position of positions) {
        const known = pictures ? undefined : this.kept.get(position);
        this.keep(position, known ? { ...known, revision } : unanswered(revision));
      }
      this.changed(positions);
    } finally {
      this.underWay.delete(batch);
      for (const position of positions) this.asked.delete(position);
      this.fetch();
    }
  }

  private async take(reply: ThumbnailsReply, buffers: DataView[], pictures: boolean): Promise<void> {
    const boxes = floats(buffers[0]);
    const grids = floats(buffers[1]);
    const { classes } = this.now();
    let box = 0;
    let cell = 0;
    const taken = reply.items.map(async (item, i) => {
      const found = readBoxes(boxes, box, item.boxes, classes);
      const cam = item.cam === null ? null : readCam(grids, cell, item.cam);
      box += item.boxes;
      cell += cam?.grid.length ?? 0;
      const overlays = { boxes: found, cam, revision: reply.revision };
      const known = this.kept.get(item.position);
      if (!pictures) {
        if (known) this.keep(item.position, { ...known, ...overlays });
      } else {
        const { picture, reason } = await decode(buffers[2 + i], item.reason);
        this.keep(item.position, { picture, reason, ...overlays });
        this.changed([item.position]);
      }
    });
    await Promise.all(taken);
  }

  private keep(position: number, thumbnail: Thumbnail): void {
    const before = this.kept.get(position);
    if (before) this.drop(position, before, before.picture !== thumbnail.picture);
    this.kept.set(position, thumbnail);
    this.bytes += bytesOf(thumbnail);
    if (this.bytes <= CACHE_BYTES) return;
    const onScreen = new Set(this.wanted);
    for (const [old, dropped] of this.kept) {
      if (this.bytes <= CACHE_BYTES) return;
      if (!onScreen.has(old)) this.drop(old, dropped, true);
    }
  }

  private drop(position: number, thumbnail: Thumbnail, close: boolean): void {
    this.kept.delete(position);
    this.bytes -= bytesOf(thumbnail);
    if (close) thumbnail.picture?.close();
  }
}

function bytesOf({ picture, cam }: Thumbnail): number {
  // A closed bitmap has no size any more, so what was counted is kept beside it.
  const own = picture === null ? 0 : (sizes.get(picture) ?? remember(picture));
  return own + (cam === null ? 0 : CAM_BYTES);
}

const sizes = new WeakMap<ImageBitmap, number>();

function remember(picture: ImageBitmap): number {
  const bytes = 4 * (picture.width || 0) * (picture.height || 0);
  sizes.set(picture, bytes);
  return bytes;
}

function unanswered(revision: number): Thumbnail {
  return { picture: null, reason: "It could not be loaded.", unanswered: true, boxes: [], cam: null, revision };
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
