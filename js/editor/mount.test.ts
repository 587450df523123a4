import { describe, expect, it } from "vitest";
import { TestModel } from "../shared/testModel";
import { mount } from "./mount";

describe("the editor", () => {
  it("asks for its palette when it comes and leaves nothing behind when it goes", () => {
    const model = new TestModel({ placements: [], edits: [], show_cam: false, cam_opacity: 0.5, method: "grad-cam" });
    const host = document.createElement("div");
    document.body.append(host);
    const unmount = mount(model, host, { embedded: false });
    expect(model.sent.map(({ kind }) => kind)).toEqual(["palette"]);
    expect(model.listening).toBeGreaterThan(5);
    expect(host.querySelectorAll('[role="tab"]').length).toBe(4);
    expect(host.querySelectorAll('[role="tabpanel"]:not([hidden])').length).toBe(1);
    unmount();
    expect(model.listening).toBe(0);
    expect(host.childElementCount).toBe(0);
  });
});
