import { describe, expect, it } from "vitest";
import { classColour, classHue, css, diverging, heat, ink, labelColour, luminance, oklch, sequential, type Rgb } from "./colour";

const steps = Array.from({ length: 64 }, (_, i) => i / 63);

describe("scales", () => {
  it.each([
    ["sequential", (t: number) => sequential(t), 1],
    ["heat, light", (t: number) => heat(t, false), -1],
    ["heat, dark", (t: number) => heat(t, true), 1],
  ] as [string, (t: number) => Rgb, number][])("%s changes in lightness one way only", (_name, colour, direction) => {
    const values = steps.map((t) => luminance(colour(t)));
    for (let i = 1; i < values.length; i++) expect(direction * (values[i] - values[i - 1])).toBeGreaterThan(-0.004);
    expect(Math.abs(values[63] - values[0])).toBeGreaterThan(0.4);
  });

  it("has a neutral middle between two different ends", () => {
    const [r, g, b] = diverging(0);
    expect(Math.max(r, g, b) - Math.min(r, g, b)).toBeLessThan(6);
    expect(diverging(-1)[2]).toBeGreaterThan(diverging(-1)[0]);
    expect(diverging(1)[0]).toBeGreaterThan(diverging(1)[2]);
  });

  it("takes what is no number, or out of range, as its nearest end", () => {
    expect(sequential(Number.NaN)).toEqual(sequential(0));
    expect(sequential(7)).toEqual(sequential(1));
  });
});

describe("numbers on a colour", () => {
  it.each([false, true])("are readable on every heatmap colour (dark: %s)", (dark) => {
    for (const t of steps) {
      const colour = heat(t, dark);
      const text = luminance(ink(colour) === "#fff" ? [255, 255, 255] : [17, 17, 17]);
      const own = luminance(colour);
      const contrast = (Math.max(text, own) + 0.05) / (Math.min(text, own) + 0.05);
      expect(contrast).toBeGreaterThan(4);
    }
  });
});

describe("hues", () => {
  it("are stable, and those of a family are near each other", () => {
    expect(classColour("Human face")).toEqual(classColour("Human face"));
    for (const name of ["Person", "Human face", "Human hair"]) expect(Math.abs(classHue(name) - 48)).toBeLessThanOrEqual(11);
    expect(Math.abs(classHue("Food") - classHue("Person"))).toBeGreaterThan(40);
  });

  it("tell EmoNet's neighbouring labels apart", () => {
    expect(css(labelColour("Joy"))).not.toBe(css(labelColour("Excitement")));
    expect(css(labelColour("an own label"))).toMatch(/^rgb\(\d+ \d+ \d+\)$/);
  });
});

it("makes greys without chroma", () => {
  expect(oklch(1, 0, 0)).toEqual([255, 255, 255]);
  expect(oklch(0, 0, 0)).toEqual([0, 0, 0]);
});
