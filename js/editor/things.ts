// The panel of things to put on: the palette with its search, and three ways to more: an own picture, an emoji, a cut-out.
// What is added is decoded and cut by Python, and comes back as the pixels that it pastes.
import { type Disposer, h } from "../shared/dom";
import { RpcError, type Rpc } from "../shared/rpc";
import { CutOuts } from "./cutOuts";
import { emojiPicture, firstSign, hasPicture } from "./emoji";
import type { Palette } from "./palette";
import type { Scene } from "./scene";

const QUICK = ["😀", "😢", "😡", "❤️", "🌹", "🎂", "🐶", "🔥", "⚽", "☂️"];
const MAX_BYTES = 20 * 2 ** 20;

export interface SpriteReply {
  name: string;
  class: string;
}

type Where = { clientX: number; clientY: number } | null;

export class Things {
  readonly el: HTMLElement;
  private readonly search = h("input", { type: "search", class: "ec-editor-search", placeholder: "Search things", "aria-label": "search things", "data-testid": "sprite-search" });
  private readonly none = h("div", { class: "ec-muted ec-panel-hint", hidden: true }, "No thing of that name.");
  private readonly says = h("div", { class: "ec-panel-hint", role: "status", "data-testid": "things-says" });
  private readonly chooser = h("input", { type: "file", accept: "image/png,image/jpeg,image/webp,image/gif,image/bmp", hidden: true, "data-testid": "own-file", "aria-label": "own picture" });
  private readonly sign = h("input", { type: "text", class: "ec-editor-search ec-sign", maxlength: 12, placeholder: "or type one", "aria-label": "an emoji", "data-testid": "emoji-sign" });
  private readonly emoji: HTMLElement;
  private readonly cutOuts: CutOuts;
  private readonly ways: HTMLButtonElement[];
  private enabled = false;

  constructor(
    private readonly rpc: Rpc,
    scene: Scene,
    private readonly palette: Palette,
    /** Makes the sprite known and puts it on the picture. */
    private readonly added: (reply: SpriteReply, bytes: DataView, where: Where) => Promise<void>,
    /** A file of placements was dropped. */
    private readonly load: (text: string) => void,
    root: HTMLElement,
    disposer: Disposer,
  ) {
    this.cutOuts = new CutOuts(rpc, scene, (content) => this.ask("cut-out", content, [], null), disposer);
    this.emoji = this.makeEmoji(disposer);
    const own = h("button", { class: "ec-button", type: "button", title: "An own picture: choose it here, drop it on the editor, or paste it (Ctrl+V)", "data-testid": "own" }, "Own…");
    disposer.listen(own, "click", () => this.chooser.click());
    this.ways = [own, this.way("Emoji", "emoji", "An emoji as a thing", this.emoji, disposer), this.way("Cut out", "cut-out", "Cut a thing out of this image or of the corpus", this.cutOuts.el, disposer)];
    disposer.listen(this.chooser, "change", () => {
      const file = this.chooser.files?.[0];
      this.chooser.value = "";
      if (file !== undefined) void this.addFile(file, null);
    });
    disposer.listen(this.search, "input", () => (this.none.hidden = palette.search(this.search.value) > 0));
    this.el = h("div", { class: "ec-things" },
      h("div", { class: "ec-things-head" }, this.search, h("div", { class: "ec-panel-buttons" }, ...this.ways), this.emoji, this.cutOuts.el, this.says, this.chooser),
      palette.el, this.none);
    this.takeDrops(root, disposer);
  }

  enable(enabled: boolean): void {
    this.enabled = enabled;
    for (const way of this.ways) way.disabled = !enabled;
    this.palette.enable(enabled);
  }

  setBoxes(classes: string[]): void {
    this.cutOuts.setBoxes(classes);
  }

  /** A picture file of the user's. */
  async addFile(file: File, where: Where): Promise<void> {
    if (!this.enabled) return;
    if (file.size > MAX_BYTES) {
      this.say(`${file.name} is too large: at most ${MAX_BYTES / 2 ** 20} MB.`);
      return;
    }
    await this.ask("add-sprite", { name: file.name.replace(/\.[^.]*$/, "") || "own picture" }, [await file.arrayBuffer()], where);
  }

  private way(text: string, testid: string, title: string, section: HTMLElement, disposer: Disposer): HTMLButtonElement {
    const button = h("button", { class: "ec-button", type: "button", title, "aria-expanded": "false", "data-testid": testid }, text);
    section.hidden = true;
    disposer.listen(button, "click", () => {
      const open = section.hidden;
      for (const other of [this.emoji, this.cutOuts.el]) other.hidden = other !== section || !open;
      for (const other of this.ways) if (other.hasAttribute("aria-expanded")) other.setAttribute("aria-expanded", String(other === button && open));
      this.say("");
      if (open && section === this.emoji) this.checkSigns();
      if (open) section.querySelector<HTMLElement>("button:not([hidden]), input, select")?.focus();
    });
    return button;
  }

  private makeEmoji(disposer: Disposer): HTMLElement {
    const quick = QUICK.map((sign) => {
      const button = h("button", { class: "ec-icon-button ec-emoji", type: "button", "aria-label": `put ${sign} on the picture` }, sign);
      disposer.listen(button, "click", () => void this.addSign(sign));
      return button;
    });
    const add = h("button", { class: "ec-button", type: "button", "data-testid": "emoji-add" }, "Add");
    const typed = (): void => void this.addSign(firstSign(this.sign.value));
    disposer.listen(add, "click", typed);
    disposer.listen<KeyboardEvent>(this.sign, "keydown", (event) => {
      if (event.key === "Enter") typed();
    });
    return h("div", { class: "ec-section", role: "group", "aria-label": "emoji" }, h("div", { class: "ec-emojis" }, ...quick), h("div", { class: "ec-panel-row" }, this.sign, add));
  }

  /** Offers only what this browser can draw. */
  private checkSigns(): void {
    const signs = [...this.emoji.querySelectorAll<HTMLButtonElement>(".ec-emoji")];
    for (const sign of signs) sign.hidden = !hasPicture(sign.textContent ?? "");
    if (signs.every((sign) => sign.hidden)) this.say("This browser has no emoji of its own; other signs may do, such as ★.");
  }

  private async addSign(sign: string): Promise<void> {
    if (sign === "" || !this.enabled) return;
    const picture = await emojiPicture(sign);
    if (picture === null) {
      this.say(`This browser has no picture for “${sign}”.`);
      return;
    }
    this.sign.value = "";
    await this.ask("add-sprite", { name: sign, class: "emoji" }, [picture], null);
  }

  private async ask(kind: string, content: Record<string, unknown>, buffers: ArrayBuffer[], where: Where): Promise<void> {
    this.say("Adding…");
    try {
      const reply = await this.rpc.request<SpriteReply & Record<string, unknown>>(kind, content, buffers, { once: true });
      await this.added(reply.content, reply.buffers[0], where);
      this.say(`Added ${reply.content.name}.`);
    } catch (problem) {
      this.say(problem instanceof RpcError ? problem.sentence : "This picture could not be shown.");
    }
  }

  private say(sentence: string): void {
    this.says.textContent = sentence;
  }

  /** Files that are dropped on the editor, and pictures that are pasted while it has the focus. */
  private takeDrops(root: HTMLElement, disposer: Disposer): void {
    disposer.listen<DragEvent>(root, "dragover", (event) => {
      if (!this.enabled || event.dataTransfer?.types.includes("Files") !== true) return;
      event.preventDefault();
      event.stopPropagation();
      event.dataTransfer.dropEffect = "copy";
      root.classList.add("ec-editor-dropping");
    });
    disposer.listen<DragEvent>(root, "dragleave", (event) => {
      if (!root.contains(event.relatedTarget as Node | null)) root.classList.remove("ec-editor-dropping");
    });
    disposer.listen<DragEvent>(root, "drop", (event) => {
      root.classList.remove("ec-editor-dropping");
      const file = event.dataTransfer?.files[0];
      if (file === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      if (file.name.endsWith(".json")) void file.text().then(this.load);
      else void this.addFile(file, event);
    });
    disposer.listen<ClipboardEvent>(root, "paste", (event) => {
      const file = [...(event.clipboardData?.files ?? [])].find((each) => each.type.startsWith("image/"));
      if (file === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      void this.addFile(file, null);
    });
  }
}
