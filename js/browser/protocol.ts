// What the browser's front end and whoever answers it (emocam_widgets/widgets/browser.py; a stored model in an exported
// page) say to each other: traits, questions with their answers, news. Numbers travel as binary buffers, little endian,
// row-major. A position is a place in the index's list of images.
import type { Box } from "../shared/boxes";
import type { CamOverlay } from "../shared/cam";
import { classColour, css } from "../shared/colour";
import { floats, integers } from "../shared/rpc";

// -- traits ---------------------------------------------------------------------------------------------------------

/** The filter. All conditions hold together; null (false, "") is none. */
export interface Conditions {
  cell: [string, string] | null;
  label: string | null;
  annotation: string | null;
  object_class: string | null;
  confidence: number | null;
  importance: [number, number] | null;
  disagreement: boolean;
  text: string;
  only_images: string[] | null;
}

export const NO_CONDITIONS: Conditions = {
  cell: null,
  label: null,
  annotation: null,
  object_class: null,
  confidence: null,
  importance: null,
  disagreement: false,
  text: "",
  only_images: null,
};

export type Sort = "corpus" | "probability" | "importance" | "disagreement" | "name";

/** Every trait that the front end reads or sets. */
export interface BrowserTraits extends Conditions {
  only_images_caption: string;
  sort: Sort;
  sort_reverse: boolean;
  method: string;
  selected: string | null;
  selection: string[];
  open_image: string | null;
  compare_image: string | null;
  edit_image: string | null;
  editable: boolean;
  show_boxes: boolean;
  show_cam: boolean;
  cam_opacity: number;
  cam_method: string | null;
  cam_target: string | null;
  annotatable: boolean;
  annotation_labels: string[];
  annotations_file: string | null;
  annotations_note: string;
}

// -- questions ------------------------------------------------------------------------------------------------------

/** The filter that an order belongs to, and how many images it leaves. */
export interface Order extends Omit<Conditions, "only_images"> {
  /** Grows with every change of the filter, the order or the overlays; what belongs to an older one is asked again. */
  revision: number;
  count: number;
  /** Of how many: those of the label where a class is asked of them, else all. */
  total: number;
  /** All images of the run. */
  images: number;
  /** How many ids the images are limited to. */
  only_images: number | null;
  only_images_caption: string;
  by: string;
}

/**
 * Answer to "index" ({height}: of the pictures that will be asked for). Buffers: order int32; ids joined by NUL (UTF-8); width and height int32 (n, 2); predicted label int32
 * (a position in `labels`); annotation int32 (a position in `annotation_names`, -1: none); probability float32.
 */
export interface IndexReply {
  order: Order;
  labels: string[];
  classes: string[];
  annotation_names: string[];
  methods: string[];
  synthetic: boolean;
  failures: number;
  /** Labels given in the browser, by image id. */
  given: Record<string, string>;
  /** How many steps of annotating can be undone. */
  undo: number;
}

/** Height and width of the grid; the rectangle of the image that it covers, in pixels. */
export type CamShape = [number, number, number, number, number, number];

export interface ThumbnailsQuestion {
  positions: number[];
  /** False: only what lies over them. */
  pictures: boolean;
  /** In device pixels. */
  height: number;
}

/**
 * Answer to "thumbnails". Buffers: boxes float32 (n, 8), grids float32 one after the other, then one JPEG per item (empty
 * without a picture). What was given up is not among the items.
 */
export interface ThumbnailsReply {
  revision: number;
  items: { position: number; boxes: number; cam: CamShape | null; reason?: string }[];
}

/** Not answered: of these questions (their ids), what is not begun is not needed any more. */
export interface GiveUp {
  requests: number[];
}

/** Answer to "image" ({image_id, picture}). Buffers: boxes, grid, probabilities float32; the JPEG (empty if not asked). */
export interface ImageReply {
  revision: number;
  boxes: number;
  cam: CamShape | null;
  cam_method: string;
  cam_target: string;
  cam_output: string | null;
  /** Targets by method: the maps of this image that are stored. */
  stored: Record<string, string[]>;
  annotation: string | null;
  valence: number | null;
  arousal: number | null;
}

// "annotate" ({image_ids, label or null}) and "undo_annotation" are answered by the news below and an empty reply;
// "annotations_csv" by {name} and the table's bytes.

// -- news -----------------------------------------------------------------------------------------------------------

export type OrderNews = Order & { kind: "order" };

/** Buffer: the positions, int32; `annotations` is what each is annotated with now. */
export interface AnnotatedNews {
  kind: "annotated";
  /** What was given (null: taken away) in the browser, by image id. */
  given: Record<string, string | null>;
  annotations: (string | null)[];
  undo: number;
}

// -- reading --------------------------------------------------------------------------------------------------------

const BOX_FIELDS = 8;

/** Rows of eight: x0, y0, x1, y1, confidence, importance (NaN: none), class, strong. */
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

export interface Index {
  order: Int32Array;
  ids: string[];
  sizes: Int32Array;
  predicted: Int32Array;
  annotated: Int32Array;
  probability: Float32Array;
}

export function readIndex(buffers: DataView[]): Index {
  const ids = new TextDecoder().decode(buffers[1]);
  return {
    order: integers(buffers[0]),
    ids: ids === "" ? [] : ids.split("\0"),
    sizes: integers(buffers[2]),
    predicted: integers(buffers[3]),
    annotated: integers(buffers[4]),
    probability: floats(buffers[5]),
  };
}
