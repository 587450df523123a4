// What the image browser asks of Python, answered from a report: which images, in which order, with what over them.
import { WEAK_CONFIDENCE, few } from "./few";
import { boxClass, aboutBoxes, type Filter, type ImageFilter } from "./filter";
import type { Numbers, Settings } from "./numbers";
import type { Pictures } from "./data";
import { BOX_FIELDS, type Shown, type Wanted } from "./shown";
import { type Answer, type StoredModel, Unanswerable } from "./storedModel";

export const CONDITIONS = ["cell", "label", "annotation", "object_class", "confidence", "importance", "disagreement", "text", "only_images"];
const SETTINGS = ["by", "method", "score", "threshold"];
const ORDER = ["sort", "sort_reverse", "only_images_caption"];
const LARGE_BOXES = 400;

export interface RunData {
  numbers: Numbers;
  shown: Shown;
  pictures: Pictures;
  filter: ImageFilter;
}

export class BrowserAnswers {
  private revision = 0;
  private order: Int32Array = new Int32Array(0);
  private camWithoutCell = false;

  constructor(
    private readonly model: StoredModel,
    private readonly run: RunData,
  ) {
    model.watch(["cell"], () => this.cellChanged());
    for (const trait of ["label", "object_class"]) {
      model.watch([trait], () => {
        if (model.get(trait) !== null) model.set("cell", null);
      });
    }
    model.watch([...CONDITIONS, ...SETTINGS, ...ORDER, "only_pictures"], () => this.refilter());
    model.answer("index", () => this.index());
    model.answer("thumbnails", (asked) => this.thumbnails(asked.positions as number[], asked.pictures !== false));
    model.answer("image", (asked) => this.image(String(asked.image_id), asked.picture !== false));
    this.hadCell = model.get("cell") !== null;
    this.sort();
  }

  private hadCell: boolean;

  private get wanted(): Filter {
    const { model } = this;
    const or = <T>(trait: string, otherwise: T): T => model.get<T | undefined>(trait) ?? otherwise;
    return {
      cell: or("cell", null),
      label: or("label", null),
      annotation: or("annotation", null),
      object_class: or("object_class", null),
      confidence: or("confidence", null),
      importance: or("importance", null),
      disagreement: or("disagreement", false),
      text: or("text", ""),
      only_images: or("only_images", null),
    };
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
    if (!has) return;
    model.set("label", null);
    model.set("object_class", null);
  }

  private refilter(): void {
    this.sort();
    this.revision++;
    const [content, buffers] = this.orderMessage();
    this.model.tell({ kind: "order", ...content }, buffers);
  }

  private sort(): void {
    this.order = this.run.filter.ordered(this.wanted, this.settings, this.model.get("sort"), this.model.get("sort_reverse") ?? false);
  }

  /** The counts are of the whole run; in the grid stand, where that is asked for, only the images whose pictures are here. */
  private orderMessage(): [Record<string, unknown>, ArrayBufferView[]] {
    const { model, run, wanted } = this;
    const seen = model.get<boolean>("only_pictures") ? this.order.filter((position) => run.pictures.has(position)) : this.order;
    const content = {
      ...wanted,
      revision: this.revision,
      count: this.order.length,
      total: run.filter.total(wanted, this.settings),
      images: run.numbers.length,
      by: model.get<string>("by"),
    };
    return [content, [seen]];
  }

  private index(): Answer {
    const { numbers } = this.run;
    const { header } = numbers;
    const size = new Int32Array(2 * numbers.length);
    const top = new Float32Array(numbers.length);
    for (let i = 0; i < numbers.length; i++) {
      size.set([numbers.width[i], numbers.height[i]], 2 * i);
      top[i] = numbers.probabilityOf(i, numbers.predicted[i]);
    }
    const [order, buffers] = this.orderMessage();
    const content = { order, labels: header.labels, classes: header.classes, synthetic: header.synthetic, failures: header.failures };
    return [content, [...buffers, new TextEncoder().encode(header.ids.join("\0")), size, numbers.predicted, top]];
  }

  private thumbnails(asked: number[], pictures: boolean): Answer {
    const { run, settings } = this;
    const boxes: Float32Array[] = [];
    const grids: Float32Array[] = [];
    const data: Uint8Array[] = [];
    const items = asked.map((position) => {
      const found = few(run.shown.boxes(position, settings, this.about), WEAK_CONFIDENCE);
      const cam = run.shown.cam(position, settings.method);
      boxes.push(found);
      if (cam) grids.push(cam.grid);
      data.push(pictures ? run.pictures.bytes(position) : new Uint8Array(0));
      const reason = pictures ? run.pictures.reason(position) : null;
      const shape = cam && [cam.height, cam.width, cam.view.x0, cam.view.y0, cam.view.x1, cam.view.y1];
      return { position, boxes: found.length / BOX_FIELDS, cam: shape, ...(reason === null ? {} : { reason }) };
    });
    return [{ revision: this.revision, items }, [joined(boxes), joined(grids), ...data]];
  }

  private image(imageId: string, picture: boolean): Answer {
    const { run, settings } = this;
    const { numbers } = run;
    const position = numbers.header.ids.indexOf(imageId);
    if (position < 0) throw new Unanswerable(`There is no image ${imageId} in this run.`);
    const reason = run.pictures.reason(position);
    if (picture && reason !== null) throw new Unanswerable(reason);
    const boxes = run.shown.boxes(position, settings, this.about).slice(0, LARGE_BOXES * BOX_FIELDS);
    const cam = run.shown.cam(position, settings.method);
    const content = {
      revision: this.revision,
      boxes: boxes.length / BOX_FIELDS,
      cam: cam && [cam.height, cam.width, cam.view.x0, cam.view.y0, cam.view.x1, cam.view.y1],
      cam_method: cam && settings.method,
      cam_target: cam && numbers.label(position),
      cam_output: cam && numbers.header.outputs[settings.method],
      annotation: numbers.annotation(position),
    };
    const grid = cam?.grid ?? new Float32Array(0);
    return [content, [boxes, grid, numbers.probabilities(position), picture ? run.pictures.bytes(position) : new Uint8Array(0)]];
  }

  private get about(): Wanted {
    const { wanted } = this;
    // A class filter alone asks what is in the picture, so every such box is what it is about.
    return { objectClass: boxClass(wanted), counting: wanted.cell !== null || !aboutBoxes(wanted) };
  }
}

function joined(parts: Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
