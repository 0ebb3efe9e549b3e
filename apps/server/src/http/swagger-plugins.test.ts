import { expect, test } from "vitest";
import { contract } from "@tesslate/contract";
import { buildOpenApi } from "./openapi.ts";
import type { Json } from "./openapi-components.ts";
import { resolveReachable } from "./swagger-plugins.ts";

/** What the resolver of Swagger UI gets for this part of a document. */
async function reachableFrom(document: Json, path: string[]): Promise<Json> {
  const system = { fn: { resolveSubtree: async (given: Json): Promise<unknown> => given } };
  resolveReachable().afterLoad.call(system);
  return (await (system.fn.resolveSubtree as (document: Json, path: string[]) => Promise<unknown>)(document, path)) as Json;
}
const at = (document: Json, keys: string[]) => keys.reduce<unknown>((value, key) => (value as Json | undefined)?.[key], document);
const refsOf = (value: unknown) =>
  [...JSON.stringify(value).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, pointer = ""]) => pointer.split("/"));

test("an operation is resolved with everything that its references lead to, and little else", async () => {
  const document = buildOpenApi(contract, { version: "1.0.0" });
  const size = JSON.stringify(document).length;
  const paths = Object.entries(document["paths"] as Record<string, Json>).flatMap(([path, item]) =>
    Object.keys(item).map((method) => ["paths", path, method]),
  );
  expect(paths.length).toBeGreaterThan(300);
  let total = 0;
  for (const path of [...paths, ["components", "securitySchemes"]]) {
    const reachable = await reachableFrom(document, path);
    expect(at(reachable, path)).toBe(at(document, path));
    for (const ref of refsOf(reachable)) expect(at(reachable, ref), `${path.join(" ")}: ${ref.join("/")}`).toBe(at(document, ref));
    total += JSON.stringify(reachable).length;
  }
  expect(total / paths.length).toBeLessThan(size / 10);
});

test("schemas that refer to themselves and to each other, and escaped names", async () => {
  const list = { properties: { next: { $ref: "#/components/schemas/List" }, of: { $ref: "#/components/schemas/a~1b%20c~0" } } };
  const schemas = { List: list, "a/b c~": { $ref: "#/components/schemas/List" }, Other: {} };
  const operation = { responses: { 200: { $ref: "#/components/schemas/List" } } };
  const document = { openapi: "3.1.0", security: [{ key: [] }], paths: { "/x": { get: operation, put: {} } }, components: { schemas } };
  const { Other: _, ...reached } = schemas;
  expect(await reachableFrom(document, ["paths", "/x", "get"])).toEqual({
    openapi: "3.1.0",
    security: [{ key: [] }],
    paths: { "/x": { get: operation } },
    components: { schemas: reached },
  });
});
