import { expect, it } from "vitest";
import { dataBadge } from "./controls";
import { TestModel } from "./testModel";

it("says that data are synthetic, unless what stands around says so", () => {
  expect(dataBadge(new TestModel({ _synthetic: true }), false)?.textContent).toBe("synthetic data");
  expect(dataBadge(new TestModel({ _synthetic: true }), true)).toBeNull();
  expect(dataBadge(new TestModel({ _synthetic: false }), false)).toBeNull();
});
