import { describe, expect, test } from "vitest";
import { freeSpot, neighbour } from "./spots.ts";

const box = (id: string, x: number, y: number) => ({ id, x, y, width: 208, height: 88 });
const size = { width: 208, height: 88 };

describe("freeSpot", () => {
  test("the middle, when nothing is there", () => expect(freeSpot([], size, { x: 200, y: 100 })).toEqual({ x: 96, y: 56 }));
  test("never on something, and near it", () => {
    const taken = [box("a", 96, 56)];
    for (let count = 0; count < 12; count++) {
      const spot = freeSpot(taken, size, { x: 200, y: 100 });
      for (const other of taken)
        expect(
          spot.x + size.width <= other.x ||
            other.x + other.width <= spot.x ||
            spot.y + size.height <= other.y ||
            other.y + other.height <= spot.y,
        ).toBe(true);
      expect(Math.hypot(spot.x - 96, spot.y - 56)).toBeLessThan(1200);
      taken.push(box(`n${count}`, spot.x, spot.y));
    }
  });
});

describe("neighbour", () => {
  const a = box("a", 0, 0);
  const b = box("b", 400, 20);
  const c = box("c", 400, 400);
  const d = box("d", 0, 300);
  const all = [a, b, c, d];
  test.each([
    [a, "right", "b"],
    [a, "down", "d"],
    [b, "left", "a"],
    [b, "down", "c"],
    [c, "left", "d"],
    [d, "up", "a"],
  ] as const)("from %o %s", (from, direction, id) => expect(neighbour(all, from, direction)?.id).toBe(id));
  test("nothing beyond the edge", () => expect(neighbour(all, a, "left")).toBeUndefined());
});
