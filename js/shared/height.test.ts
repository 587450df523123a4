import { afterEach, expect, it, vi } from "vitest";
import { fittingHeight, visibleHeight } from "./height";

afterEach(() => {
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

/** happy-dom lays nothing out: an ancestor's height is its own, or grows with what stands inside. */
function nested(...ancestors: { overflow: string; height: number | "grows" }[]): HTMLElement {
  const el = document.createElement("div");
  let inside: HTMLElement = el;
  for (const { overflow, height } of ancestors) {
    const outside = document.createElement("div");
    outside.style.overflowY = overflow;
    Object.defineProperty(outside, "clientHeight", { get: () => (height === "grows" ? content(el.parentElement!) : height) });
    outside.append(inside);
    inside = outside;
  }
  document.body.append(inside);
  return el;
}

const content = (parent: Element): number => [...parent.children].reduce((sum, each) => sum + (parseFloat((each as HTMLElement).style.height) || 0), 0);

it("is that of the lowest pane around, and leaves everything as it was", () => {
  const el = nested({ overflow: "auto", height: "grows" }, { overflow: "auto", height: 640 }, { overflow: "hidden", height: 700 });
  el.style.height = "500px";
  const { height, clippers } = visibleHeight(el);
  expect(height).toBe(640);
  expect(clippers).toHaveLength(2);
  expect([el.style.height, el.parentElement!.children.length]).toEqual(["500px", 1]);
});

it("is not that of what grows with its content, of what clips nothing, or of an output that scrolls in itself", () => {
  const el = nested({ overflow: "auto", height: 320 }, { overflow: "visible", height: 450 }, { overflow: "auto", height: "grows" });
  expect(visibleHeight(el).height).toBe(window.innerHeight);
});

it("leaves a margin, and stays usable in low windows and in sight in high ones", () => {
  expect(fittingHeight(640)).toBe(604);
  expect(fittingHeight(300)).toBe(480);
  expect(fittingHeight(3000)).toBe(1200);
});
