import { describe, expect, test } from "vitest";
import { edgeKindOf, labelOf, connectionRefusal, type Link } from "./links.ts";

const link = (source: string, target: string): Link => ({
  id: `${source}-${target}`,
  source_container_id: source,
  target_container_id: target,
  connection_type: "depends_on",
  connector_type: "env_injection",
  config: null,
  label: null,
  env_keys: [],
});
const box = (id: string, deployment_mode: "container" | "external" = "container") => ({ id, name: id, deployment_mode });
const why = (source: string, target: string, links: Link[], mode?: "external") =>
  connectionRefusal(box(source), box(target, mode), links, (id) => id);

describe("what can be connected", () => {
  test("anything to what does not use it yet", () => {
    expect(why("db", "api", [])).toBeUndefined();
    expect(why("db", "web", [link("db", "api"), link("api", "web")])).toBeUndefined();
  });
  test("not to itself, not twice, nothing into the outside", () => {
    expect(why("a", "a", [])).toBe("A container can't connect to itself.");
    expect(why("db", "api", [link("db", "api")])).toBe("api already uses db.");
    expect(why("db", "stripe", [], "external")).toBe("stripe is an external service. Variables can't be passed to it.");
  });
  test("nothing to a database or another service that only provides", () => {
    const toService = (category: "database" | "proxy") => connectionRefusal(box("web"), box("db"), [], (id) => id, category);
    expect(toService("database")).toBe("db is used by others. It doesn't use other containers.");
    expect(toService("proxy")).toBeUndefined();
  });
  test("no cycle, and the path is named", () => {
    expect(why("web", "api", [link("api", "web")])).toBe("This would create a cycle: web already depends on api.");
    expect(why("web", "db", [link("db", "api"), link("api", "web")])).toBe(
      "This would create a cycle: web already depends on db (web → api → db).",
    );
  });
});

describe("how a line looks", () => {
  test("by what it carries", () => {
    expect(edgeKindOf({ connector_type: "http_api" }, undefined)).toBe("http");
    expect(edgeKindOf({ connector_type: "env_injection" }, "database")).toBe("database");
    expect(edgeKindOf({ connector_type: "env_injection" }, "cache")).toBe("cache");
    expect(edgeKindOf({ connector_type: "env_injection" }, "payments")).toBe("env");
    expect(edgeKindOf({ connector_type: "depends_on" }, undefined)).toBe("env");
  });
  test("with the names it brings", () => {
    expect(labelOf({ label: null, env_keys: ["POSTGRES_HOST", "DATABASE_URL"] })).toBe("DATABASE_URL +1");
    expect(labelOf({ label: null, env_keys: ["STRIPE_SECRET_KEY"] })).toBe("STRIPE_SECRET_KEY");
    expect(labelOf({ label: "main", env_keys: ["A"] })).toBe("main");
    expect(labelOf({ label: null, env_keys: [] })).toBeUndefined();
  });
});
