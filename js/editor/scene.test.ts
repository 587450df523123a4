import { describe, expect, it, vi } from "vitest";
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
