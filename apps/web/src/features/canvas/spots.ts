/** Geometry of the canvas, in its own pixels. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
export type Direction = "up" | "down" | "left" | "right";

const gap = 32;
const step = 40;
const meet = (a: Box, b: Box) =>
  a.x < b.x + b.width + gap && b.x < a.x + a.width + gap && a.y < b.y + b.height + gap && b.y < a.y + a.height + gap;

/** The free spot nearest to `around` (the center of the new node), searched in growing rings. */
export function freeSpot(
  taken: readonly Box[],
  size: { width: number; height: number },
  around: { x: number; y: number },
): { x: number; y: number } {
  const start = { x: Math.round(around.x - size.width / 2), y: Math.round(around.y - size.height / 2) };
  for (let ring = 0; ring < 60; ring++) {
    let best: { x: number; y: number; distance: number } | undefined;
    for (let dx = -ring; dx <= ring; dx++)
      for (let dy = -ring; dy <= ring; dy++) {
        if (Math.max(Math.abs(dx), Math.abs(dy)) !== ring) continue;
        const spot = { x: start.x + dx * step, y: start.y + dy * step };
        if (taken.some((box) => meet({ ...spot, ...size }, box))) continue;
        const distance = Math.hypot(dx, dy);
        if (!best || distance < best.distance) best = { ...spot, distance };
      }
    if (best) return { x: best.x, y: best.y };
  }
  return start;
}

const middle = (box: Box) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 });

/** The nearest node from `from` in a direction; sideways distance counts double. */
export function neighbour<T extends Box & { id: string }>(all: readonly T[], from: T, direction: Direction): T | undefined {
  const here = middle(from);
  let best: { item: T; cost: number } | undefined;
  for (const item of all) {
    if (item.id === from.id) continue;
    const there = middle(item);
    const dx = there.x - here.x;
    const dy = there.y - here.y;
    const ahead = direction === "right" ? dx : direction === "left" ? -dx : direction === "down" ? dy : -dy;
    const aside = Math.abs(direction === "left" || direction === "right" ? dy : dx);
    if (ahead <= 0 || aside > ahead * 2) continue;
    const cost = ahead + aside * 2;
    if (!best || cost < best.cost) best = { item, cost };
  }
  return best?.item;
}
