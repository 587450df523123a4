// Commit, then reveal: the viewer marks what should speak for and against the label, locks that, and only then sees the map and
// how far it agrees.
import { CommitRow, type Way } from "../shared/commit";
import { type Disposer, h, percent } from "../shared/dom";
import { type Model, setTraits } from "../shared/model";
import type { Shown, Side } from "./panel";

interface Agreement {
  for_share: number | null;
  for_area: number;
  for_iou: number | null;
  against_share: number | null;
  against_area: number;
  against_iou: number | null;
  rank_correlation: number | null;
  reversed_share: number | null;
}

const WAYS: Way<Side | "none">[] = [
  { name: "for", label: "+ for", title: "Click or brush over regions that should speak for the label (f in the list)" },
  { name: "against", label: "− against", title: "Click or brush over regions that should speak against it (a in the list)" },
  { name: "none", label: "erase", title: "Take marks away (x in the list)" },
];

export class Commit {
  readonly el: HTMLElement;
  private readonly row: CommitRow<Side | "none">;
  private readonly result = h("div", { class: "li-agreement", "data-testid": "agreement" });
  private way: Side | "none" = "for";

  constructor(
    private readonly model: Model,
    private readonly shown: Shown,
    disposer: Disposer,
  ) {
    this.row = new CommitRow(WAYS, {
      way: (side) => {
        this.way = side;
        this.update();
      },
      lock: () => {
        this.send();
        setTraits(model, { committed: true });
      },
      again: () => {
        setTraits(model, { committed: false });
        this.shown.marks.clear();
        this.send();
      },
    }, disposer, this.result);
    this.el = this.row.el;
    // Another image begins with what speaks for it.
    disposer.watch(model, "_scene", () => {
      this.way = "for";
      this.update();
    });
  }

  get marking(): boolean {
    return this.model.get<string>("reveal") === "commit-first" && !this.model.get<boolean>("committed");
  }

  /** A press with the present tool. A click on a region that is marked so already takes the mark away; a brush never does. */
  press(region: number, first: boolean): void {
    const same = this.shown.marks.get(region) === this.way;
    if (first && same) this.mark(region, null);
    else this.mark(region, this.way === "none" ? null : this.way);
  }

  mark(region: number, side: Side | null): void {
    if (!this.marking) return;
    if (side === null) this.shown.marks.delete(region);
    else this.shown.marks.set(region, side);
  }

  /** Tells Python what is marked, once the brush is lifted. */
  send(): void {
    const of = (side: Side): number[] => [...this.shown.marks].filter(([, each]) => each === side).map(([region]) => region).sort((a, b) => a - b);
    setTraits(this.model, { marks: { for: of("for"), against: of("against") } });
  }

  /** What Python holds. */
  adopt(): void {
    const marks = this.model.get<{ for?: number[]; against?: number[] }>("marks");
    this.shown.marks.clear();
    for (const region of marks.for ?? []) this.shown.marks.set(region, "for");
    for (const region of marks.against ?? []) this.shown.marks.set(region, "against");
  }

  update(label = ""): void {
    if (label !== "") this.label = label;
    const on = this.model.get<string>("reveal") === "commit-first";
    this.el.hidden = !on;
    if (!on) return;
    const marking = this.marking;
    const n = this.shown.marks.size;
    const what = this.label || "the label";
    const seen = this.model.get<boolean>("seen_before");
    const before = seen ? "Not blind: the map has been shown." : "Mark it before you see the map.";
    const says = marking
      ? n === 0 ? `What should speak for ${what}, and what against it? ${before}` : `${n} ${n === 1 ? "region" : "regions"} marked for or against ${what}.${seen ? " Not blind: the map has been shown." : ""}`
      : seen ? "Locked. The map had been shown before, so this is no blind judgement." : "Locked before the map was shown.";
    this.row.update({ marking, way: this.way, says, lockable: n > 0 && this.shown.map !== null });
    this.showAgreement(marking);
  }

  private label = "";

  private showAgreement(marking: boolean): void {
    // The marks were made for the first label; Python holds the agreement with the others too.
    const found = Object.entries(this.model.get<Record<string, Agreement>>("agreement") ?? {}).filter(([label]) => label === this.label);
    this.result.hidden = marking;
    if (marking) return this.result.replaceChildren();
    if (found.length === 0) return this.result.replaceChildren(h("span", { class: "ec-muted" }, "The agreement comes with the first samples…"));
    this.result.replaceChildren(...found.map(([label, each]) => h("ul", { class: "li-facts", "aria-label": `Agreement for ${label}` },
      h("li", {}, h("b", {}, label)),
      fact(share(each.for_share), `of what speaks for it lies in what you marked for (${percent(each.for_area)} of the image)`, each.for_share),
      fact(share(each.against_share), `of what speaks against it lies in what you marked against (${percent(each.against_area)})`, each.against_share),
      fact(share(each.for_iou), "overlap of your regions for it with as many strongest", each.for_iou),
      fact(share(each.reversed_share), "of your marked regions speak the other way", each.reversed_share),
      fact(each.rank_correlation?.toFixed(2) ?? "", "rank correlation of marks and weights over all regions", each.rank_correlation),
    )));
  }
}

const share = (value: number | null): string => (value === null ? "" : percent(value));

function fact(value: string, words: string, known: number | null): HTMLElement | null {
  return known === null ? null : h("li", {}, h("strong", { class: "ec-number" }, value), ` ${words}`);
}
