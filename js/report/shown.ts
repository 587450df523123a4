// The boxes and maps of those images whose pictures a report holds.
import type { Conditions } from "../browser/protocol";
import type { CamOverlay } from "../shared/cam";
import { aboutBoxes, boxClass, type OneBox, oneBox } from "./conditions";
import { type Block, importanceOf, thresholdCode, UNIT_STEPS } from "./data";
import type { Numbers, Settings } from "./numbers";

/** Boxes as the widgets' messages carry them: rows of eight float32. */
export const BOX_FIELDS = 8;
const GRID_STEPS = 255;

export interface ShownHeader {
  states: Record<string, Record<string, unknown>>;
  pictures: [position: number, chunk: number, at: number, length: number][];
  unreadable: Record<string, string>;
  no_room: string;
  given: Record<string, string>;
  notes: string[];
  name: string;
}

interface Cams {
  place: Map<number, number>;
  shape: Uint16Array;
  view: Float32Array;
  grid: Uint8Array;
  start: Uint32Array;
}

export class Shown {
  private readonly held: Set<number>;
  private readonly start: Uint32Array;
  private readonly classOf: Uint16Array;
  private readonly confidence: Uint16Array;
  private readonly corners: Uint16Array;
  private readonly importances = new Map<string, Uint16Array | null>();
  private readonly cams = new Map<string, Cams | null>();

  constructor(
    private readonly block: Block<ShownHeader>,
    private readonly numbers: Numbers,
  ) {
    const { pictures, unreadable } = block.header;
    this.held = new Set([...pictures.map(([position]) => position), ...Object.keys(unreadable).map(Number)]);
    this.start = block.u4("box.start");
    this.classOf = block.u2("box.class");
    this.confidence = block.u2("box.confidence");
    this.corners = block.u2("box.corners");
  }

  /**
   * The boxes of an image, most confident first, as message rows: x0, y0, x1, y1, confidence, importance, class, strong. Strong are
   * those that the filter is about, without one those that count. `shownMethod`: whose importance is told.
   */
  boxes(position: number, settings: Settings, wanted: Conditions, shownMethod = settings.method): Float32Array {
    const [from, to] = [this.start[position], this.start[position + 1]];
    const told = this.importance({ ...settings, method: shownMethod });
    const isStrong = this.strong(settings, wanted);
    const size = [this.numbers.width[position], this.numbers.height[position]];
    const rows = new Float32Array((to - from) * BOX_FIELDS);
    for (let box = from; box < to; box++) {
      const at = (box - from) * BOX_FIELDS;
      for (let i = 0; i < 4; i++) rows[at + i] = (this.corners[4 * box + i] / UNIT_STEPS) * size[i % 2];
      rows[at + 4] = this.confidence[box] / UNIT_STEPS;
      rows[at + 5] = told === null ? NaN : importanceOf(told[box]);
      rows[at + 6] = this.classOf[box];
      rows[at + 7] = Number(isStrong(box));
    }
    return rows;
  }

  /** As `_answering` in Python. */
  private strong(settings: Settings, wanted: Conditions): (box: number) => boolean {
    const importance = this.importance(settings);
    const code = thresholdCode(settings.threshold);
    const counts = (box: number): boolean => importance !== null && importance[box] > code;
    if (wanted.cell === null && !aboutBoxes(wanted)) return counts;
    const rowOf = (name: string | null | undefined): number => (name === null || name === undefined ? -1 : this.numbers.header.classes.indexOf(name));
    const cellRow = rowOf(wanted.cell?.[0]);
    const inCell = (box: number): boolean => wanted.cell !== null && this.classOf[box] === cellRow && counts(box);
    if (!aboutBoxes(wanted)) return inCell;
    const one = oneBox(wanted, rowOf(boxClass(wanted)));
    const right = (box: number): boolean => this.is(box, importance, one);
    return wanted.cell !== null && wanted.object_class === null ? (box) => inCell(box) && right(box) : (box) => inCell(box) || right(box);
  }

  /** Whether the boxes of an image are here. */
  has(position: number): boolean {
    return this.held.has(position);
  }

  some(position: number, settings: Settings, one: OneBox): boolean {
    const importance = this.importance(settings);
    for (let box = this.start[position]; box < this.start[position + 1]; box++) if (this.is(box, importance, one)) return true;
    return false;
  }

  private is(box: number, importance: Uint16Array | null, { row, least, range }: OneBox): boolean {
    if ((row >= 0 && this.classOf[box] !== row) || this.confidence[box] < least) return false;
    return range === null || (importance !== null && importance[box] >= range[0] && importance[box] <= range[1]);
  }

  /** The map of the image's predicted label, or null where the report has none. */
  cam(position: number, method: string): CamOverlay | null {
    const cams = this.camsOf(method);
    const place = cams?.place.get(position);
    if (!cams || place === undefined) return null;
    const [height, width] = [cams.shape[2 * place], cams.shape[2 * place + 1]];
    const [x0, y0, x1, y1] = cams.view.subarray(4 * place, 4 * place + 4);
    const stored = cams.grid.subarray(cams.start[place], cams.start[place] + height * width);
    return { grid: Float32Array.from(stored, (value) => value / GRID_STEPS), height, width, view: { x0, y0, x1, y1 } };
  }

  private importance({ method, score }: Settings): Uint16Array | null {
    const name = `box.importance/${method}/${score}`;
    let values = this.importances.get(name);
    if (values === undefined) this.importances.set(name, (values = this.block.has(name) ? this.block.u2(name) : null));
    return values;
  }

  private camsOf(method: string): Cams | null {
    let cams = this.cams.get(method);
    if (cams === undefined) this.cams.set(method, (cams = this.readCams(method)));
    return cams;
  }

  private readCams(method: string): Cams | null {
    const { block } = this;
    if (!block.has(`cam.grid/${method}`)) return null;
    const shape = block.u2(`cam.shape/${method}`);
    const images = block.u4(`cam.image/${method}`);
    const start = new Uint32Array(images.length + 1);
    for (let i = 0; i < images.length; i++) start[i + 1] = start[i] + shape[2 * i] * shape[2 * i + 1];
    const place = new Map([...images].map((position, i) => [position, i]));
    return { place, shape, view: block.f4(`cam.view/${method}`), grid: block.u1(`cam.grid/${method}`), start };
  }
}
