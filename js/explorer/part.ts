// A page of the detail whose widget is made when its tab is first opened: mounted when Python has it, a sentence until then.
import { h, type Disposer } from "../shared/dom";
import { childModel, type Cleanup, type Model, type Mount } from "../shared/model";

export class PartPage {
  private reference: string | null = null;
  private cleanup: Cleanup | null = null;

  constructor(
    private readonly model: Model,
    private readonly trait: string,
    private readonly mount: Mount,
    private readonly page: HTMLElement,
    private readonly disposer: Disposer,
  ) {
    disposer.add(() => this.cleanup?.());
  }

  /** Shows the widget, or why there is none. */
  async show(hint: string): Promise<void> {
    const reference = this.model.get<string | null>(this.trait);
    if (reference === null) {
      this.page.replaceChildren(h("div", { class: "ec-empty", "data-testid": `${this.trait === "editor" ? "edit" : this.trait}-hint` }, hint));
      return;
    }
    if (reference === this.reference) return;
    this.reference = reference;
    this.cleanup?.();
    this.cleanup = null;
    this.page.replaceChildren();
    const part = await childModel(this.model, this.trait);
    if (this.disposer.disposed || this.reference !== reference) return;
    this.cleanup = this.mount(part, this.page, { embedded: true });
  }
}
