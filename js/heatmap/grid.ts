// The heatmap itself: an ARIA grid of plain elements on whole pixels, with keyboard, hover bands and rings around cells.
import { classColour, css, ink, labelColour } from "../shared/colour";
import { h, isDark, type Disposer } from "../shared/dom";
import type { Cell, Matrix, Measure } from "./matrix";

const ROW_MIN = 17;
const ROW_MAX = 30;
const COLUMN_MIN = 17;
/** Pixels by which "100" may be wider than its cell: its figures then stand closer together. */
const TIGHTEN = 3;
const COLUMN_MAX = 56;
const ANGLE = 52;
const NUMBER_MIN = { width: 19, height: 16 };

export interface GridEvents {
  /** A cell was clicked or Enter pressed on it. */
  pick(cell: Cell): void;
  /** Escape. */
  clear(): void;
  /** The pointer or the keyboard is on a cell (or on none). */
  hover(index: number, anchor: HTMLElement | null): void;
}

export class HeatmapGrid {
  readonly el = h("div", { class: "hm-scroll", "data-testid": "heatmap" });
  private readonly grid = h("div", { class: "hm-grid", role: "grid", "aria-label": "Association of object classes and labels" });
  private readonly head = h("div", { class: "hm-row hm-head", role: "row" });
  private readonly body = h("div", { class: "hm-body", role: "rowgroup" });
  private readonly rowBand = h("div", { class: "hm-band" });
  private readonly columnBand = h("div", { class: "hm-band" });
  private readonly strongRing = h("div", { class: "hm-ring hm-ring-strong", "data-testid": "strongest" });
  private readonly selectedRing = h("div", { class: "hm-ring hm-ring-selected" });
  private cells: HTMLElement[] = [];
  private columns: HTMLElement[] = [];
  private rows: HTMLElement[] = [];
  private matrix: Matrix | null = null;
  private measure: Measure = "fraction";
  private selected: Cell | null = null;
  private active = 0;
  private size = { width: 0, height: 0 };
  private unit = { cell: COLUMN_MIN, row: ROW_MIN, label: 120, head: 100 };

  constructor(
    disposer: Disposer,
    private readonly events: GridEvents,
  ) {
    this.grid.append(this.head, this.body);
    this.el.append(this.grid);
    const indexOf = (event: Event): number => Number((event.target as HTMLElement).closest<HTMLElement>("[data-index]")?.dataset.index ?? -1);
    disposer.listen(this.body, "click", (event) => {
      const index = indexOf(event);
      if (index < 0 || !this.matrix) return;
      this.activate(index, false);
      this.events.pick(this.matrix.cell(index));
    });
    disposer.listen(this.body, "pointerover", (event) => this.hover(indexOf(event)));
    disposer.listen(this.body, "pointerleave", () => this.hover(-1));
    disposer.listen<FocusEvent>(this.body, "focusin", (event) => this.hover(indexOf(event)));
    disposer.listen<FocusEvent>(this.body, "focusout", () => this.hover(-1));
    disposer.listen<KeyboardEvent>(this.body, "keydown", (event) => this.key(event));
    disposer.resize(this.el, (width, height) => {
      this.size = { width, height };
      this.layout();
    });
  }

  show(matrix: Matrix, measure: Measure): void {
    const rebuild = !this.matrix || this.matrix.classes.join("|") !== matrix.classes.join("|") || this.matrix.labels.join("|") !== matrix.labels.join("|");
    this.matrix = matrix;
    this.measure = measure;
    if (rebuild) this.build(matrix);
    this.paint();
    if (rebuild) this.layout();
    else this.place();
  }

  select(cell: Cell | null): void {
    this.selected = cell;
    this.place();
  }

  focus(): void {
    this.cells[this.active]?.focus({ preventScroll: true });
  }

  /** Colours and numbers of all cells; also after a change of theme. */
  paint(): void {
    const { matrix, measure } = this;
    if (!matrix) return;
    const dark = isDark(this.el);
    const numbers = this.unit.cell >= NUMBER_MIN.width && this.unit.row >= NUMBER_MIN.height;
    this.cells.forEach((cell, index) => {
      const colour = matrix.colour(index, measure, dark);
      cell.style.background = css(colour);
      cell.style.color = ink(colour);
      const text = numbers ? matrix.text(index, measure) : "";
      const spare = this.unit.cell - textWidth(text);
      cell.textContent = spare > -TIGHTEN ? text : "";
      cell.classList.toggle("hm-tight", spare <= 0);
      cell.setAttribute("aria-label", `${matrix.cell(index)[0]}: ${matrix.sentence(index)}`);
      cell.dataset.count = String(matrix.counts[index]);
    });
    this.rows.forEach((row, i) => (dotOf(row).style.background = css(classColour(matrix.classes[i]))));
    this.columns.forEach((column, j) => {
      dotOf(column).style.background = css(labelColour(matrix.labels[j], dark));
      const empty = matrix.images[j] === 0;
      column.classList.toggle("hm-none", empty);
      column.title = empty ? `${matrix.labels[j]}: no image` : `${matrix.labels[j]}: ${matrix.images[j]} images`;
      for (let i = j; i < this.cells.length; i += matrix.labels.length) this.cells[i].classList.toggle("hm-none", empty);
    });
  }

  private build(matrix: Matrix): void {
    const n = matrix.labels.length;
    this.active = Math.min(this.active, Math.max(0, matrix.classes.length * n - 1));
    const dot = (): HTMLElement => h("i", { class: "hm-dot", "aria-hidden": "true" });
    this.columns = matrix.labels.map((label) => h("div", { class: "hm-column", role: "columnheader" }, h("span", {}, label), dot()));
    this.head.replaceChildren(h("div", { class: "hm-corner", role: "presentation" }), ...this.columns);
    this.cells = [];
    this.rows = [];
    const rows = matrix.classes.map((objectClass, i) => {
      const name = h("div", { class: "hm-name", role: "rowheader", title: objectClass }, objectClass, dot());
      this.rows.push(name);
      const row = h("div", { class: "hm-row", role: "row" }, name);
      for (let j = 0; j < n; j++) {
        const cell = h("div", {
          class: "hm-cell",
          role: "gridcell",
          tabindex: i * n + j === this.active ? 0 : -1,
          "data-testid": "cell",
          "data-index": i * n + j,
          "data-class": objectClass,
          "data-label": matrix.labels[j],
        });
        this.cells.push(cell);
        row.append(cell);
      }
      return row;
    });
    const focused = this.body.contains(document.activeElement);
    this.body.replaceChildren(...rows, this.rowBand, this.columnBand, this.strongRing, this.selectedRing);
    this.grid.setAttribute("aria-rowcount", String(matrix.classes.length + 1));
    this.grid.setAttribute("aria-colcount", String(n + 1));
    this.hover(-1);
    if (focused) this.focus();
  }

  /** Whole-pixel cell sizes that fill the room there is. */
  private layout(): void {
    const { matrix } = this;
    const { width, height } = this.size;
    if (!matrix || width < 40 || !matrix.labels.length) return;
    const n = matrix.labels.length;
    const lengths = matrix.labels.map((label) => textWidth(label));
    const longest = Math.max(...lengths);
    const label = Math.round(Math.min(Math.max(...matrix.classes.map((c) => textWidth(c)), 60) + 28, Math.max(96, 0.32 * width)));
    const cos = Math.cos((ANGLE * Math.PI) / 180);
    const sin = Math.sin((ANGLE * Math.PI) / 180);
    const overhang = (cell: number): number => Math.max(4, ...lengths.map((length, j) => cos * length + 10 - cell * (n - j - 0.5)));
    let cell = Math.floor((width - label - 8) / n);
    for (; cell > COLUMN_MIN && label + cell * n + overhang(cell) > width; cell--);
    cell = Math.max(COLUMN_MIN, Math.min(COLUMN_MAX, cell));
    const vertical = label + cell * n + overhang(cell) > width + 1;
    const head = Math.ceil(vertical ? longest + 22 : sin * longest + 30);
    const row = Math.max(ROW_MIN, Math.min(ROW_MAX, Math.floor((height - head - 6) / Math.max(1, matrix.classes.length))));
    this.unit = { cell, row, label, head };
    this.grid.classList.toggle("hm-vertical", vertical);
    const style = this.grid.style;
    style.setProperty("--hm-cell", `${cell}px`);
    style.setProperty("--hm-row", `${row}px`);
    style.setProperty("--hm-label", `${label}px`);
    style.setProperty("--hm-head", `${head}px`);
    style.setProperty("--hm-angle", `${-ANGLE}deg`);
    style.width = `${label + cell * n + (vertical ? 0 : Math.ceil(overhang(cell)))}px`;
    this.paint();
    this.place();
  }

  /** The rings, where they belong now. */
  private place(): void {
    const { matrix, selected } = this;
    const put = (ring: HTMLElement, index: number): void => {
      ring.hidden = index < 0;
      if (index >= 0 && matrix) this.position(ring, index);
    };
    const selectedIndex = matrix && selected ? matrix.index(selected) : -1;
    const strongest = matrix?.strongest && !selected ? matrix.index(matrix.strongest.cell) : -1;
    put(this.selectedRing, selectedIndex);
    put(this.strongRing, strongest);
    this.cells.forEach((cell, index) => cell.setAttribute("aria-selected", String(index === selectedIndex)));
    this.rows.forEach((row, i) => row.classList.toggle("hm-on", matrix?.classes[i] === selected?.[0]));
    this.columns.forEach((column, j) => column.classList.toggle("hm-on", matrix?.labels[j] === selected?.[1]));
    if (selectedIndex < 0) return;
    this.activate(selectedIndex, false);
    const top = Math.floor(selectedIndex / matrix!.labels.length) * this.unit.row;
    const room = this.size.height - this.unit.head - 2 * this.unit.row;
    const wanted = Math.min(Math.max(this.el.scrollTop, top - Math.max(room, 0)), top);
    if (wanted !== this.el.scrollTop) this.el.scrollTop = Math.ceil(wanted / this.unit.row) * this.unit.row;
  }

  private position(ring: HTMLElement, index: number): void {
    const n = this.matrix!.labels.length;
    const { cell, row, label } = this.unit;
    ring.style.width = `${cell}px`;
    ring.style.height = `${row}px`;
    ring.style.transform = `translate(${label + (index % n) * cell}px, ${Math.floor(index / n) * row}px)`;
  }

  private hover(index: number): void {
    const n = this.matrix?.labels.length ?? 0;
    const on = index >= 0 && n > 0;
    this.rows.forEach((row, i) => row.classList.toggle("hm-hot", on && i === Math.floor(index / n)));
    this.columns.forEach((column, j) => column.classList.toggle("hm-hot", on && j === index % n));
    this.rowBand.hidden = this.columnBand.hidden = !on;
    if (on) {
      const { cell, row, label } = this.unit;
      const band = (el: HTMLElement, x: number, y: number, w: number, height: number): void => {
        el.style.cssText = `width:${w}px;height:${height}px;transform:translate(${x}px,${y}px)`;
      };
      band(this.rowBand, label, Math.floor(index / n) * row, n * cell, row);
      band(this.columnBand, label + (index % n) * cell, 0, cell, this.rows.length * row);
    }
    this.events.hover(on ? index : -1, on ? this.cells[index] : null);
  }

  private activate(index: number, focus: boolean): void {
    this.cells[this.active]?.setAttribute("tabindex", "-1");
    this.active = index;
    this.cells[index]?.setAttribute("tabindex", "0");
    if (focus) {
      this.cells[index]?.focus({ preventScroll: true });
      this.cells[index]?.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }

  private key(event: KeyboardEvent): void {
    const { matrix } = this;
    if (!matrix || event.ctrlKey || event.metaKey || event.altKey) return;
    const n = matrix.labels.length;
    const column = this.active % n;
    const row = Math.floor(this.active / n);
    const to = (r: number, c: number): void =>
      this.activate(Math.min(Math.max(r, 0), matrix.classes.length - 1) * n + Math.min(Math.max(c, 0), n - 1), true);
    const actions: Record<string, () => void> = {
      ArrowLeft: () => to(row, column - 1),
      ArrowRight: () => to(row, column + 1),
      ArrowUp: () => to(row - 1, column),
      ArrowDown: () => to(row + 1, column),
      Home: () => to(row, 0),
      End: () => to(row, n - 1),
      PageUp: () => to(0, column),
      PageDown: () => to(matrix.classes.length - 1, column),
      Enter: () => this.events.pick(matrix.cell(this.active)),
      " ": () => this.events.pick(matrix.cell(this.active)),
      Escape: () => this.events.clear(),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }
}

const dotOf = (header: HTMLElement): HTMLElement => header.querySelector<HTMLElement>(".hm-dot")!;

let ruler: CanvasRenderingContext2D | null = null;
const widths = new Map<string, number>();

/** Width in pixels of 12 px text, near enough for laying out. */
function textWidth(text: string): number {
  let width = widths.get(text);
  if (width === undefined) {
    ruler ??= document.createElement("canvas").getContext("2d");
    if (ruler) ruler.font = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
    width = Math.ceil(ruler ? ruler.measureText(text).width : 6.5 * text.length);
    widths.set(text, width);
  }
  return width;
}
