// What the editor edits: the picture, the sprites, the things on it and the edits of its regions, with undo. It keeps the state and
// says when it changed; it neither draws nor asks.
import type { Size } from "../shared/viewport";
import type { Edit } from "./edits";
import { clampCentre, type Placement, same } from "./placement";
import type { NamedBox } from "./snap";

export interface Sprite {
  name: string;
  objectClass: string;
  picture: ImageBitmap;
  /** A data address for <img>. */
  address: string;
  aspect: number;
}

/** Everything that can be undone. */
export interface State {
  placements: Placement[];
  edits: Edit[];
}

interface SceneEvents {
  /** Something moved or changed. */
  changed: () => void;
  /** It was let go and is worth remembering. */
  committed: () => void;
  selected: () => void;
  /** The edits of regions are others than before. */
  edited?: () => void;
}

const REMEMBERED = 100;
const NOTHING: State = { placements: [], edits: [] };

export const sameEdits = (a: Edit[], b: Edit[]): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);
export const sameState = (a: State, b: State): boolean => same(a.placements, b.placements) && sameEdits(a.edits, b.edits);

export class Scene {
  /** The image as it came. */
  picture: ImageBitmap | null = null;
  /** The image with its region edits; `picture` where there are none. */
  edited: ImageBitmap | null = null;
  size: Size = { width: 0, height: 0 };
  sprites = new Map<string, Sprite>();
  aspects = new Map<string, number>();
  boxes: NamedBox[] = [];
  placements: Placement[] = [];
  edits: Edit[] = [];
  selected = -1;
  private kept: State = NOTHING;
  private past: State[] = [];
  private future: State[] = [];

  constructor(private readonly events: SceneEvents) {}

  reset(picture: ImageBitmap | null, size: Size, placements: Placement[], edits: Edit[] = []): void {
    if (this.edited !== this.picture) this.edited?.close();
    this.picture?.close();
    this.picture = picture;
    this.edited = picture;
    this.size = size;
    this.boxes = [];
    this.placements = placements;
    this.edits = edits;
    this.kept = this.state;
    this.past = [];
    this.future = [];
    this.select(-1);
  }

  addSprites(sprites: Sprite[]): void {
    for (const sprite of sprites) {
      this.sprites.set(sprite.name, sprite);
      this.aspects.set(sprite.name, sprite.aspect);
    }
  }

  get state(): State {
    return { placements: this.placements, edits: this.edits };
  }

  get pristine(): boolean {
    return this.placements.length === 0 && this.edits.length === 0;
  }

  get current(): Placement | null {
    return this.placements[this.selected] ?? null;
  }

  aspect(placement: Placement): number {
    return this.aspects.get(placement.sprite) ?? 1;
  }

  select(index: number): void {
    this.selected = index >= 0 && index < this.placements.length ? index : -1;
    this.events.selected();
  }

  /** While the hand moves. */
  preview(placements: Placement[], edits: Edit[] = this.edits): void {
    const edited = !sameEdits(edits, this.edits);
    this.placements = placements;
    this.edits = edits;
    if (this.selected >= placements.length) this.selected = -1;
    if (edited) this.events.edited?.();
    this.events.changed();
  }

  replace(index: number, placement: Placement): void {
    this.preview(this.placements.map((other, i) => (i === index ? placement : other)));
  }

  /** The hand has let go: a step that can be undone. */
  commit(placements: Placement[] = this.placements, edits: Edit[] = this.edits): void {
    const state = { placements, edits };
    if (!sameState(state, this.state)) this.preview(placements, edits);
    if (sameState(state, this.kept)) return;
    this.remember(state);
    this.events.committed();
  }

  /** Back to what it was before the hand took it. */
  cancel(): void {
    if (!sameState(this.state, this.kept)) this.preview(this.kept.placements, this.kept.edits);
  }

  remove(index: number): void {
    if (index < 0) return;
    const left = this.placements.filter((_, i) => i !== index);
    this.select(-1);
    this.preview(left);
    this.commit();
  }

  /** In front of (1) or behind (-1) its neighbour. */
  reorder(index: number, step: 1 | -1): void {
    const other = index + step;
    if (index < 0 || other < 0 || other >= this.placements.length) return;
    const next = [...this.placements];
    [next[index], next[other]] = [next[other], next[index]];
    this.selected = other;
    this.commit(next);
    this.events.selected();
  }

  /** A second one beside it, in front of everything, which is then the selected one. */
  duplicate(index: number): void {
    const original = this.placements[index];
    if (original === undefined) return;
    const step = original.x < 0.95 ? 0.04 : -0.04;
    this.commit([...this.placements, clampCentre({ ...original, x: original.x + step, y: Math.min(1, original.y + 0.04) })]);
    this.select(this.placements.length - 1);
  }

  /** Kept and not shown, or shown again. */
  hide(index: number): void {
    this.commit(this.placements.map((placement, i) => (i === index ? toggledHidden(placement) : placement)));
  }

  /** Python, or another view, changed what is on the picture. */
  adopt(placements: Placement[], edits: Edit[] = this.kept.edits): void {
    const state = { placements, edits };
    if (sameState(state, this.kept)) return;
    this.remember(state);
    this.select(-1);
    this.preview(placements, edits);
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  undo(): void {
    this.travel(this.past, this.future);
  }

  redo(): void {
    this.travel(this.future, this.past);
  }

  private remember(state: State): void {
    this.past = [...this.past.slice(-REMEMBERED), this.kept];
    this.future = [];
    this.kept = state;
  }

  private travel(from: State[], to: State[]): void {
    const target = from.pop();
    if (target === undefined) return;
    to.push(this.kept);
    this.kept = target;
    this.select(-1);
    this.preview(target.placements, target.edits);
    this.events.committed();
  }
}

function toggledHidden(placement: Placement): Placement {
  if (placement.hidden !== true) return { ...placement, hidden: true };
  const shown = { ...placement };
  delete shown.hidden;
  return shown;
}
