// The rank correlations of the maps as a small matrix; the pair under the pointer is written out beside it.
import { css, diverging, divergingDark, ink } from "../shared/colour";
import { type Disposer, h, isDark, onThemeChange } from "../shared/dom";
import { writeRho } from "./words";

const WRITTEN = 8;

export class CorrelationMatrix {
  readonly el: HTMLElement;
  private readonly grid = h("div", { class: "me-matrix", role: "img", "data-testid": "correlations" });
  private readonly says = h("div", { class: "me-matrix-says ec-number", role: "status", "data-testid": "pair-says" });
  private names: string[] = [];
  private rho: Float32Array = new Float32Array(0);

  constructor(
    private readonly on: (methods: [string, string] | null) => void,
    disposer: Disposer,
  ) {
    this.el = h("section", { class: "me-matrix-part", "aria-label": "Rank correlation of the maps" },
      h("div", { class: "me-head" }, "Rank correlation of the maps (Spearman's ρ over the cells)"), this.grid, this.says);
    disposer.listen<PointerEvent>(this.grid, "pointerover", (event) => this.point(event));
    disposer.listen(this.grid, "pointerleave", () => this.point(null));
    onThemeChange(disposer, () => this.paint());
  }

  update(names: string[], rho: Float32Array): void {
    this.names = names;
    this.rho = rho;
    this.paint();
  }

  of(a: string, b: string): number | null {
    const i = this.names.indexOf(a);
    const j = this.names.indexOf(b);
    return i < 0 || j < 0 ? null : this.rho[i * this.names.length + j];
  }

  private paint(): void {
    const n = this.names.length;
    this.el.hidden = n < 2;
    if (n < 2) return;
    const dark = isDark(this.el);
    const cells: HTMLElement[] = [];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const rho = this.rho[i * n + j];
        const known = Number.isFinite(rho);
        const colour = known ? (dark ? divergingDark(rho) : diverging(rho)) : null;
        const text = n > WRITTEN || i === j ? "" : known ? writeRho(rho) : "–";
        const style = colour === null ? {} : { background: css(colour), color: ink(colour) };
        cells.push(h("span", { class: colour === null ? "me-cell me-cell-none" : "me-cell", "data-pair": `${i},${j}`, style }, text));
      }
    }
    this.grid.style.gridTemplateColumns = `repeat(${n}, minmax(0, 1fr))`;
    this.grid.replaceChildren(...cells);
    this.grid.dataset.methods = this.names.join("|");
    this.grid.setAttribute("aria-label", this.summary());
    this.says.textContent = this.summary();
  }

  private pairs(): { a: string; b: string; rho: number }[] {
    const found = [];
    for (let i = 0; i < this.names.length; i++) {
      for (let j = i + 1; j < this.names.length; j++) found.push({ a: this.names[i], b: this.names[j], rho: this.rho[i * this.names.length + j] });
    }
    return found.filter((pair) => Number.isFinite(pair.rho)).sort((x, y) => y.rho - x.rho);
  }

  private summary(): string {
    const pairs = this.pairs();
    if (pairs.length === 0) return "";
    const [most, least] = [pairs[0], pairs[pairs.length - 1]];
    if (pairs.length === 1) return `${most.a} and ${most.b}: ${writeRho(most.rho)}`;
    return `most alike ${most.a} and ${most.b}: ${writeRho(most.rho)}; least ${least.a} and ${least.b}: ${writeRho(least.rho)}`;
  }

  private point(event: PointerEvent | null): void {
    const cell = event === null ? null : (event.target as HTMLElement).closest<HTMLElement>("[data-pair]");
    if (!cell) {
      this.says.textContent = this.summary();
      this.on(null);
      return;
    }
    const [i, j] = cell.dataset.pair!.split(",").map(Number);
    const rho = this.rho[i * this.names.length + j];
    this.says.textContent = `${this.names[i]} and ${this.names[j]}: ${Number.isFinite(rho) ? writeRho(rho) : "a constant map ranks nothing"}`;
    this.on([this.names[i], this.names[j]]);
  }
}
