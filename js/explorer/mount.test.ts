import { expect, it } from "vitest";
import { TestModel } from "../shared/testModel";
import { mount } from "./index";

const turn = () => new Promise((resolve) => setTimeout(resolve));

it("says why the explorer cannot be shown, with what is behind it folded, and tries again", async () => {
  const asked: string[] = [];
  const get_model = (id: string): Promise<never> => {
    asked.push(id);
    return Promise.reject(new Error(`no ${id} <here>`));
  };
  const traits = { summary: { name: "demo", path: "/runs/demo" }, heatmap: "IPY_MODEL_map", browser: "IPY_MODEL_images", mode: "look", image_id: null, edit_hint: "" };
  const model = Object.assign(new TestModel(traits), { widget_manager: { get_model } });
  const host = document.createElement("div");
  const unmount = mount(model, host);
  const state = (): HTMLElement => host.querySelector<HTMLElement>('[data-testid="explorer-state"]')!;
  expect(state().textContent).toBe("Opening the explorer…");
  await turn();
  expect(state().querySelector(".ec-state-sentence")!.textContent).toBe("The explorer could not be shown.");
  expect(state().querySelector("details")!.textContent).toContain("no map <here>");
  expect([host.childElementCount, model.listening]).toEqual([1, 0]);
  asked.length = 0;
  state().querySelector("button")!.click();
  expect(state().textContent).toBe("Opening the explorer…");
  await turn();
  expect(asked).toEqual(["map", "images"]);
  unmount();
  expect([host.childElementCount, model.listening]).toEqual([0, 0]);
});
