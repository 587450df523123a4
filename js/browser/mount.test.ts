import { describe, expect, it } from "vitest";
import { TestModel } from "../shared/testModel";
import { mount as mountEditor } from "../editor/mount";
import { mount } from "./mount";
import { NO_CONDITIONS } from "./protocol";

describe("mounting", () => {
  it("asks for what it shows and takes every listener and element away again", () => {
    for (const [start, traits, asks] of [
      [mount, { ...NO_CONDITIONS, only_images_caption: "", sort: "corpus", sort_reverse: false, selection: [], show_boxes: true, show_cam: false, cam_opacity: 0.5, annotatable: true, annotation_labels: ["Joy"] }, "index"],
      [mountEditor, { placements: [], show_cam: false, cam_opacity: 0.5, method: "grad-cam" }, "palette"],
    ] as const) {
      const model = new TestModel({ ...traits });
      const element = document.createElement("div");
      const cleanup = start(model, element, { embedded: false });
      expect(model.sent.map((sent) => sent.kind)).toEqual([asks]);
      expect(model.listening).toBeGreaterThan(3);
      expect(element.childElementCount).toBe(1);
      cleanup();
      expect(model.listening).toBe(0);
      expect(element.childElementCount).toBe(0);
    }
  });
});
