import { describe, expect, it } from "vitest";
import { breadcrumb, emptiness, isFiltered } from "./words";

const none = { count: 600, total: 600, cell: null, label: null, object_class: null };

describe("the browser's words", () => {
  it("name the filter and how much it leaves", () => {
    const cell: [string, string] = ["Sports equipment", "Excitement"];
    expect(breadcrumb({ ...none, cell, count: 36, total: 108 })).toBe("Sports equipment in Excitement: 36 of 108 images");
    expect(breadcrumb({ ...none, label: "Joy", count: 1 })).toBe("Joy: 1 of 600 images");
    expect(breadcrumb({ ...none, object_class: "Tree", count: 9 })).toBe("Tree detected: 9 of 600 images");
    expect(breadcrumb({ ...none, label: "Joy", object_class: "Tree", count: 0, total: 1 })).toBe("Joy with Tree detected: 0 of 1 image");
    expect(breadcrumb(none)).toBe("600 images");
    expect(isFiltered(none)).toBe(false);
  });

  it("say why nothing is there", () => {
    expect(emptiness({ ...none, count: 0, label: "Horror" })).toEqual({ sentence: "No image has the label Horror.", action: "Show all images" });
    expect(emptiness({ ...none, count: 0, total: 0 }).action).toBeNull();
    expect(emptiness({ ...none, cell: ["Tree", "Joy"] }).sentence).toContain("Tree");
  });
});
