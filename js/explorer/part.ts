// A page of the detail whose widget is made when its tab is first opened: mounted when Python has it; a sentence until then, and
// where it fails, with what helps.
import { type Disposer } from "../shared/dom";
import { childModel, type Cleanup, type Model, type Mount, type MountContext } from "../shared/model";
import { failure, type State, stateBlock } from "../shared/states";

export interface Part {
  /** The trait that holds the part's widget. */
  trait: string;
  mount: Mount;
  /** What is said while it is not there yet. */
  opening: string;
}

export class PartPage {
  private reference: string | null = null;
  private cleanup: Cleanup | null = null;
  private waiting = false;

  /** `again` asks Python to make the part anew, as it was left. */
  constructor(
    private readonly model: Model,
    private readonly part: Part,
    private readonly page: HTMLElement,
    private readonly again: () => Promise<unknown>,
    private readonly disposer: Disposer,
    private readonly context: MountContext,
  ) {
    disposer.add(() => this.cleanup?.());
  }

  /** Shows the widget, or why there is none: `hint`, or without one that it is being made. */
  async show(hint: string | null): Promise<void> {
    const reference = this.model.get<string | null>(this.part.trait);
    if (reference === null) {
      this.leave();
      if (this.waiting && hint === null) return; // said already, or what went wrong
      this.waiting = hint === null;
      return this.say({ sentence: hint ?? this.part.opening });
    }
    if (reference === this.reference) return;
    this.leave();
    this.waiting = false;
    this.reference = reference;
    this.say({ sentence: this.part.opening });
    try {
      const part = await childModel(this.model, this.part.trait);
      if (this.disposer.disposed || this.reference !== reference) return;
      this.page.replaceChildren();
      this.cleanup = this.part.mount(part, this.page, this.context);
    } catch (problem) {
      if (!this.disposer.disposed && this.reference === reference) this.failed(problem);
    }
  }

  /** Python could not make it. */
  refused(problem: unknown): void {
    if (this.waiting) this.failed(problem);
  }

  /** The reference stays: what failed is tried again when the user says so, or when there is another widget. */
  private failed(problem: unknown): void {
    this.cleanup?.();
    this.cleanup = null;
    this.say(failure("This could not be opened.", problem, () => this.retry()));
  }

  private retry(): void {
    this.leave();
    this.waiting = true;
    this.say({ sentence: this.part.opening });
    this.again().then(() => this.show(null)).catch((problem: unknown) => this.disposer.disposed || this.refused(problem));
  }

  private leave(): void {
    this.reference = null;
    this.cleanup?.();
    this.cleanup = null;
  }

  private say(state: State): void {
    this.page.replaceChildren(stateBlock(state, `${this.part.trait === "editor" ? "edit" : this.part.trait}-hint`));
  }
}
