// The heatmap itself: an ARIA grid of plain elements on whole pixels, over a picture of its cells. Cells and the heads of rows and columns
// are walked through with the arrow keys and picked by click or Enter; a cross of bands follows the pointer; of a long heatmap only rows
// near sight exist.
import { classColour, css, labelColour } from "../shared/colour";
import { h, isDark, type Disposer } from "../shared/dom";
import { CellView, textWidth } from "./cells";
import { geometry, ROW_EASY, type Geometry } from "./geometry";
import type { Matrix } from "./matrix";
import { Overlay, type Rect } from "./overlay";
import { CellPicture, type Part } from "./picture";
import type { Cell, Marks } from "./protocol";
import { drawnFor, rowsFor, type Span } from "./window";

/** A place in the grid; row -1 is the heads of the columns, column -1 the heads of the rows. */
export interface Place {
  row: number;
  column: number;
}

export interface Selected {
  cell: Cell | null;
  object_class: string | null;
  label: string | null;
}

export interface GridEvents {
  /** A cell or a head was clicked, or Enter pressed on it. */
  pick(place: Place): void;
  /** Escape. */
  clear(): void;
  /** The pointer or the keyboard is on a cell or head (or on none). */
  hover(place: Place | null): void;
}

interface Row {
  el: HTMLElement;
  name: HTMLElement;
  cells: CellView[];
}

const NOWHERE: Selected = { cell: null, object_class: null, label: null };
/** Names for screen readers are written when painting has come to rest. */
const NAMES_AFTER = 150;

export class HeatmapGrid {
  readonly el = h("div", { class: "hm-scroll", "data-testid": "heatmap" });
  private readonly grid = h("div", { class: "hm-grid", role: "grid", "aria-label": "Association of object classes and labels" });
  private readonly head = h("div", { class: "hm-row hm-head", role: "row", "aria-rowindex": 1 });
  private readonly body = h("div", { class: "hm-body", role: "rowgroup" });
  private readonly overlay = new Overlay();
  private readonly picture = new CellPicture();
  /** The part of the cells that the picture shows. */
  private part: Part | null = null;
  private readonly rows = new Map<number, Row>();
  private columns: HTMLElement[] = [];
  private readonly heads = new Few((el, on) => el.classList.toggle("hm-on", on));
  private readonly chosen = new Few((el, on) => el.setAttribute("aria-selected", String(on)));
  private span: Span | null = null;
  private matrix: Matrix | null = null;
  private marks: Marks | null = null;
  private selected: Selected = NOWHERE;
  private active: Place = { row: 0, column: 0 };
  private hot: Place | null = null;
  private size = { width: 0, height: 0 };
  private unit: Geometry = { cell: 20, row: 17, label: 120, head: 90, angle: 45, text: 120, width: 0 };
  private wanted = 0;
  private named = "";
  private namesTimer = 0;

  constructor(
    disposer: Disposer,
    private readonly events: GridEvents,
  ) {
    this.grid.append(this.head, this.body);
    this.el.append(this.grid);
    disposer.listen(this.grid, "click", (event) => {
      const place = this.placeOf(event);
      if (!place) return;
      this.activate(place, false);
      this.events.pick(place);
    });
    disposer.listen(this.grid, "pointerover", (event) => this.hover(this.placeOf(event)));
    disposer.listen(this.grid, "pointerleave", () => this.hover(null));
    disposer.listen<FocusEvent>(this.grid, "focusin", (event) => this.hover(this.placeOf(event)));
    disposer.listen<FocusEvent>(this.grid, "focusout", () => this.hover(null));
    disposer.listen<KeyboardEvent>(this.grid, "keydown", (event) => this.key(event));
    disposer.listen(this.el, "scroll", () => {
      this.fill();
      if (this.nowDrawn() !== this.part) this.draw();
    });
    disposer.resize(this.el, (width, height) => {
      this.size = { width, height };
      this.layout();
    });
    disposer.add(() => clearTimeout(this.namesTimer));
  }

  get shownSize(): number {
    return this.unit.row;
  }

  /** Pixels that so many rows need with the names of the columns. */
  heightOf(rows: number): number {
    return this.unit.head + rows * ROW_EASY + 8;
  }

  /** `moving`: there will be others in a moment, so that only what is seen is brought up to date. */
  show(matrix: Matrix, marks: Marks | null, moving = false): void {
    const named = JSON.stringify([matrix.classes, matrix.labels]);
    this.matrix = matrix;
    this.marks = marks;
    if (named === this.named) {
      this.paint();
      this.place(false);
    } else {
      this.named = named;
      this.build(matrix);
      this.layout();
    }
    if (!moving) this.tellCells();
  }

  select(selected: Selected, scroll = true): void {
    this.selected = selected;
    this.place(scroll);
  }

  /** Height of a row in pixels, 0 for as much as fits. */
  zoom(size: number): void {
    this.wanted = size;
    this.layout();
  }

  /** The keyboard goes to the first row's name. */
  focusFirst(): void {
    if (this.matrix?.classes.length) this.activate({ row: 0, column: -1 }, true);
  }

  /** Colours, numbers and marks of the cells; also after a change of theme. */
  paint(): void {
    const { matrix } = this;
    if (!matrix) return;
    const dark = isDark(this.el);
    const n = matrix.labels.length;
    this.draw(dark);
    for (const [i, { cells }] of this.rows) cells.forEach((cell, j) => (cell.empty = matrix.isEmpty(i * n + j)));
    this.columns.forEach((column, j) => {
      barOf(column).style.background = css(labelColour(matrix.labels[j], dark));
      column.classList.toggle("hm-none", matrix.images[j] === 0);
    });
    clearTimeout(this.namesTimer);
    this.namesTimer = window.setTimeout(() => this.nameCells(), NAMES_AFTER);
  }

  private draw(dark = isDark(this.el)): void {
    if (!this.matrix) return;
    this.part = this.nowDrawn();
    this.picture.draw(this.matrix, this.marks, this.part, this.unit, dark);
  }

  /** What the picture has to show where it is scrolled to now: the same object as long as that is what it shows. */
  private nowDrawn(): Part {
    const { classes, labels } = this.matrix!;
    const { part, unit, size, el } = this;
    const rows = drawnFor(part?.rows ?? null, el.scrollTop, Math.max(size.height, 100), unit.row, classes.length);
    const columns = drawnFor(part?.columns ?? null, el.scrollLeft, Math.max(size.width, 100), unit.cell, labels.length);
    return part && same(part.rows, rows) && same(part.columns, columns) ? part : { rows, columns };
  }

  private tellCells(): void {
    const { matrix, marks, unit } = this;
    if (!matrix) return;
    const n = matrix.labels.length;
    for (const [i, { cells }] of this.rows) cells.forEach((cell, j) => cell.tell(matrix, i * n + j, unit, marks));
  }

  private nameCells(): void {
    const { matrix, marks, unit } = this;
    if (!matrix) return;
    this.tellCells();
    const n = matrix.labels.length;
    for (const [i, { cells }] of this.rows) cells.forEach((cell, j) => cell.name(matrix, i * n + j, unit, marks));
    this.columns.forEach((column, j) => column.setAttribute("aria-label", `${matrix.labels[j]}: ${matrix.images[j]} images`));
  }

  private build(matrix: Matrix): void {
    const focused = this.grid.contains(document.activeElement);
    this.columns = matrix.labels.map((label, j) =>
      h("div", { class: "hm-column", role: "columnheader", tabindex: -1, "aria-colindex": j + 2, "aria-selected": "false", "data-testid": "column-head", "data-label": label, "aria-label": label },
        h("span", {}, label), h("i", { class: "hm-bar-mark", "aria-hidden": "true" })),
    );
    this.head.replaceChildren(h("div", { class: "hm-corner", role: "presentation" }), ...this.columns);
    this.rows.clear();
    this.span = null;
    this.part = null;
    this.body.replaceChildren(this.picture.el, this.overlay.el);
    this.grid.setAttribute("aria-rowcount", String(matrix.classes.length + 1));
    this.grid.setAttribute("aria-colcount", String(matrix.labels.length + 1));
    this.active = this.inside(this.active);
    this.hover(null);
    this.fill();
    this.mark(this.active, true);
    if (focused) this.elementAt(this.active)?.focus({ preventScroll: true });
  }

  private makeRow(matrix: Matrix, i: number): Row {
    const objectClass = matrix.classes[i];
    const name = h("div", { class: "hm-name", role: "rowheader", tabindex: -1, "aria-colindex": 1, "aria-selected": "false", title: objectClass, "data-testid": "row-head", "data-class": objectClass },
      objectClass, h("i", { class: "hm-bar-mark", "aria-hidden": "true", style: { background: css(classColour(objectClass)) } }));
    const el = h("div", { class: "hm-row", role: "row", "aria-rowindex": i + 2, style: { "--hm-i": String(i) } }, name);
    const cells = matrix.labels.map((label, j) => new CellView(j, objectClass, label));
    el.append(...cells.map((cell) => cell.el));
    el.dataset.row = String(i);
    return { el, name, cells };
  }

  /** Makes the rows that come into sight and drops those that are far from it. */
  private fill(): void {
    const { matrix, unit } = this;
    if (!matrix) return;
    const first = Math.floor(this.el.scrollTop / unit.row);
    const span = rowsFor(this.span, first, first + Math.ceil(Math.max(this.size.height, 100) / unit.row) + 1, matrix.classes.length);
    if (span === this.span || (this.span && span.start === this.span.start && span.end === this.span.end)) return;
    this.span = span;
    const focused = this.body.contains(document.activeElement);
    for (const [i, row] of this.rows) {
      if (i < span.start || i >= span.end) {
        row.el.remove();
        this.rows.delete(i);
      }
    }
    for (let i = span.start; i < span.end; i++) {
      if (this.rows.has(i)) continue;
      const row = this.makeRow(matrix, i);
      this.rows.set(i, row);
      const next = this.rows.get(i + 1)?.el ?? this.overlay.el;
      this.body.insertBefore(row.el, next);
    }
    this.paint();
    this.mark(this.active, true);
    this.place(false);
    if (focused && !this.body.contains(document.activeElement)) this.elementAt(this.active)?.focus({ preventScroll: true });
  }

  /** Whole-pixel cell sizes that fill the room there is. */
  private layout(): void {
    const { matrix } = this;
    if (!matrix || this.size.width < 40 || !matrix.labels.length) return;
    const names = { classes: matrix.classes.map(textWidth), labels: matrix.labels.map(textWidth) };
    const unit = geometry(names, this.size, this.wanted);
    this.unit = unit;
    const style = this.grid.style;
    const set = (name: string, value: string): void => style.setProperty(`--hm-${name}`, value);
    set("cell", `${unit.cell}px`);
    set("row", `${unit.row}px`);
    set("label", `${unit.label}px`);
    set("head", `${unit.head}px`);
    set("angle", `${-unit.angle}deg`);
    set("text", `${unit.text + 2}px`);
    set("rows", String(matrix.classes.length));
    style.width = `${unit.width}px`;
    this.fill();
    this.paint();
    this.place(true);
  }

  /** The rings and the emphasised heads, where they belong now. */
  private place(scroll: boolean): void {
    const { matrix, selected, overlay } = this;
    if (!matrix) return;
    const n = matrix.labels.length;
    const index = selected.cell ? matrix.index(selected.cell) : -1;
    const row = selected.cell ? (index < 0 ? -1 : Math.floor(index / n)) : matrix.classes.indexOf(selected.object_class ?? "");
    const column = selected.cell ? (index < 0 ? -1 : index % n) : matrix.labels.indexOf(selected.label ?? "");
    overlay.put("selected", row < 0 && column < 0 ? null : this.rect(row, column));
    const nothing = !selected.cell && selected.object_class === null && selected.label === null;
    const strongest = matrix.strongest && nothing ? matrix.index(matrix.strongest.cell) : -1;
    overlay.put("strongest", strongest < 0 ? null : this.rect(Math.floor(strongest / n), strongest % n));
    const heads = [this.rows.get(row)?.name, this.columns[column]];
    this.heads.become(heads);
    this.chosen.become(selected.cell ? [this.rows.get(row)?.cells[column]?.el] : heads);
    if (!scroll || row < 0) return;
    this.activate({ row, column: selected.cell ? column : -1 }, false);
    this.reveal(row);
  }

  /** Of a cell; without a row of a whole column, without a column of a whole row. */
  private rect(row: number, column: number): Rect {
    const { unit, matrix } = this;
    const x = unit.label + Math.max(column, 0) * unit.cell;
    const y = Math.max(row, 0) * unit.row;
    const { classes, labels } = matrix!;
    return { x, y, width: column < 0 ? labels.length * unit.cell : unit.cell, height: row < 0 ? classes.length * unit.row : unit.row };
  }

  private reveal(row: number): void {
    const top = row * this.unit.row;
    const room = this.size.height - this.unit.head - this.unit.row;
    const wanted = Math.min(Math.max(this.el.scrollTop, top - Math.max(room, 0)), top);
    // Rows stand whole under the names of the columns.
    if (wanted !== this.el.scrollTop) this.el.scrollTop = Math.ceil(wanted / this.unit.row) * this.unit.row;
  }

  private hover(place: Place | null): void {
    if (!this.matrix) return;
    this.emphasise(this.hot, false);
    this.hot = place;
    this.emphasise(place, true);
    this.overlay.put("row", place && place.row >= 0 ? this.rect(place.row, -1) : null);
    this.overlay.put("column", place && place.column >= 0 ? this.rect(-1, place.column) : null);
    this.events.hover(place);
  }

  private emphasise(place: Place | null, on: boolean): void {
    if (!place) return;
    this.rows.get(place.row)?.name.classList.toggle("hm-hot", on);
    this.columns[place.column]?.classList.toggle("hm-hot", on);
  }

  private placeOf(event: Event): Place | null {
    const el = event.target as Element;
    const column = Number(el.closest("[aria-colindex]")?.getAttribute("aria-colindex") ?? 0) - 2;
    const row = Number(el.closest("[aria-rowindex]")?.getAttribute("aria-rowindex") ?? 0) - 2;
    return column < -1 || row < -1 || (row < 0 && column < 0) ? null : { row, column };
  }

  private elementAt({ row, column }: Place): HTMLElement | undefined {
    if (row < 0) return this.columns[column];
    return column < 0 ? this.rows.get(row)?.name : this.rows.get(row)?.cells[column]?.el;
  }

  /** The nearest place that there is. */
  private inside({ row, column }: Place): Place {
    const { classes, labels } = this.matrix!;
    const to = { row: Math.min(Math.max(row, -1), classes.length - 1), column: Math.min(Math.max(column, -1), labels.length - 1) };
    return to.row < 0 && to.column < 0 ? { row: 0, column: -1 } : to;
  }

  private mark(place: Place, stop: boolean): void {
    this.elementAt(place)?.setAttribute("tabindex", stop ? "0" : "-1");
  }

  private activate(place: Place, focus: boolean): void {
    this.mark(this.active, false);
    this.active = place;
    if (focus && place.row >= 0) {
      this.reveal(place.row);
      this.fill();
    }
    this.mark(place, true);
    if (!focus) return;
    const el = this.elementAt(place);
    el?.focus({ preventScroll: true });
    if (place.column < 0) return;
    const { label, cell } = this.unit;
    const left = place.column * cell;
    const most = left - (this.size.width - label - cell);
    this.el.scrollLeft = Math.min(Math.max(this.el.scrollLeft, most), left);
  }

  private key(event: KeyboardEvent): void {
    const { matrix } = this;
    if (!matrix || event.ctrlKey || event.metaKey || event.altKey) return;
    const { row, column } = this.active;
    const to = (r: number, c: number): void => this.activate(this.inside({ row: r, column: c }), true);
    const page = Math.max(1, Math.floor((this.size.height - this.unit.head) / this.unit.row) - 1);
    const actions: Record<string, () => void> = {
      ArrowLeft: () => to(row, column - 1),
      ArrowRight: () => to(row, column + 1),
      ArrowUp: () => to(row - 1, column),
      ArrowDown: () => to(row + 1, column),
      Home: () => to(row, 0),
      End: () => to(row, matrix.labels.length - 1),
      PageUp: () => to(Math.max(0, row - page), column),
      PageDown: () => to(row + page, column),
      Enter: () => this.events.pick(this.active),
      " ": () => this.events.pick(this.active),
      Escape: () => this.events.clear(),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }
}

const barOf = (header: HTMLElement): HTMLElement => header.querySelector<HTMLElement>(".hm-bar-mark")!;

const same = (a: Span, b: Span): boolean => a.start === b.start && a.end === b.end;

/** The few of many elements that are in some state: only those that change are touched. */
class Few {
  private now: HTMLElement[] = [];

  constructor(private readonly set: (el: HTMLElement, on: boolean) => void) {}

  become(wanted: (HTMLElement | undefined)[]): void {
    const next = wanted.filter((el) => el !== undefined);
    for (const el of this.now) if (!next.includes(el)) this.set(el, false);
    for (const el of next) if (!this.now.includes(el)) this.set(el, true);
    this.now = next;
  }
}
