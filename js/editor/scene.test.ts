import { describe, expect, it, vi } from "vitest";
import { makeEdit, WHOLE } from "./edits";
import { place, type Placement } from "./placement";
import { Scene } from "./scene";

const size = { width: 100, height: 100 };
const ball = (x: number): Placement => place("ball", { x, y: 50 }, size);

function setUp() {
  const events = { changed: vi.fn(), committed: vi.fn(), selected: vi.fn() };
  const scene = new Scene(events);
  scene.reset(null, size, []);
  return { scene, events };
}

describe("the scene", () => {
  it("previews without remembering and remembers what is let go", () => {
    const { scene, events } = setUp();
    for (const x of [10, 20, 30]) scene.preview([ball(x)]);
    expect(scene.canUndo).toBe(false);
    scene.commit();
    scene.commit();
    expect(events.changed).toHaveBeenCalledTimes(3);
    expect(events.committed).toHaveBeenCalledTimes(1);
    scene.undo();
    expect(scene.placements).toEqual([]);
    scene.redo();
    expect(scene.placements).toEqual([ball(30)]);
    expect(scene.canRedo).toBe(false);
  });

  it("goes back when the hand gives up, and can undo a removal", () => {
    const { scene } = setUp();
    scene.commit([ball(10), ball(20)]);
    scene.replace(1, ball(90));
    scene.cancel();
    expect(scene.placements[1].x).toBe(0.2);
    scene.select(0);
    scene.remove(0);
    expect(scene.placements).toEqual([ball(20)]);
    expect(scene.current).toBeNull();
    scene.undo();
    expect(scene.placements.length).toBe(2);
  });

  it("forgets the way forward once something else is done", () => {
    const { scene } = setUp();
    scene.commit([ball(10)]);
    scene.undo();
    scene.commit([ball(40)]);
    expect(scene.canRedo).toBe(false);
    scene.undo();
    expect(scene.placements).toEqual([]);
  });

  it("takes over what Python sets, once", () => {
    const { scene, events } = setUp();
    scene.adopt([ball(10)]);
    scene.adopt([ball(10)]);
    expect(events.changed).toHaveBeenCalledTimes(1);
    expect(events.committed).not.toHaveBeenCalled();
    scene.undo();
    expect(scene.placements).toEqual([]);
  });
});

describe("layers and edits", () => {
  it("are put in order, doubled and hidden, each a step to undo", () => {
    const { scene } = setUp();
    scene.commit([ball(10), ball(20), ball(30)]);
    scene.select(0);
    scene.reorder(0, 1);
    expect(scene.placements.map((each) => each.x)).toEqual([0.2, 0.1, 0.3]);
    expect(scene.selected).toBe(1);
    scene.reorder(2, 1);
    scene.duplicate(1);
    expect(scene.placements.length).toBe(4);
    expect(scene.selected).toBe(3);
    expect(scene.placements[3].x).toBeCloseTo(0.14);
    scene.hide(0);
    expect(scene.placements[0].hidden).toBe(true);
    scene.hide(0);
    expect(scene.placements[0]).toEqual(ball(20));
    for (let i = 0; i < 4; i++) scene.undo();
    expect(scene.placements.map((each) => each.x)).toEqual([0.1, 0.2, 0.3]);
  });

  it("are undone together with what was on the picture", () => {
    const edited = vi.fn();
    const scene = new Scene({ changed: vi.fn(), committed: vi.fn(), selected: vi.fn(), edited });
    scene.reset(null, size, []);
    scene.commit([ball(10)]);
    expect(edited).not.toHaveBeenCalled();
    const grey = makeEdit("grey", WHOLE);
    scene.commit(undefined, [grey]);
    scene.preview(scene.placements, [{ ...grey, strength: 0.5 }]);
    scene.preview([ball(60)]);
    expect(edited).toHaveBeenCalledTimes(2);
    scene.cancel();
    expect(scene.state).toEqual({ placements: [ball(10)], edits: [grey] });
    scene.undo();
    expect(scene.state).toEqual({ placements: [ball(10)], edits: [] });
    scene.redo();
    expect(scene.edits).toEqual([grey]);
    expect(scene.pristine).toBe(false);
  });
});
