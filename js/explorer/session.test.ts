import { afterEach, expect, it, vi } from "vitest";
import { recall, remember, standard } from "./session";

afterEach(() => {
  sessionStorage.clear();
  vi.restoreAllMocks();
});

it("gives back what was remembered for the run, and the standard for another", () => {
  const sizes = { ...standard(), left: 0.3, heatmapFolded: true, height: 900 };
  remember("/runs/a", sizes);
  expect(recall("/runs/a")).toEqual(sizes);
  expect(recall("/runs/b")).toEqual(standard());
});

it("goes on without storage", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("denied");
  });
  remember("/runs/c", { ...standard(), left: 0.4 });
  expect(recall("/runs/c").left).toBe(0.4);
});

it("takes no nonsense from whoever else writes there", () => {
  for (const text of ["{", "null", '{"left": 7, "bottom": "x", "stack": null, "height": -1}']) {
    sessionStorage.setItem("emocam-widgets explorer /runs/d", text);
    expect(recall("/runs/d")).toEqual({ ...standard(), height: text.includes("height") ? 760 : null });
  }
});
