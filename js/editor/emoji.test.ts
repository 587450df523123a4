import { describe, expect, it } from "vitest";
import { alike, firstSign, isEmpty } from "./emoji";

describe("signs as pictures", () => {
  it("takes the first one as a person counts", () => {
    expect(firstSign("  👩‍👩‍👧🎂 x")).toBe("👩‍👩‍👧");
    expect(firstSign("🇨🇭🇫🇷")).toBe("🇨🇭");
    expect(firstSign("   ")).toBe("");
  });

  it("notices what was not drawn, or drawn as everything that is missing", () => {
    expect(isEmpty(Uint8ClampedArray.of(9, 9, 9, 0))).toBe(true);
    expect(isEmpty(Uint8ClampedArray.of(0, 0, 0, 1))).toBe(false);
    expect(alike(Uint8ClampedArray.of(1, 2), Uint8ClampedArray.of(1, 2))).toBe(true);
    expect(alike(Uint8ClampedArray.of(1, 2), Uint8ClampedArray.of(1, 3))).toBe(false);
  });
});
