import { expect, it, vi } from "vitest";
import { Disposer, h } from "../shared/dom";
import type { Model } from "../shared/model";
import { RpcError } from "../shared/rpc";
import { TestModel } from "../shared/testModel";
import { PartPage } from "./part";

const HINT = "Open an image first.";
const turn = () => new Promise((resolve) => setTimeout(resolve));

function made(found: (id: string) => Promise<Model>) {
  const model = Object.assign(new TestModel({ lime: null }), { widget_manager: { get_model: found } });
  const page = h("div");
  const again = vi.fn(() => Promise.resolve());
  const unmount = vi.fn();
  const mount = vi.fn((_model: Model, el: HTMLElement) => {
    el.append("LIME");
    return unmount;
  });
  const disposer = new Disposer();
  const part = new PartPage(model, { trait: "lime", mount, opening: "Opening LIME…" }, page, again, disposer, { embedded: true });
  const press = (): void => page.querySelector<HTMLButtonElement>('[data-testid="state-action"]')!.click();
  return { model, page, again, mount, unmount, disposer, part, press };
}

it("says what to do without an image, that it opens with one, and mounts what Python made", async () => {
  const { model, page, part, mount, unmount, disposer } = made(() => Promise.resolve(new TestModel()));
  await part.show(HINT);
  expect(page.textContent).toBe(HINT);
  await part.show(null);
  expect(page.textContent).toBe("Opening LIME…");
  model.set("lime", "IPY_MODEL_1");
  const shown = part.show(null);
  expect(page.textContent).toBe("Opening LIME…"); // the model may still be on its way
  await shown;
  expect(page.textContent).toBe("LIME");
  await part.show(null);
  expect(mount).toHaveBeenCalledTimes(1);
  disposer.dispose();
  expect(unmount).toHaveBeenCalledTimes(1);
});

it("says so where the widget cannot be had, once, and asks Python for another one", async () => {
  let reachable = false;
  const { model, page, part, again, press } = made(() => (reachable ? Promise.resolve(new TestModel()) : Promise.reject(new Error("no <such> model"))));
  model.set("lime", "IPY_MODEL_1");
  await part.show(null);
  expect(page.querySelector(".ec-state-sentence")!.textContent).toBe("This could not be opened.");
  expect(page.querySelector("pre")!.textContent).toContain("no <such> model");
  const button = page.querySelector("button");
  await part.show(null); // whatever else changes
  expect(page.querySelector("button")).toBe(button);
  again.mockImplementation(() => {
    reachable = true;
    model.set("lime", "IPY_MODEL_2");
    return Promise.resolve();
  });
  press();
  expect(page.textContent).toBe("Opening LIME…");
  await turn();
  expect(page.textContent).toBe("LIME");
});

it("shows what went wrong in the widget's own mounting", async () => {
  const { model, page, part, mount } = made(() => Promise.resolve(new TestModel()));
  mount.mockImplementation((_model, el) => {
    el.append("half a widget");
    throw new Error("broken");
  });
  model.set("lime", "IPY_MODEL_1");
  await part.show(null);
  expect(page.textContent).not.toContain("half a widget");
  expect(page.querySelector("pre")!.textContent).toContain("broken");
});

it("does not wait for ever where Python refuses, and tries again when told to", async () => {
  const { page, part, again, press } = made(() => Promise.reject(new Error("none")));
  part.refused(new RpcError("Something else went wrong."));
  expect(page.textContent).toBe(""); // nothing is waited for here
  await part.show(null);
  part.refused(new RpcError("The image is damaged."));
  await part.show(null);
  expect(page.querySelector("pre")!.textContent).toBe("The image is damaged.");
  again.mockRejectedValue(new RpcError("Still damaged."));
  press();
  await turn();
  expect(again).toHaveBeenCalledTimes(1);
  expect(page.querySelector("pre")!.textContent).toBe("Still damaged.");
});
