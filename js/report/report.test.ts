// @vitest-environment node
import { describe, expect, it } from "vitest";
import { NO_CONDITIONS } from "../browser/protocol";
import { Association } from "./association";
import { leafOrder } from "./clusters";
import { Pictures, thresholdCode } from "./data";
import { few } from "./few";
import { ImageFilter, naturalRank } from "./filter";
import { benjaminiHochberg, tester } from "./marks";
import { selection } from "./ordering";
import { linkTraits, StoredModel, Unanswerable } from "./storedModel";
import { importance, smallRun } from "./testing";

const AT = { method: "cam", score: "mean", threshold: 0.3, by: "prediction" };
const CHOICE = { top: null, order: "mean", search: "", against: null, lineage: {} };
const manager = { get_model: () => Promise.reject(new Error("none")) };

describe("the association", () => {
  it("counts an image once per class, by the greatest importance, and only images with a map", () => {
    const { numbers } = smallRun();
    const association = new Association(numbers, AT);
    expect([...association.nImages]).toEqual([3, 2]);
    expect([...association.counts]).toEqual([2, 0, 1, 0, 0, 0]);
    expect([...association.present]).toEqual([3, 0, 2, 0, 0, 0]);
    expect([...association.contributors("Ball", "Joy")]).toEqual([0, 1]);
    expect([...new Association(numbers, { ...AT, threshold: 0.5 }).contributors("Ball", "Joy")]).toEqual([0]);
    expect([...new Association(numbers, { ...AT, by: "annotation" }).counts]).toEqual([1, 1, 1, 0, 0, 0]);
  });

  it("takes half an image where no other label counts any", () => {
    const association = new Association(smallRun().numbers, AT);
    expect(association.fractions[0]).toBeCloseTo(2 / 3);
    expect(association.lift[0]).toBeCloseTo(2 / 3 / (0.5 / 2));
    expect(association.lift[1]).toBe(0);
  });

  it("is exact at every threshold that a slider offers", () => {
    for (let k = 0; k <= 2000; k++) expect(thresholdCode(k / 2000)).toBe(32 * k);
    expect(importance(0.3) > thresholdCode(0.3)).toBe(false);
  });

  it("shows the classes that count, the greatest first, and those that are searched for", () => {
    const association = new Association(smallRun().numbers, AT);
    expect(selection(association, CHOICE).rows).toEqual([0, 1]);
    expect(selection(association, { ...CHOICE, top: 1 }).rows).toEqual([0]);
    expect(selection(association, { ...CHOICE, search: "tR" }).rows).toEqual([2]);
    expect(selection(association, { ...CHOICE, order: "alphabet" }).columns).toEqual([1, 0]);
    const lineage = { Ball: ["Toy", "Ball"], Hat: ["Clothing", "Hat"] };
    expect(selection(association, { ...CHOICE, order: "hierarchy", lineage }).rows).toEqual([1, 0]);
  });
});

describe("marks", () => {
  it("are Fisher's test: the tea-tasting lady's four of four", () => {
    expect(tester(8)(4, 4, 4)).toBeCloseTo(2 / 70, 12);
    expect(tester(8)(2, 4, 4)).toBe(1);
    expect(tester(100)(0, 50, 50)).toBeLessThan(1e-28);
  });

  it("are adjusted for how many there are, but for those without a test", () => {
    expect([...benjaminiHochberg(Float64Array.from([0.01, NaN, 0.04, 0.03]))]).toEqual([0.03, NaN, 0.04, 0.04]);
  });
});

describe("clusters", () => {
  it("put alike rows beside each other", () => {
    const order = leafOrder([[0, 0], [9, 9], [0, 1], [9, 8], [0, 2]]);
    expect([order, [...order].reverse()]).toContainEqual([0, 2, 4, 3, 1]);
    expect(leafOrder([[1], [2]])).toEqual([0, 1]);
  });
});

describe("the filter", () => {
  const ordered = (wanted: Partial<typeof NO_CONDITIONS>, sort = "corpus", reverse = false): number[] => {
    const { numbers, shown } = smallRun(new Map([[4, "Mine"]]));
    return [...new ImageFilter(numbers, shown).ordered({ ...NO_CONDITIONS, ...wanted }, AT, sort, reverse)];
  };

  it("lets all conditions hold together", () => {
    expect(ordered({ cell: ["Ball", "Joy"] })).toEqual([0, 1]);
    expect(ordered({ label: "Awe" })).toEqual([3, 4]);
    expect(ordered({ annotation: "Awe" })).toEqual([0, 3]);
    expect(ordered({ disagreement: true })).toEqual([0, 1, 4]);
    expect(ordered({ text: "JOY webp 2" })).toEqual([2]);
    expect(ordered({ text: "mine" })).toEqual([4]);
    expect(ordered({ label: "Joy", only_images: ["c/2.webp", "d/1.webp"] })).toEqual([2]);
  });

  it("wants one box that is all that is asked for, as far as boxes are here", () => {
    expect(ordered({ object_class: "Ball" })).toEqual([0, 1, 2, 5]);
    expect(ordered({ object_class: "Ball", confidence: 0.6 })).toEqual([0, 5]);
    // Image 0 has a sure ball and an important one, but none that is both; of image 5 the report holds no boxes.
    expect(ordered({ object_class: "Ball", confidence: 0.6, importance: [0.7, 1] })).toEqual([5]);
    expect(ordered({ importance: [0.3, 0.6] })).toEqual([0, 1]);
  });

  it("sorts as it is told, what it knows nothing of last", () => {
    expect(ordered({}, "probability")).toEqual([0, 3, 5, 2, 1, 4]);
    expect(ordered({ label: "Joy" }, "importance")).toEqual([5, 0, 1, 2]);
    expect(ordered({}, "importance", true)).toEqual([2, 1, 0, 5, 3, 4]);
    expect(ordered({}, "disagreement")).toEqual([0, 3, 1, 2, 4, 5]);
    expect(ordered({}, "name")).toEqual([3, 2, 4, 5, 1, 0]);
    expect([...naturalRank(["x/Photo10", "photo2"])]).toEqual([1, 0]);
  });
});

describe("an image of a report", () => {
  it("has its boxes as message rows, strong where they are what the filter is about", () => {
    const { shown } = smallRun();
    const strong = (wanted: Partial<typeof NO_CONDITIONS>): number[] => [...shown.boxes(0, AT, { ...NO_CONDITIONS, ...wanted })].filter((_, i) => i % 8 === 7);
    expect([...shown.boxes(0, AT, NO_CONDITIONS).subarray(0, 2)].map(Math.round)).toEqual([10, 10]);
    expect(strong({})).toEqual([0, 1, 1]);
    expect(strong({ cell: ["Ball", "Joy"] })).toEqual([0, 0, 1]);
    expect(strong({ object_class: "Ball" })).toEqual([1, 0, 1]);
    expect(strong({ confidence: 0.85 })).toEqual([1, 0, 0]);
  });

  it("has the map of its predicted label, or none", () => {
    const { numbers, shown } = smallRun();
    expect([...shown.cam(1, "cam")!.grid].map((value) => Math.round(10 * value))).toEqual([2, 4]);
    expect(shown.cam(1, "cam")!.view).toEqual({ x0: 25, y0: 0, x1: 75, y1: 50 });
    expect(shown.cam(2, "cam")).toBeNull();
    expect(shown.cam(0, "other")).toBeNull();
    expect(numbers.affect(0)).toEqual({ valence: 0.5, arousal: null });
  });

  it("draws what counts and a few of the certain others on a thumbnail", () => {
    const row = (confidence: number, strong: number): number[] => [0, 0, 1, 1, confidence, 0, 0, strong];
    const rows = Float32Array.from([...Array.from({ length: 50 }, () => row(0.9, 1)), ...Array.from({ length: 20 }, () => row(0.5, 0)), row(0.1, 0)].flat());
    expect(few(rows).length / 8).toBe(40 + 12);
  });

  it("says why its picture is not here", () => {
    const reads: string[] = [];
    const pictures = new Pictures([[0, 1, 2, 3]], { 3: "damaged" }, "left out", (name) => {
      reads.push(name);
      return Uint8Array.from([0, 1, 2, 3, 4, 5]);
    });
    expect([...pictures.bytes(0)]).toEqual([2, 3, 4]);
    pictures.bytes(0);
    expect(reads).toEqual(["pictures-1"]);
    expect([pictures.reason(0), pictures.reason(3), pictures.reason(5)]).toEqual([null, "damaged", "left out"]);
  });
});

describe("the stored model", () => {
  const asked = async (kind: string): Promise<Record<string, unknown>[]> => {
    const model = new StoredModel({}, manager);
    model.answer("double", (content) => [{ of: content.n }, [Uint8Array.from([2])]]);
    model.answer("news", () => null);
    model.answer("refused", () => {
      throw new Unanswerable("Not in a report.");
    });
    const heard: Record<string, unknown>[] = [];
    model.on("msg:custom", ((message: Record<string, unknown>, buffers: DataView[]) => heard.push({ ...message, buffers: buffers.map((b) => b.getUint8(0)) })) as never);
    model.send({ kind, id: 7, n: 3 });
    expect(heard).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve));
    return heard;
  };

  it("answers later, with the question's id, as a kernel would", async () => {
    expect(await asked("double")).toEqual([{ kind: "double", id: 7, of: 3, buffers: [2] }]);
    expect(await asked("ping")).toEqual([{ kind: "ping", id: 7, buffers: [] }]);
    expect(await asked("news")).toEqual([]);
  });

  it("says what it cannot do", async () => {
    expect(await asked("refused")).toEqual([{ kind: "error", id: 7, sentence: "Not in a report.", details: "", buffers: [] }]);
    expect((await asked("predict"))[0].sentence).toContain("needs a kernel");
  });

  it("tells of changes only, and keeps linked traits equal", () => {
    const [one, other] = [new StoredModel({ cell: ["a", "b"] }, manager), new StoredModel({ picked: null }, manager)];
    let changes = 0;
    other.on("change:picked", (() => changes++) as never);
    linkTraits(one, "cell", other, "picked");
    one.set("cell", ["a", "b"]);
    expect([changes, other.get("picked")]).toEqual([1, ["a", "b"]]);
    other.set("picked", null);
    expect([changes, one.get("cell")]).toEqual([2, null]);
  });
});
