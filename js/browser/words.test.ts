import { describe, expect, it } from "vitest";
import { type Conditions, NO_CONDITIONS } from "./protocol";
import { breadcrumb, chips, emptiness, isFiltered, range } from "./words";

const none = { ...NO_CONDITIONS, count: 600, total: 600, images: 600, only_images: null as number | null, only_images_caption: "" };
const cell: [string, string] = ["Sports equipment", "Excitement"];

describe("the browser's words", () => {
  it("name the filter and how much it leaves", () => {
    expect(breadcrumb({ ...none, cell, count: 36, total: 108 })).toBe("Sports equipment in Excitement: 36 of 108 images");
    expect(breadcrumb({ ...none, label: "Joy", count: 1 })).toBe("Joy: 1 of 600 images");
    expect(breadcrumb({ ...none, object_class: "Tree", count: 9 })).toBe("Tree detected: 9 of 600 images");
    expect(breadcrumb({ ...none, label: "Joy", object_class: "Tree", count: 0, total: 1 })).toBe("Joy with Tree detected: 0 of 1 image");
    expect(breadcrumb(none)).toBe("600 images");
    expect(isFiltered(none)).toBe(false);
  });

  it("name every condition", () => {
    const all = { ...none, cell, object_class: "Tree", annotation: "Awe", confidence: 0.5, importance: [0.2, 0.6] as [number, number], disagreement: true, text: " beach ", only_images: 12, count: 3, total: 108 };
    expect(breadcrumb(all)).toBe("Sports equipment in Excitement with Tree detected, annotated Awe, confidence from 0.50, importance 0.20 to 0.60, not predicted as annotated, “beach”, 12 chosen: 3 of 108 images");
    expect(breadcrumb({ ...none, only_images: 12, only_images_caption: "images that switched", count: 12 })).toBe("Images that switched: 12 of 600 images");
    expect([range([0, 0.5]), range([0.5, 1])]).toEqual(["up to 0.50", "from 0.50"]);
  });

  it("say why nothing is there", () => {
    expect(emptiness({ ...none, count: 0, label: "Horror" })).toEqual({ sentence: "No image has the label Horror.", action: "Show all images" });
    expect(emptiness({ ...none, count: 0, total: 0 }).action).toBeNull();
    expect(emptiness({ ...none, cell: ["Tree", "Joy"] }).sentence).toContain("Tree");
    expect(emptiness({ ...none, count: 0, label: "Joy", text: "x" }).sentence).toBe("No image answers to all of this: Joy, “x”.");
  });
});

describe("chips", () => {
  const after = (on: Partial<Conditions>, removed: string): Conditions => {
    const conditions = { ...NO_CONDITIONS, ...on };
    const chip = chips(conditions, "switched").find(({ text }) => text === removed);
    return { ...conditions, ...chip?.without };
  };

  it("stand for each condition, a cell for two", () => {
    const on = { ...NO_CONDITIONS, cell, disagreement: true, text: "a b", only_images: ["x"] };
    expect(chips(on, "switched").map(({ text }) => text)).toEqual(["Sports equipment", "Excitement", "not as annotated", "a b", "switched"]);
    expect(chips(NO_CONDITIONS, "")).toEqual([]);
  });

  it("take only their own condition away", () => {
    expect(after({ cell, text: "a" }, "Excitement")).toEqual({ ...NO_CONDITIONS, object_class: "Sports equipment", text: "a" });
    expect(after({ cell }, "Sports equipment")).toEqual({ ...NO_CONDITIONS, label: "Excitement" });
    expect(after({ cell, object_class: "Tree" }, "Excitement")).toEqual({ ...NO_CONDITIONS, object_class: "Tree" });
    expect(after({ label: "Joy", importance: [0.5, 1] }, "from 0.50")).toEqual({ ...NO_CONDITIONS, label: "Joy" });
    expect(after({ only_images: ["x"] }, "switched")).toMatchObject({ only_images: null, only_images_caption: "" });
  });
});
