// A list of things of which one is on: walked through by keyboard, told of under the pointer. The focus stays on the list, so rows
// may be painted anew and change places while it has it.
import { type Disposer, h, setHidden } from "./dom";

let lists = 0;

export interface ListBoxEvents {
  /** The thing under the pointer or the keyboard, or -1. */
  on(id: number): void;
  /** Clicked, or Enter. */
  pick?(id: number): void;
  /** Any other key on a thing; true: it is taken. */
  key?(id: number, key: string): boolean;
}

const PAGE = 8;

export class ListBox {
  readonly el: HTMLElement;
  private readonly name = `ec-list-${lists++}`;
  private readonly rows = new Map<number, HTMLElement>();
  private order: readonly number[] = [];
  private current = -1;

  constructor(
    testId: string,
    private readonly rowTestId: string,
    private readonly events: ListBoxEvents,
    disposer: Disposer,
  ) {
    this.el = h("div", { class: "ec-list", role: "listbox", tabindex: 0, hidden: true, "data-testid": testId });
    disposer.listen<KeyboardEvent>(this.el, "keydown", (event) => this.keyDown(event));
    disposer.listen(this.el, "pointerover", (event) => this.events.on(idOf(event)));
    disposer.listen(this.el, "pointerleave", () => this.events.on(-1));
    disposer.listen(this.el, "click", (event) => this.pick(idOf(event)));
    disposer.listen(this.el, "focus", () => this.select(this.order.includes(this.current) ? this.current : (this.order[0] ?? -1), true));
    disposer.listen(this.el, "blur", () => this.events.on(-1));
  }

  /** Shows these things in this order under this name; `fill` gives a row its classes, words and children. Without things there is no list. */
  update(label: string, order: readonly number[], fill: (row: HTMLElement, id: number, rank: number) => void): void {
    this.el.setAttribute("aria-label", label);
    setHidden(this.el, order.length === 0);
    this.order = order;
    const rows = order.map((id, rank) => {
      const row = this.rows.get(id) ?? h("div", { id: `${this.name}-${id}`, role: "option", "data-testid": this.rowTestId, "data-id": id });
      this.rows.set(id, row);
      fill(row, id, rank);
      return row;
    });
    const kept = new Set(order);
    for (const id of this.rows.keys()) if (!kept.has(id)) this.rows.delete(id);
    const unchanged = rows.length === this.el.children.length && rows.every((row, i) => row === this.el.children[i]);
    if (!unchanged) this.el.replaceChildren(...rows);
    if (!kept.has(this.current)) this.current = -1;
    this.mark();
  }

  /** Puts the list on a thing (-1: none) and brings it into sight. */
  select(id: number, tell = false): void {
    this.current = id;
    this.mark();
    const row = this.rows.get(id);
    if (row) this.el.scrollTop += offBy(row, this.el);
    if (tell) this.events.on(id);
  }

  private mark(): void {
    for (const [id, row] of this.rows) row.setAttribute("aria-selected", String(id === this.current));
    if (this.current >= 0) this.el.setAttribute("aria-activedescendant", `${this.name}-${this.current}`);
    else this.el.removeAttribute("aria-activedescendant");
  }

  private pick(id: number): void {
    if (id < 0) return;
    this.select(id, true);
    this.events.pick?.(id);
  }

  private keyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || this.order.length === 0) return;
    const at = this.order.indexOf(this.current);
    const last = this.order.length - 1;
    const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last, PageDown: at + PAGE, PageUp: at - PAGE };
    if (event.key in to) this.select(this.order[Math.min(last, Math.max(0, to[event.key]))], true);
    else if (event.key === "Enter" && this.events.pick) this.pick(this.current);
    else if (this.current < 0 || this.events.key?.(this.current, event.key) !== true) return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function idOf(event: Event): number {
  const row = (event.target as HTMLElement).closest<HTMLElement>("[data-id]");
  return row === null ? -1 : Number(row.dataset.id);
}

/** By how much a list must scroll so that a row of it is wholly in sight. */
function offBy(row: HTMLElement, list: HTMLElement): number {
  const inner = row.getBoundingClientRect();
  const outer = list.getBoundingClientRect();
  if (inner.top < outer.top) return inner.top - outer.top;
  return inner.bottom > outer.bottom ? inner.bottom - outer.bottom : 0;
}
