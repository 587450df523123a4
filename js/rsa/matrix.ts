// The methods by methods: rank correlations as a grid to walk through; below it, apart, what the controls reach.
import { css, diverging, divergingDark, ink } from "../shared/colour";
import { type Disposer, h, isDark, onThemeChange } from "../shared/dom";
import type { RsaTables } from "./state";
import { write } from "./state";

export interface MatrixEvents {
  /** The pair under the pointer or the keyboard; null: none. */
  on(pair: [number, number] | null): void;
  pick(pair: [string, string]): void;
}

const CELL = { least: 22, usual: 44, most: 64 };
const NUMBER_WIDTH = 34;

export class RsaGrid {
  readonly el = h("div", { class: "rs-scroll" });
  private readonly grid = h("div", { class: "rs-grid", role: "grid", "aria-label": "Rank correlation between the methods' association matrices", "data-testid": "rsa-grid" });
  private tables: RsaTables | null = null;
  private selected: [string, string] | null = null;
  private active: [number, number] = [0, 1];
  private width = 0;

  constructor(
    private readonly events: MatrixEvents,
    disposer: Disposer,
  ) {
    this.el.append(this.grid);
    disposer.listen(this.grid, "click", (event) => {
      const at = pairOf(event);
      if (at) this.pick(at);
    });
    disposer.listen(this.grid, "pointerover", (event) => this.events.on(pairOf(event)));
    disposer.listen(this.grid, "pointerleave", () => this.events.on(null));
    disposer.listen(this.grid, "focusin", (event) => this.events.on(pairOf(event)));
    disposer.listen(this.grid, "focusout", () => this.events.on(null));
    disposer.listen<KeyboardEvent>(this.grid, "keydown", (event) => this.key(event));
    disposer.resize(this.el, (width) => {
      this.width = width;
      this.size();
    });
    onThemeChange(disposer, () => this.draw());
  }

  show(tables: RsaTables): void {
    this.tables = tables;
    const n = tables.methods.length;
    if (this.active[0] >= n || this.active[1] >= n) this.active = [0, Math.min(1, n - 1)];
    this.draw();
  }

  select(pair: [string, string] | null): void {
    this.selected = pair;
    this.draw();
  }

  private draw(): void {
    const { tables } = this;
    if (tables === null) return;
    const focused = this.grid.contains(document.activeElement);
    const n = tables.methods.length;
    const rows = tables.methods.map((method, i) => h("div", { class: "rs-row", role: "row" },
      h("div", { class: "rs-name", role: "rowheader", title: method }, h("span", {}, method)),
      ...tables.methods.map((_, j) => this.cell(i, j))));
    const head = h("div", { class: "rs-row rs-head", role: "row" }, h("div", { class: "rs-name", role: "columnheader" }),
      ...tables.methods.map((method) => h("div", { class: "rs-column", role: "columnheader", title: method }, h("span", {}, method))));
    const controls = [this.control("a uniform map", tables.uniform, n), this.control("its own maps, shuffled", tables.shuffled.filter((_, k) => k % (n + 1) === 0), n)];
    this.grid.replaceChildren(head, ...rows, ...controls);
    this.size();
    if (focused) this.focus();
  }

  private cell(i: number, j: number): HTMLElement {
    const tables = this.tables!;
    const rho = tables.rho[i * tables.methods.length + j];
    const [a, b] = [tables.methods[i], tables.methods[j]];
    const same = i === j;
    const on = this.selected !== null && this.selected.includes(a) && this.selected.includes(b) && !same;
    const style = same ? {} : this.colour(rho);
    return h("div", {
      class: `rs-cell${on ? " rs-on" : ""}${same ? " rs-same" : ""}${Number.isFinite(rho) ? "" : " rs-none"}`,
      role: "gridcell",
      tabindex: i === this.active[0] && j === this.active[1] ? 0 : -1,
      "aria-selected": on,
      "aria-label": same ? `${a}: ${write(rho)}` : `${a} and ${b}: rho ${write(rho)}`,
      "data-testid": "rsa-cell",
      "data-pair": `${i},${j}`,
      "data-rho": rho,
      style,
    }, h("span", {}, write(rho)));
  }

  private control(name: string, values: Float32Array, n: number): HTMLElement {
    const known = values.length === n && values.some((value) => Number.isFinite(value));
    return h("div", { class: "rs-row rs-control", role: "row", title: "What a map reaches that knows nothing of the image" },
      h("div", { class: "rs-name", role: "rowheader" }, h("span", {}, `with ${name}`)),
      ...Array.from({ length: n }, (_, j) => h("div", { class: "rs-cell rs-still", role: "gridcell", "data-testid": "rsa-control", style: known ? this.colour(values[j]) : {} }, h("span", {}, known ? write(values[j]) : "…"))));
  }

  private colour(rho: number): Record<string, string> {
    if (!Number.isFinite(rho)) return {};
    const colour = isDark(this.el) ? divergingDark(rho) : diverging(rho);
    return { background: css(colour), color: ink(colour) };
  }

  /** As large as the width allows; numbers where they fit. */
  private size(): void {
    const n = this.tables?.methods.length ?? 0;
    if (n === 0 || this.width === 0) return;
    const names = Math.min(190, Math.max(120, this.width - 4 - n * CELL.usual));
    const cell = Math.floor(Math.min(CELL.most, Math.max(CELL.least, (this.width - names - 4) / n)));
    this.grid.style.setProperty("--rs-cell", `${cell}px`);
    this.grid.style.setProperty("--rs-name", `${names}px`);
    this.grid.classList.toggle("rs-tight", cell < NUMBER_WIDTH);
  }

  private pick([i, j]: [number, number]): void {
    this.active = [i, j];
    if (i !== j) this.events.pick([this.tables!.methods[i], this.tables!.methods[j]]);
    else this.draw();
    this.focus();
  }

  private focus(): void {
    this.grid.querySelector<HTMLElement>(`[data-pair="${this.active.join(",")}"]`)?.focus({ preventScroll: true });
  }

  private key(event: KeyboardEvent): void {
    const n = this.tables?.methods.length ?? 0;
    if (n === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const [i, j] = this.active;
    const to: Record<string, [number, number]> = { ArrowUp: [i - 1, j], ArrowDown: [i + 1, j], ArrowLeft: [i, j - 1], ArrowRight: [i, j + 1], Home: [i, 0], End: [i, n - 1] };
    if (event.key === "Enter" || event.key === " ") this.pick(this.active);
    else if (event.key in to) {
      this.active = to[event.key].map((value) => Math.min(n - 1, Math.max(0, value))) as [number, number];
      for (const cell of this.grid.querySelectorAll<HTMLElement>("[data-pair]")) cell.tabIndex = cell.dataset.pair === this.active.join(",") ? 0 : -1;
      this.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function pairOf(event: Event): [number, number] | null {
  const cell = (event.target as HTMLElement).closest<HTMLElement>("[data-pair]");
  return cell === null ? null : (cell.dataset.pair!.split(",").map(Number) as [number, number]);
}
