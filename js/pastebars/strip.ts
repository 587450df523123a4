// The images that switched at the chosen place, before and after, a few at a time.
import { css, labelColour } from "../shared/colour";
import { type Disposer, h, isDark } from "../shared/dom";
import { writePercent } from "../shared/labelBars";
import type { Rpc } from "../shared/rpc";
import { type Bar, describe, type Key, sameKey } from "./state";

interface Item {
  image_id: string;
  before: string;
  after: string;
  probability_before: number;
  probability_after: number;
  reason?: string;
}

interface Answer {
  bar: Key;
  start: number;
  total: number;
  to: [string, number][];
  items: Item[];
}

export class Strip {
  readonly el = h("section", { class: "pb-strip", "aria-label": "Images that switched", hidden: true, "data-testid": "strip" });
  private readonly head = h("div", { class: "pb-strip-head" });
  private readonly words = h("span", {});
  private readonly to = h("span", { class: "ec-muted" });
  private readonly close = h("button", { class: "ec-icon-button", type: "button", "aria-label": "Close the images", title: "Close (Esc)" }, "×");
  private readonly list = h("ul", { class: "pb-items" });
  private readonly more = h("button", { class: "ec-button", type: "button", "data-testid": "more" });
  private readonly addresses: string[] = [];
  private selected: Key | null = null;
  private shown = 0;
  private turn = 0;

  constructor(
    private readonly rpc: Rpc,
    close: () => void,
    private readonly disposer: Disposer,
  ) {
    this.head.append(h("span", { class: "pb-strip-words" }, this.words, " ", this.to), this.close);
    this.el.append(this.head, this.list, this.more);
    disposer.listen(this.close, "click", close);
    disposer.listen(this.more, "click", () => void this.ask());
    disposer.add(() => this.clear());
  }

  /** Shows the images of a bar; of the same bar again where its images changed. */
  show(bar: Bar | null, key: Key | null): void {
    this.turn++;
    this.clear();
    this.selected = key;
    this.el.hidden = bar === null || key === null;
    this.el.dataset.loaded = "false";
    this.more.hidden = true;
    if (bar === null || key === null) return;
    this.words.textContent = `${describe(bar)}.`;
    this.to.textContent = "";
    if (bar.switched === 0) {
      this.list.replaceChildren(h("li", { class: "pb-none" }, "No image switched here."));
      this.el.dataset.loaded = "true";
      return;
    }
    void this.ask();
  }

  private async ask(): Promise<void> {
    const turn = this.turn;
    this.more.disabled = true;
    this.more.textContent = "loading…";
    try {
      const { content, buffers } = await this.rpc.request<Answer>("switched", { bar: this.selected, start: this.shown });
      if (turn !== this.turn || this.disposer.disposed || !sameKey(content.bar, this.selected)) return;
      this.to.textContent = content.to.length > 1 ? `All of them: ${content.to.map(([label, n]) => `${label} ${n}`).join(", ")}.` : "";
      content.items.forEach((item, i) => this.list.append(this.item(item, buffers[2 * i], buffers[2 * i + 1])));
      this.shown = content.start + content.items.length;
      const left = content.total - this.shown;
      this.more.hidden = left <= 0;
      this.more.disabled = false;
      this.more.textContent = `Show more (${left} left)`;
      this.el.dataset.loaded = "true";
    } catch {
      this.more.hidden = false; // said under the widget
      this.more.disabled = false;
      this.more.textContent = "Try again";
    }
  }

  private item(item: Item, before: DataView, after: DataView): HTMLElement {
    const dark = isDark(this.el);
    const dot = (label: string): HTMLElement => h("i", { class: "pb-dot", style: { background: css(labelColour(label, dark)) } });
    const says = (label: string, probability: number): HTMLElement => h("figcaption", {}, dot(label), h("span", { class: "pb-label", title: label }, label), h("span", { class: "ec-number" }, writePercent(probability)));
    const picture = (data: DataView, what: string): HTMLElement =>
      data.byteLength === 0 ? h("div", { class: "pb-gone" }, item.reason ?? "no picture") : h("img", { src: this.address(data), alt: `${item.image_id} ${what}` });
    return h("li", { class: "pb-item", "data-testid": "switched", "data-image": item.image_id },
      h("div", { class: "pb-pair" },
        h("figure", {}, picture(before, "before"), says(item.before, item.probability_before)),
        h("span", { class: "pb-arrow", role: "img", "aria-label": "becomes" }, "→"),
        h("figure", {}, picture(after, "after"), says(item.after, item.probability_after))),
      h("div", { class: "pb-id ec-muted", title: item.image_id }, item.image_id));
  }

  private address(data: DataView): string {
    const address = URL.createObjectURL(new Blob([data as DataView<ArrayBuffer>], { type: "image/jpeg" }));
    this.addresses.push(address);
    return address;
  }

  private clear(): void {
    this.list.replaceChildren();
    this.shown = 0;
    for (const address of this.addresses.splice(0)) URL.revokeObjectURL(address);
  }
}
