import { expect, it } from "vitest";
import { luminance } from "../shared/colour";
import { PALETTES, speaks } from "./colours";

it("is blue for the label and red or orange against it, deeper where stronger", () => {
  for (const palette of PALETTES) {
    const [red, , blue] = speaks(1, palette);
    expect(blue).toBeGreaterThan(red + 60);
    const [warm, , cold] = speaks(-1, palette);
    expect(warm).toBeGreaterThan(cold + 60);
    for (const side of [1, -1]) expect(luminance(speaks(side, palette))).toBeLessThan(luminance(speaks(side * 0.4, palette)));
    expect(luminance(speaks(0, palette))).toBeGreaterThan(0.85);
  }
  expect(speaks(NaN, "blue-red")).toEqual(speaks(0, "blue-red"));
  expect(speaks(7, "blue-red")).toEqual(speaks(1, "blue-red"));
});
