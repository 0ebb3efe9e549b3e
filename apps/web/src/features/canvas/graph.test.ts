import { describe, expect, test } from "vitest";
import type { Container, Preview } from "@tesslate/contract";
import { edgesOf, fansOf, nodesOf, previewEdgeId, previewSize, reconcile } from "./graph.ts";

const container = (id: string, x: number, over: Partial<Container> = {}): Container =>
  ({ id, name: id, position_x: x, position_y: 0, service_slug: null, ...over }) as Container;
const preview = (id: string, of: string | null, over: Partial<Preview> = {}): Preview =>
  ({ id, connected_container_id: of, position_x: 0, position_y: 0, width: null, height: null, current_path: "/", ...over }) as Preview;
const nobody: ReadonlySet<string> = new Set();

describe("the graph", () => {
  test("nodes and lines of what there is", () => {
    const containers = [container("web", 0), container("db", 300, { service_slug: "postgres" })];
    const previews = [preview("p", "web"), preview("q", "gone", { width: 640, height: 480 })];
    const link = {
      target_container_id: "web",
      connection_type: "depends_on",
      connector_type: "env_injection",
      config: null,
      label: null,
    } as const;
    const links = [
      { ...link, id: "l", source_container_id: "db", env_keys: ["DATABASE_URL"] },
      { ...link, id: "dead", source_container_id: "gone", env_keys: [] },
    ];
    expect(nodesOf(containers, previews)).toMatchObject([
      { id: "web", type: "container" },
      { id: "db", type: "container", position: { x: 300, y: 0 } },
      { id: "p", type: "preview", width: previewSize.width, data: { container: { id: "web" } } },
      { id: "q", type: "preview", width: 640, height: 480, data: { container: undefined } },
    ]);
    expect(edgesOf(containers, previews, links, (slug) => (slug === "postgres" ? "database" : undefined))).toMatchObject([
      { id: "l", source: "db", target: "web", data: { kind: "database", link: { env_keys: ["DATABASE_URL"] } } },
      { id: previewEdgeId("p"), source: "web", target: "p", data: { kind: "preview" } },
    ]);
  });
});

describe("what the server sends meets what is shown", () => {
  const latest = [container("a", 0), container("b", 100)];
  test("what did not change stays the same object, selection and all", () => {
    const shown = reconcile([], nodesOf(latest, []), nobody).map((node) => ({ ...node, selected: true }));
    expect(reconcile(shown, nodesOf(latest, []), nobody)).toEqual(shown);
    expect(reconcile(shown, nodesOf(latest, []), nobody)[0]).toBe(shown[0]);
  });
  test("another status comes in, the place of what is held stays", () => {
    const shown = nodesOf(latest, []).map((node) => (node.id === "a" ? { ...node, position: { x: 9, y: 9 }, selected: true } : node));
    const next = nodesOf([container("a", 0, { status: "failed" }), container("b", 500)], []);
    const [a, b] = reconcile(shown, next, new Set(["a"]));
    expect(a).toMatchObject({ position: { x: 9, y: 9 }, selected: true, data: { container: { status: "failed" } } });
    expect(b).toMatchObject({ position: { x: 500, y: 0 } });
  });
  test("what is gone is gone, what is new appears", () => {
    const shown = nodesOf(latest, []);
    expect(reconcile(shown, nodesOf([container("b", 100), container("c", 0)], []), nobody).map(({ id }) => id)).toEqual(["b", "c"]);
  });
});

test("lines that meet fan out in the order of where they come from", () => {
  const y: Record<string, number> = { db: 0, stripe: 100, cache: 200, api: 100, web: 100 };
  const edge = (source: string, target: string) => ({ id: `${source}-${target}`, source, target });
  const fans = fansOf([edge("cache", "api"), edge("db", "api"), edge("stripe", "api"), edge("api", "web")], (id) => y[id] ?? 0);
  expect(["db-api", "stripe-api", "cache-api", "api-web"].map((id) => fans.get(id)?.toDy)).toEqual([-14, 0, 14, 0]);
  const many = Array.from({ length: 20 }, (_, index) => edge(`s${String(index).padStart(2, "0")}`, "api"));
  const ends = many.map(({ id }) => fansOf(many, () => 0).get(id)?.toDy ?? Number.NaN);
  expect([Math.min(...ends), Math.max(...ends)].map(Math.round)).toEqual([-30, 30]);
});
