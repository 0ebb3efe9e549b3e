import { expect, test } from "vitest";
import { tidy } from "./graph-layout.ts";

const node = (id: string) => ({ id, width: 208, height: 88 });

test("what needs stands left of what provides, nothing on top of another", () => {
  const nodes = ["db", "api", "web", "cache", "alone", "also"].map(node);
  const places = tidy(nodes, [
    { source: "db", target: "api" },
    { source: "cache", target: "api" },
    { source: "api", target: "web" },
  ]);
  const at = (id: string) => places.get(id) as { x: number; y: number };
  expect(places.size).toBe(6);
  expect(at("web").x).toBeLessThan(at("api").x);
  expect(at("api").x).toBeLessThan(at("db").x);
  expect(at("db").x).toBe(at("cache").x);
  for (const a of nodes)
    for (const b of nodes) {
      if (a.id >= b.id) continue;
      const [p, q] = [at(a.id), at(b.id)];
      expect(Math.abs(p.x - q.x) >= 208 || Math.abs(p.y - q.y) >= 88, `${a.id} and ${b.id}`).toBe(true);
    }
  expect(at("alone").y).toBeGreaterThan(at("web").y);
});
test("the same picture twice", () => {
  const nodes = ["a", "b", "c"].map(node);
  const links = [{ source: "a", target: "b" }];
  expect(tidy(nodes, links)).toEqual(tidy(nodes, links));
});
test("nothing gives nothing", () => expect(tidy([], []).size).toBe(0));
