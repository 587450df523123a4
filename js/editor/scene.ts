// What the editor edits: the picture, the sprites and the things on it, with undo. It keeps the state and says when it changed;
// it neither draws nor asks.
import type { Size } from "../shared/viewport";
import { type Placement, same } from "./placement";

export interface Sprite {
  name: string;
  objectClass: string;
  picture: ImageBitmap;
  /** A data address for <img>. */
  address: string;
  aspect: number;
}

const REMEMBERED = 100;

export class Scene {
  picture: ImageBitmap | null = null;
  size: Size = { width: 0, height: 0 };
  sprites = new Map<string, Sprite>();
  aspects = new Map<string, number>();
  placements: Placement[] = [];
  selected = -1;
  private committed: Placement[] = [];
  private past: Placement[][] = [];
  private future: Placement[][] = [];

  /** `changed(live)`: something moved; `committed()`: it was let go and is worth remembering. */
  constructor(private readonly events: { changed: () => void; committed: () => void; selected: () => void }) {}

  reset(picture: ImageBitmap | null, size: Size, placements: Placement[]): void {
    this.picture?.close();
    this.picture = picture;
    this.size = size;
    this.placements = placements;
    this.committed = placements;
    this.past = [];
    this.future = [];
    this.select(-1);
  }

  setSprites(sprites: Sprite[]): void {
    this.sprites = new Map(sprites.map((sprite) => [sprite.name, sprite]));
    this.aspects = new Map(sprites.map((sprite) => [sprite.name, sprite.aspect]));
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
  preview(placements: Placement[]): void {
    this.placements = placements;
    if (this.selected >= placements.length) this.selected = -1;
    this.events.changed();
  }

  replace(index: number, placement: Placement): void {
    this.preview(this.placements.map((other, i) => (i === index ? placement : other)));
  }

  /** The hand has let go: a step that can be undone. */
  commit(placements: Placement[] = this.placements): void {
    if (!same(placements, this.placements)) this.preview(placements);
    if (same(placements, this.committed)) return;
    this.past = [...this.past.slice(-REMEMBERED), this.committed];
    this.future = [];
    this.committed = placements;
    this.events.committed();
  }

  /** Back to what it was before the hand took it. */
  cancel(): void {
    if (!same(this.placements, this.committed)) this.preview(this.committed);
  }

  remove(index: number): void {
    if (index < 0) return;
    const left = this.placements.filter((_, i) => i !== index);
    this.select(-1);
    this.preview(left);
    this.commit();
  }

  /** Python, or another view, changed what is on the picture. */
  adopt(placements: Placement[]): void {
    if (same(placements, this.committed)) return;
    this.past = [...this.past.slice(-REMEMBERED), this.committed];
    this.future = [];
    this.committed = placements;
    this.select(-1);
    this.preview(placements);
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

  private travel(from: Placement[][], to: Placement[][]): void {
    const target = from.pop();
    if (target === undefined) return;
    to.push(this.committed);
    this.committed = target;
    this.select(-1);
    this.preview(target);
    this.events.committed();
  }
}
