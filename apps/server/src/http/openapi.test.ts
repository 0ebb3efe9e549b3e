import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import fastJsonStringify, { type Schema } from "fast-json-stringify";
import { expect, test } from "vitest";
import { contract, type RouteSpec } from "@tesslate/contract";
import { testApp } from "../testing/app.ts";

interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  security: object[];
  parameters: { name: string; in: string }[];
  requestBody?: { content: Record<string, object> };
  responses: Record<string, { content?: Record<string, object> }>;
}
interface Document {
  openapi: string;
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  "x-websocket": Record<string, { operationId: string }>;
}

test("the document is valid OpenAPI 3.1 and holds every route of the contract", async () => {
  await using app = await testApp();
  const response = await app.request("/openapi.json");
  expect(response.headers.get("content-type")).toMatch(/application\/json/);
  const document = (await response.json()) as Document;
  expect(document.openapi).toMatch(/^3\.1\./);
  // The page at /docs calls the name that it was opened by; its policy allows no other.
  expect(document.servers).toEqual([{ url: "/" }]);
  expect(await new Validator().validate(structuredClone(document) as unknown as Record<string, unknown>)).toEqual({ valid: true });

  const ids: string[] = [];
  for (const [group, routes] of Object.entries(contract))
    for (const [name, spec] of Object.entries(routes as Record<string, RouteSpec>)) {
      const operationId = `${group}.${name}`;
      if (spec.kind === "socket") {
        expect(document["x-websocket"][spec.path]?.operationId).toBe(operationId);
        continue;
      }
      const operation = document.paths[spec.path]?.[spec.method.toLowerCase()];
      expect(operation, operationId).toBeDefined();
      if (!operation) continue;
      ids.push(operation.operationId);
      expect(operation).toMatchObject({ operationId, tags: [spec.tag], summary: spec.summary });
      expect(operation.summary.length).toBeGreaterThan(3);
      expect(operation.security.length > 0, operationId).toBe(spec.auth !== "none");
      // Every name in the path is a parameter, and every parameter of the path is in it.
      const named = [...spec.path.matchAll(/\{([^}]+)\}/g)].map((m) => m[1]).sort();
      expect(
        operation.parameters
          .filter((p) => p.in === "path")
          .map((p) => p.name)
          .sort(),
        operationId,
      ).toEqual(named);
      const success = Object.keys(operation.responses).filter((s) => /^[23]/.test(s));
      expect(success, operationId).toEqual([spec.status ?? 200, spec.isRanged ? 206 : []].flat().map(String).sort());
      if (spec.auth !== "none" && spec.auth !== "optional") expect(operation.responses).toHaveProperty("401");
      if (spec.body) expect(operation.requestBody?.content, operationId).toHaveProperty(["application/json"]);
      if (spec.form) expect(operation.requestBody?.content).toHaveProperty(["application/x-www-form-urlencoded"]);
    }
  expect(new Set(ids).size).toBe(ids.length);
});

test("every schema of the contract is one, and can be compiled: the server does it when a route is first used", () => {
  const ajv = new Ajv({ strict: false, allowUnionTypes: true });
  addFormats.default(ajv);
  for (const [group, routes] of Object.entries(contract))
    for (const [name, { params, query, body, response }] of Object.entries(routes as Record<string, RouteSpec>)) {
      for (const schema of [params, query, body]) if (schema) expect(() => ajv.compile(schema), `${group}.${name}`).not.toThrow();
      if (response) expect(() => fastJsonStringify(response as Schema), `${group}.${name}`).not.toThrow();
    }
});

test("every content type of an answer is declared: of bytes beside JSON, of each kind of archive", async () => {
  await using app = await testApp();
  const { paths } = (await (await app.request("/openapi.json")).json()) as Document;
  const typesOf = (path: string, status = "200") => Object.keys(paths[path]?.["get"]?.responses[status]?.content ?? {});
  expect(typesOf("/api/projects/{id}/files/{path}")).toEqual(["application/json", "application/octet-stream"]);
  expect(typesOf("/api/projects/{id}/files/{path}", "206")).toEqual(["application/octet-stream"]);
  for (const path of ["/api/projects/{id}/download", "/api/projects/{id}/snapshots/{snapshot_id}/download"])
    expect(typesOf(path), path).toEqual(["application/zip", "application/gzip"]);
});
