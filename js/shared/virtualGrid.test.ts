import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Disposer, h } from "./dom";
import { type Rows, VirtualGrid, visibleRows } from "./virtualGrid";

const ROW = 100;
const HEIGHT = 300;
/** `count` things, as many beside each other as are 50 wide. */
const rowsOf = (count: number, width: number): Rows => {
  const across = Math.max(1, Math.floor(width / 50));
  const rows = Array.from({ length: Math.ceil(count / across) }, (_, i) => ({ first: i * across, last: Math.min(count, (i + 1) * across), y: i * ROW, height: ROW - 20 }));
  return { rows, rowOf: Int32Array.from({ length: count }, (_, i) => Math.floor(i / across)), height: rows.length * ROW };
};

let resized: (width: number, height: number) => void;
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("ResizeObserver", class {
    constructor(callback: (entries: unknown[]) => void) {
      resized = (width, height) => {
        callback([{ contentRect: { width, height } }]);
        vi.advanceTimersByTime(20);
      };
    }
    observe(): void {
      // told by the test
    }
    disconnect(): void {
      resized = () => undefined;
    }
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function made(count = 1000) {
  const el = h("div");
  Object.defineProperty(el, "clientHeight", { value: HEIGHT });
  let drawn: number[] = [];
  let asked = 0;
  const disposer = new Disposer();
  const grid = new VirtualGrid(el, "inner", 20, {
    layOut: (width) => rowsOf(count, width),
    make: (place) => {
      asked++;
      return { element: h("div", { "data-place": place }) };
    },
    placed: ({ element }) => expect(element.parentElement).not.toBeNull(),
    drawn: (places) => (drawn = places),
    moved: () => undefined,
  }, disposer);
  const scroll = (top: number): void => {
    el.scrollTop = top;
    el.dispatchEvent(new Event("scroll"));
    vi.advanceTimersByTime(20);
  };
  const there = (): number[] => [...el.querySelectorAll<HTMLElement>("[data-place]")].map(({ dataset }) => Number(dataset.place)).sort((a, b) => a - b);
  return { el, grid, disposer, scroll, there, drawn: () => drawn, asked: () => asked };
}

it("finds the rows in sight, and none among none", () => {
  const layout = rowsOf(1000, 200);
  expect(visibleRows(layout, 0, 1)).toEqual([0, 1]);
  expect(visibleRows(layout, 250, 500)).toEqual([2, 5]);
  expect(visibleRows(layout, 1e9, 2e9)[1]).toBe(layout.rows.length);
  expect(visibleRows(rowsOf(0, 200), 0, 100)).toEqual([0, 0]);
});

it("makes only what is near sight, keeps what stays there and names the nearest first", () => {
  const { grid, scroll, there, drawn, asked } = made();
  expect(there()).toEqual([]); // its size is not known yet
  resized(200, HEIGHT);
  // Three rows of four are in sight, and half a screen below.
  expect(there()).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(drawn().slice(0, 4)).toEqual([4, 5, 6, 7]);
  const kept = grid.items.get(16)!.element;
  scroll(450);
  const before = asked();
  expect(grid.items.get(16)!.element).toBe(kept);
  expect(there()[0]).toBe(16); // it rolls: what it leaves behind is not kept ready
  scroll(20_000);
  expect(there().length).toBeLessThan(30);
  expect(asked() - before).toBe(there().length);
  expect(drawn().every((place) => grid.items.has(place))).toBe(true);
});

it("keeps what is at the top of sight there when the width changes", () => {
  const { el, scroll, there } = made();
  resized(200, HEIGHT);
  scroll(10_000);
  const top = 100 * 4;
  resized(500, HEIGHT);
  expect(el.scrollTop).toBe((top / 10) * ROW);
  expect(there()).toContain(top);
});

it("scrolls to a thing no further than needed, and lays out anew from nothing", () => {
  const { el, grid, there } = made();
  resized(200, HEIGHT);
  grid.reveal(40); // in the row at 1000
  expect(el.scrollTop).toBe(1000 + ROW - HEIGHT);
  grid.reveal(39);
  expect(el.scrollTop).toBe(1000 + ROW - HEIGHT);
  grid.reveal(4);
  expect(el.scrollTop).toBe(ROW);
  const old = grid.items.get(4)!.element;
  grid.anew();
  expect(there()).toEqual([]);
  grid.draw();
  expect(grid.items.get(4)!.element).not.toBe(old);
});

it("leaves no listener and no frame behind", () => {
  const { el, disposer, there, asked } = made();
  resized(200, HEIGHT);
  disposer.dispose();
  const [made_, count] = [there(), asked()];
  el.scrollTop = 9000;
  el.dispatchEvent(new Event("scroll"));
  vi.advanceTimersByTime(1000);
  expect([there(), asked()]).toEqual([made_, count]);
});
