// What the image browser asks of Python (../browser/protocol.ts), answered from a report: which images, in which order, with what
// over them. Labels cannot be given: a report has nowhere to save them.
import { type CamShape, type Conditions, type ImageReply, type IndexReply, NO_CONDITIONS, type Order, type ThumbnailsReply } from "../browser/protocol";
import type { CamOverlay } from "../shared/cam";
import type { Pictures } from "./data";
import { few } from "./few";
import type { ImageFilter } from "./filter";
import type { Numbers, Settings } from "./numbers";
import { BOX_FIELDS, type Shown } from "./shown";
import { type Answer, type StoredModel, Unanswerable } from "./storedModel";

const SETTINGS = ["by", "method", "score", "threshold"];
const OVERLAYS = ["cam_method", "cam_target"];
const ORDER = ["sort", "sort_reverse", "only_images_caption"];
const LARGE_BOXES = 400;

export interface RunData {
  numbers: Numbers;
  shown: Shown;
  pictures: Pictures;
  filter: ImageFilter;
  /** What images were labelled with in the browser, by id. */
  given: Record<string, string>;
}

export class BrowserAnswers {
  private revision = 0;
  private order: Int32Array = new Int32Array(0);
  private camWithoutCell = false;
  private hadCell: boolean;
  private due = false;

  constructor(
    private readonly model: StoredModel,
    private readonly run: RunData,
  ) {
    this.hadCell = model.get("cell") !== null;
    model.watch(["cell"], () => this.cellChanged());
    model.watch(["label"], () => {
      if (model.get("label") !== null) model.set("cell", null);
    });
    model.watch([...Object.keys(NO_CONDITIONS), ...SETTINGS, ...OVERLAYS, ...ORDER, "only_pictures"], () => this.refilter());
    model.answer("index", () => this.index());
    model.answer("give_up", () => null);
    model.answer("failures", () => ({ count: run.numbers.header.failures, listed: run.numbers.header.failed }));
    model.answer("thumbnails", (asked) => this.thumbnails(asked.positions as number[], asked.pictures !== false));
    model.answer("image", (asked) => this.image(String(asked.image_id), asked.picture !== false));
    this.sort();
  }

  private get wanted(): Conditions {
    const entries = Object.entries(NO_CONDITIONS).map(([name, none]) => [name, this.model.get(name) ?? none]);
    return Object.fromEntries(entries) as Conditions;
  }

  private get settings(): Settings {
    const { model } = this;
    return { method: model.get("method"), score: model.get("score"), threshold: model.get("threshold"), by: model.get("by") };
  }

  /** A cell is about maps: they are shown with it, and as before without it. */
  private cellChanged(): void {
    const { model } = this;
    const has = model.get("cell") !== null;
    if (has && !this.hadCell) {
      this.camWithoutCell = model.get("show_cam");
      model.set("show_cam", true);
    } else if (!has && this.hadCell) model.set("show_cam", this.camWithoutCell);
    this.hadCell = has;
    if (has) model.set("label", null);
  }

  /** Several traits may change in one step: it is sorted once. */
  private refilter(): void {
    if (this.due) return;
    this.due = true;
    queueMicrotask(() => {
      this.due = false;
      this.sort();
      this.revision++;
      const { order, seen } = this.orderMessage();
      this.model.tell({ kind: "order", ...order }, [seen]);
    });
  }

  private sort(): void {
    this.order = this.run.filter.ordered(this.wanted, this.settings, this.model.get("sort"), this.model.get("sort_reverse"));
  }

  /** The counts are of the whole run; in the grid stand, where that is asked for, only the images whose pictures are here. */
  private orderMessage(): { order: Order; seen: Int32Array } {
    const { model, run, wanted } = this;
    const seen = model.get<boolean>("only_pictures") ? this.order.filter((position) => run.pictures.has(position)) : this.order;
    const order = {
      ...wanted,
      only_images: wanted.only_images?.length ?? null,
      only_images_caption: model.get<string>("only_images_caption"),
      revision: this.revision,
      count: this.order.length,
      total: run.filter.total(wanted, this.settings),
      images: run.numbers.length,
      by: model.get<string>("by"),
    };
    const pictured = model.get<boolean>("only_pictures") ? seen.length : this.order.filter((position) => run.pictures.has(position)).length;
    model.set("pictured", [pictured, this.order.length]);
    return { order, seen };
  }

  private index(): Answer {
    const { numbers, given } = this.run;
    const { header } = numbers;
    const size = new Int32Array(2 * numbers.length);
    const top = new Float32Array(numbers.length);
    for (let i = 0; i < numbers.length; i++) {
      size.set([numbers.width[i], numbers.height[i]], 2 * i);
      top[i] = numbers.probabilityOf(i, numbers.predicted[i]);
    }
    const names = [...new Set([...header.labels, ...header.annotations, ...Object.values(given)])];
    const place = new Map(names.map((name, i) => [name, i]));
    const annotated = Int32Array.from(header.ids, (_, position) => place.get(numbers.annotation(position) ?? "") ?? -1);
    const { order, seen } = this.orderMessage();
    const reply: IndexReply = {
      order,
      labels: header.labels,
      classes: header.classes,
      annotation_names: names,
      methods: header.methods,
      synthetic: header.synthetic,
      failures: header.failures,
      given,
      undo: 0,
    };
    return [{ ...reply }, [seen, new TextEncoder().encode(header.ids.join("\0")), size, numbers.predicted, annotated, top]];
  }

  private thumbnails(asked: number[], pictures: boolean): Answer {
    const { run } = this;
    const boxes: Float32Array[] = [];
    const grids: Float32Array[] = [];
    const data: Uint8Array[] = [];
    const items = asked.map((position) => {
      const found = few(run.shown.boxes(position, this.settings, this.wanted));
      const cam = this.cam(position);
      boxes.push(found);
      if (cam) grids.push(cam.grid);
      data.push(pictures ? run.pictures.bytes(position) : new Uint8Array(0));
      const reason = pictures ? run.pictures.reason(position) : null;
      return { position, boxes: found.length / BOX_FIELDS, cam: shapeOf(cam), ...(reason === null ? {} : { reason }) };
    });
    const reply: ThumbnailsReply = { revision: this.revision, items };
    return [{ ...reply }, [joined(boxes), joined(grids), ...data]];
  }

  private image(imageId: string, picture: boolean): Answer {
    const { run } = this;
    const { numbers } = run;
    const position = numbers.header.ids.indexOf(imageId);
    if (position < 0) throw new Unanswerable(`There is no image ${imageId} in this run.`);
    const reason = run.pictures.reason(position);
    if (picture && reason !== null) throw new Unanswerable(reason);
    const boxes = run.shown.boxes(position, this.settings, this.wanted, this.camMethod).slice(0, LARGE_BOXES * BOX_FIELDS);
    const cam = this.cam(position);
    const predicted = numbers.label(position) ?? "";
    const reply: ImageReply = {
      revision: this.revision,
      boxes: boxes.length / BOX_FIELDS,
      cam: shapeOf(cam),
      cam_method: this.camMethod,
      cam_target: this.camTarget ?? predicted,
      cam_output: cam && numbers.header.outputs[this.camMethod],
      stored: Object.fromEntries(numbers.header.methods.filter((method) => run.shown.cam(position, method)).map((method) => [method, [predicted]])),
      annotation: numbers.annotation(position),
      ...numbers.affect(position),
    };
    const grid = cam?.grid ?? new Float32Array(0);
    return [{ ...reply }, [boxes, grid, numbers.probabilities(position), picture ? run.pictures.bytes(position) : new Uint8Array(0)]];
  }

  private get camMethod(): string {
    return this.model.get<string | null>("cam_method") ?? this.model.get<string>("method");
  }

  private get camTarget(): string | null {
    return this.model.get<string | null>("cam_target");
  }

  /** A report holds the maps of the predicted labels. */
  private cam(position: number): CamOverlay | null {
    const target = this.camTarget;
    return target === null || target === this.run.numbers.label(position) ? this.run.shown.cam(position, this.camMethod) : null;
  }
}

const shapeOf = (cam: CamOverlay | null): CamShape | null => cam && [cam.height, cam.width, cam.view.x0, cam.view.y0, cam.view.x1, cam.view.y1];

function joined(parts: Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
