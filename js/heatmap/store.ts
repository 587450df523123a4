// The heatmap's content in the browser, one for all that show or change it on one model: it asks for numbers and keeps the last answer.
import { Disposer } from "../shared/dom";
import type { ErrorBar } from "../shared/errors";
import type { Model } from "../shared/model";
import { Rpc } from "../shared/rpc";
import {
  namesOf,
  readMarks,
  readMatrix,
  SETTING_NAMES,
  type Feature,
  type Marks,
  type MarksReply,
  type MatrixReply,
  type Names,
  type RawMatrix,
  type Settings,
} from "./protocol";

/** After an answer Python tells the traits; so long they may still be the old ones. */
const TRAITS_FOLLOW = 250;
/** What Python refuses stays different; it is not asked for ever. */
const ASK_AGAIN = 2;
/** Marks are asked for when nothing has changed for a moment. */
const MARKS_AFTER = 120;
/** How often others (the images beside it, Python's observers) hear of a slider that moves; the heatmap itself follows it at once. */
const TELL_EVERY = 150;

/** What is told: new numbers are asked for (what is shown is not the newest from now on), or they came, or their marks did. */
export type News = "asked" | "matrix" | "marks";

const stores = new WeakMap<Model, Store>();

export class Store {
  raw: RawMatrix | null = null;
  marks: Marks | null = null;
  /** As last answered; until then what the traits say. */
  settings: Settings;
  limit = 1;
  defaultThreshold = 0.3;
  /** True while a slider is dragged or an answer is under way: what traits say is then not the newest. */
  settled = true;
  searched = "";
  readonly rpc: Rpc;
  private names: Names | null = null;
  private unsent: Partial<Settings> = {};
  private users = 0;
  private dragging = false;
  private readonly disposer = new Disposer();
  private readonly listeners = new Set<(what: News) => void>();
  private followTimer = 0;
  private marksTimer = 0;
  private tellTimer = 0;
  private told = 0;
  private readonly ask: (content: Record<string, unknown>, buffers: Int32Array[]) => void;
  private readonly askMarks: (content: Record<string, unknown>, buffers: Int32Array[]) => void;
  /** Which numbers a question for marks is about. */
  private readonly marksOf = new WeakMap<object, RawMatrix>();

  /** The store of this model, made with the first that wants it and gone with the last. */
  static of(model: Model, disposer: Disposer, errors: ErrorBar): Store {
    let store = stores.get(model);
    if (!store) stores.set(model, (store = new Store(model, errors)));
    const found = store;
    found.users++;
    disposer.add(() => {
      if (--found.users) return;
      found.disposer.dispose();
      stores.delete(model);
    });
    return found;
  }

  private constructor(
    private readonly model: Model,
    errors: ErrorBar,
  ) {
    this.settings = this.traits();
    this.rpc = new Rpc(model, this.disposer, errors);
    const ask = this.rpc.latest<MatrixReply>("matrix", (reply, asked, isLast) => {
      const names = namesOf(reply.content, this.names);
      this.names = names;
      const sent = asked.settings as Record<string, unknown>;
      if (asked.tell) this.unsent = Object.fromEntries(Object.entries(this.unsent).filter(([name, value]) => sent[name] !== value));
      this.settings = reply.content.settings;
      this.limit = reply.content.limit;
      this.defaultThreshold = reply.content.default_threshold;
      this.raw = readMatrix(reply, names, this.raw?.strongest ?? null);
      this.marks = null;
      this.settled = isLast && !this.dragging;
      this.tell("matrix");
      if (this.settled) this.wantMarks();
    });
    this.ask = (content, buffers) => ask(content, buffers as Int32Array<ArrayBuffer>[]);
    const askMarks = this.rpc.latest<MarksReply>("marks", (reply, asked) => {
      if (this.marksOf.get(asked) !== this.raw) return; // of numbers that are not shown any more
      this.marks = readMarks(reply);
      this.tell("marks");
    });
    this.askMarks = (content, buffers) => askMarks(content, buffers as Int32Array<ArrayBuffer>[]);
    this.disposer.watch(model, [...SETTING_NAMES], () => this.follow());
    this.disposer.watch(model, "marks", () => this.wantMarks());
    this.disposer.watch(model, "run_revision", () => this.request(false));
    this.disposer.add(() => {
      clearTimeout(this.followTimer);
      clearTimeout(this.marksTimer);
      clearTimeout(this.tellTimer);
      this.listeners.clear();
    });
    this.request(false);
  }

  on(disposer: Disposer, listener: (what: News) => void): void {
    this.listeners.add(listener);
    disposer.add(() => this.listeners.delete(listener));
  }

  offers(feature: Feature): boolean {
    return this.model.get<Feature[]>("features").includes(feature);
  }

  /** Changes settings. While `dragging` the rows stay as they are: they must not jump under a moving slider. */
  change(settings: Partial<Settings>, dragging = false): void {
    Object.assign(this.unsent, settings);
    this.dragging = dragging;
    clearTimeout(this.tellTimer);
    const now = performance.now();
    const tell = !dragging || now - this.told >= TELL_EVERY;
    if (tell) this.told = now;
    else this.tellTimer = window.setTimeout(() => this.request(true), TELL_EVERY);
    this.request(dragging, tell);
  }

  search(text: string): void {
    this.searched = text;
    this.request(false);
  }

  private request(held: boolean, tell = true): void {
    this.settled = false;
    this.tell("asked");
    clearTimeout(this.marksTimer);
    const rows = held && this.raw ? [this.raw.rows, this.raw.columns] : [];
    this.ask({ settings: { ...this.unsent }, search: this.searched, tell, names: this.names?.number ?? null }, rows);
  }

  private traits(): Settings {
    return Object.fromEntries(SETTING_NAMES.map((name) => [name, this.model.get(name)])) as unknown as Settings;
  }

  /**
   * A trait was changed: by our own change, which is shown already, or by somebody else, which is asked for. Where that was here in
   * the browser (jslink), the question may come to Python before the trait does: then it is asked again.
   */
  private follow(again = ASK_AGAIN): void {
    clearTimeout(this.followTimer);
    const same = JSON.stringify(this.traits()) === JSON.stringify(this.settings);
    const asked = this.settled && !same && !Object.keys(this.unsent).length;
    if (asked) this.request(false);
    const left = asked ? again - 1 : again;
    if (!this.settled && left >= 0) this.followTimer = window.setTimeout(() => this.follow(left), TRAITS_FOLLOW);
  }

  private wantMarks(): void {
    clearTimeout(this.marksTimer);
    const { raw } = this;
    if (!this.model.get<boolean>("marks")) {
      this.marks = null;
      this.tell("marks");
    } else if (raw && raw.other === null && raw.rows.length && this.offers("marks")) {
      this.marksTimer = window.setTimeout(() => {
        const question = { settings: this.settings };
        this.marksOf.set(question, raw);
        this.askMarks(question, [raw.rows, raw.columns]);
      }, MARKS_AFTER);
    }
  }

  private tell(what: News): void {
    for (const listener of [...this.listeners]) listener(what);
  }
}
