import { expect, test } from "vitest";
import { contract } from "@tesslate/contract";
import { buildOpenApi } from "../openapi.ts";
import type { Json } from "../openapi-components.ts";
import { partOf } from "./document-part.ts";

const at = (document: Json, keys: string[]) => keys.reduce<unknown>((value, key) => (value as Json | undefined)?.[key], document);
const refsOf = (value: unknown) =>
  [...JSON.stringify(value).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, pointer = ""]) => pointer.split("/"));

test("an operation comes with everything that its references lead to, and little else", () => {
  const document = buildOpenApi(contract, { version: "1.0.0" });
  const size = JSON.stringify(document).length;
  const paths = Object.entries(document["paths"] as Record<string, Json>).flatMap(([path, item]) =>
    Object.keys(item).map((method) => ["paths", path, method]),
  );
  expect(paths.length).toBeGreaterThan(300);
  let total = 0;
  for (const path of paths) {
    const part = partOf(document, path);
    expect(at(part, path)).toBe(at(document, path));
    expect(at(part, ["components", "securitySchemes"])).toBe(at(document, ["components", "securitySchemes"]));
    for (const ref of refsOf(part)) expect(at(part, ref), `${path.join(" ")}: ${ref.join("/")}`).toBe(at(document, ref));
    total += JSON.stringify(part).length;
  }
  expect(total / paths.length).toBeLessThan(size / 10);
});

test("schemas that refer to themselves and to each other, and escaped names", () => {
  const list = { properties: { next: { $ref: "#/components/schemas/List" }, of: { $ref: "#/components/schemas/a~1b%20c~0" } } };
  const schemas = { List: list, "a/b c~": { $ref: "#/components/schemas/List" }, Other: {} };
  const operation = { responses: { 200: { $ref: "#/components/schemas/List" } } };
  const securitySchemes = { key: { type: "http" } };
  const document = {
    openapi: "3.1.0",
    info: { title: "API", description: "Long." },
    security: [{ key: [] }],
    paths: { "/x": { get: operation, put: {} } },
    components: { schemas, securitySchemes },
  };
  const { Other: _, ...reached } = schemas;
  expect(partOf(document, ["paths", "/x", "get"])).toEqual({
    openapi: "3.1.0",
    info: { title: "API", description: "" },
    security: [{ key: [] }],
    paths: { "/x": { get: operation } },
    components: { schemas: reached, securitySchemes },
  });
});
