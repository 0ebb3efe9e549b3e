import { expect, test } from "vitest";
import type { ContainerRow, ConnectionRow } from "../../../db/schema/runtime.ts";
import { exportsOf, isFillable, plan, prefixOf } from "./exports.ts";
import { isReachable } from "./graph.ts";

const app = (key: string) => ({ id: key, container_type: "base", service_key: key, deployment_mode: "container" }) as ContainerRow;
const service = (slug: string, mode: ContainerRow["deployment_mode"] = "container") =>
  ({ id: slug, container_type: "service", service_slug: slug, service_key: slug, deployment_mode: mode }) as ContainerRow;
const connectionOf = (connector_type: ConnectionRow["connector_type"] = "env_injection", config: Record<string, unknown> | null = null) =>
  ({ connector_type, config }) as ConnectionRow;
const envOf = (row: ContainerRow, ...rest: Parameters<typeof connectionOf>) =>
  Object.fromEntries(exportsOf(row, connectionOf(...rest)).map(({ key, template }) => [key, template]));

test("derives variable prefixes from names", () => {
  expect(prefixOf("orders-api")).toBe("ORDERS_API");
  expect(prefixOf("2nd")).toBe("_2ND");
});

test("an app container provides its URL according to its connector", () => {
  expect(envOf(app("orders"))).toEqual({
    ORDERS_URL: "http://{container_name}:{internal_port}",
    ORDERS_HOST: "{container_name}",
    ORDERS_PORT: "{internal_port}",
  });
  expect(envOf(app("orders"), "http_api", { base_path: "v1" })["ORDERS_URL"]).toBe("http://{container_name}:{internal_port}/v1");
  expect(envOf(app("orders"), "http_api", { base_path: "/a{b}" })["ORDERS_URL"]).toBe("http://{container_name}:{internal_port}/a%7Bb%7D");
  expect(envOf(app("orders"), "websocket")["ORDERS_URL"]).toBe("ws://{container_name}:{internal_port}");
  expect(envOf(app("orders"), "port_mapping", { source_port: 4001 })["ORDERS_PORT"]).toBe("4001");
  expect(envOf(app("orders"), "depends_on")).toEqual({});
});

test("a mapping renames variables and can use the source's own", () => {
  expect(envOf(app("orders"), "env_injection", { env_mapping: { BACKEND: "ORDERS_URL", TOKEN: "API_TOKEN" } })).toEqual({
    BACKEND: "http://{container_name}:{internal_port}",
    TOKEN: "{API_TOKEN}",
  });
  expect(envOf(service("postgres"), "env_injection", { env_mapping: { ANALYTICS: "DATABASE_URL" } })).toEqual({
    ANALYTICS: "postgresql://{POSTGRES_USER}:{POSTGRES_PASSWORD}@{container_name}:{internal_port}/{POSTGRES_DB}",
  });
});

test("a hybrid service provides what matches its mode", () => {
  expect(envOf(service("qdrant"))["QDRANT_URL"]).toBe("http://{container_name}:{internal_port}");
  expect(envOf(service("qdrant", "external"))["QDRANT_URL"]).toBe("{QDRANT_URL}");
});

test("the latest connection wins a name, and the first app container is also the API", () => {
  const planned = plan([
    { row: service("postgres"), connection: connectionOf() },
    { row: app("orders"), connection: connectionOf() },
    { row: app("users"), connection: connectionOf() },
    { row: { ...service("mysql") }, connection: connectionOf() },
  ]);
  expect(planned.get("DATABASE_URL")?.source.row.id).toBe("mysql");
  expect(planned.get("API_URL")?.source.row.id).toBe("orders");
  expect(
    plan([
      { row: app("orders"), connection: connectionOf() },
      { row: app("api"), connection: connectionOf() },
    ]).get("API_URL")?.source.row.id,
  ).toBe("api");
  expect(plan([{ row: service("postgres"), connection: connectionOf() }]).has("API_URL")).toBe(false);
});

test("omits templates with missing values", () => {
  expect(isFillable("{A}:{B}", new Set(["A", "B"]))).toBe(true);
  expect(isFillable("{A}:{B}", new Set(["A"]))).toBe(false);
});

test("finds directed paths and terminates on cycles", () => {
  const edges = [
    { source_container_id: "a", target_container_id: "b" },
    { source_container_id: "b", target_container_id: "c" },
    { source_container_id: "b", target_container_id: "d" },
    { source_container_id: "d", target_container_id: "b" },
  ];
  expect(isReachable(edges, "a", "c")).toBe(true);
  expect(isReachable(edges, "c", "a")).toBe(false);
  expect(isReachable(edges, "a", "a")).toBe(true);
  expect(isReachable([], "a", "b")).toBe(false);
});
