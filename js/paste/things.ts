// The things that can be pasted: one button each with its picture, several of which can be chosen.
import { type Disposer, h } from "../shared/dom";
import type { Rpc } from "../shared/rpc";

export interface Sprite {
  name: string;
  object_class: string;
}

export class Things {
  readonly el = h("div", { class: "pe-things", role: "group", "aria-label": "things to paste", "data-testid": "things" });
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private readonly addresses: string[] = [];

  constructor(
    sprites: Sprite[],
    private readonly rpc: Rpc,
    private readonly events: { pick: (names: string[]) => void },
    private readonly disposer: Disposer,
  ) {
    for (const { name, object_class: objectClass } of sprites) {
      const button = h("button", { class: "pe-thing", type: "button", "aria-pressed": "false", tabindex: -1, title: `${name} (${objectClass})`, "data-testid": "thing", "data-thing": name },
        h("span", { class: "pe-picture" }), h("span", { class: "pe-name" }, name));
      disposer.listen(button, "click", () => this.toggle(name));
      this.buttons.set(name, button);
      this.el.append(button);
    }
    disposer.listen<KeyboardEvent>(this.el, "keydown", (event) => this.key(event));
    disposer.add(() => this.addresses.forEach((address) => URL.revokeObjectURL(address)));
    void this.load();
  }

  select(names: string[]): void {
    for (const [name, button] of this.buttons) button.setAttribute("aria-pressed", String(names.includes(name)));
    const all = [...this.buttons.values()];
    if (!all.some((button) => button.tabIndex === 0)) (this.buttons.get(names[0]) ?? all[0]).tabIndex = 0;
  }

  private toggle(name: string): void {
    const chosen = [...this.buttons].filter(([, button]) => button.getAttribute("aria-pressed") === "true").map(([each]) => each);
    this.events.pick(chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name]);
  }

  private async load(): Promise<void> {
    try {
      const { content, buffers } = await this.rpc.request<{ names: string[] }>("sprites");
      if (this.disposer.disposed) return;
      content.names.forEach((name, i) => {
        const address = URL.createObjectURL(new Blob([buffers[i] as DataView<ArrayBuffer>], { type: "image/png" }));
        this.addresses.push(address);
        this.buttons.get(name)?.querySelector(".pe-picture")?.replaceChildren(h("img", { src: address, alt: "", draggable: "false" }));
      });
    } catch {
      // said under the widget; the names are enough to choose
    }
  }

  private key(event: KeyboardEvent): void {
    const all = [...this.buttons.values()];
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const to = ({ ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 } as Record<string, number>)[event.key];
    if (at < 0 || to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = all[Math.min(Math.max(to, 0), all.length - 1)];
    for (const button of all) button.tabIndex = button === next ? 0 : -1;
    next.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}
