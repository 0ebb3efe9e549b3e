import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import fastJsonStringify, { type Schema } from "fast-json-stringify";
import { expect, test } from "vitest";
import { apiTags, contract, errorCodes, type RouteSpec } from "@tesslate/contract";
import { testApp } from "../testing/app.ts";
import { pascalCase } from "./openapi-components.ts";
import { buildOpenApi } from "./openapi.ts";

interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  security?: object[];
  parameters: ({ name: string; in: string } | { $ref: string })[];
  requestBody?: { content: Record<string, object> };
  responses: Record<string, { $ref?: string; content?: Record<string, object> }>;
}
interface Document {
  openapi: string;
  info: { description: string };
  servers: { url: string }[];
  security: object[];
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: Record<"schemas" | "responses" | "parameters" | "headers", Record<string, Record<string, unknown>>>;
  "x-websocket": Record<string, { operationId: string; send: object; receive: object }>;
}
const document = buildOpenApi(undefined, { version: "1.2.3" }) as unknown as Document;
const routes = Object.entries(contract).flatMap(([group, named]) =>
  Object.entries(named as Record<string, RouteSpec>).map(([name, spec]) => ({ id: `${group}.${name}`, spec })),
);
const operationOf = (spec: RouteSpec) => document.paths[spec.path]?.[spec.method.toLowerCase()];
const parametersOf = ({ parameters }: Operation) =>
  parameters.map((parameter) =>
    "$ref" in parameter
      ? (document.components.parameters[parameter.$ref.split("/").at(-1) ?? ""] as { name: string; in: string })
      : parameter,
  );
/** Every object of the document, with the path to it. */
function* walk(value: unknown, path = "#"): Generator<[path: string, value: Record<string, unknown>]> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield [path, value as Record<string, unknown>];
  for (const [key, part] of Object.entries(value)) yield* walk(part, `${path}/${key}`);
}

test("the document is valid OpenAPI 3.1", async () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  // The page at /docs calls the host it was opened at; its policy allows no other.
  expect(document.servers).toEqual([{ url: "/" }]);
  expect(await new Validator().validate(structuredClone(document) as unknown as Record<string, unknown>)).toEqual({ valid: true });
});

test("the document has every route of the contract, with its parameters, bodies and statuses", () => {
  const ids: string[] = [];
  for (const { id, spec } of routes) {
    if (spec.kind === "socket") {
      expect(document["x-websocket"][spec.path], id).toMatchObject({
        operationId: id,
        send: expect.anything(),
        receive: expect.anything(),
      });
      continue;
    }
    const operation = operationOf(spec);
    expect(operation, id).toBeDefined();
    if (!operation) continue;
    ids.push(operation.operationId);
    expect(operation).toMatchObject({ operationId: id, tags: [apiTags[spec.tag][0]], summary: spec.summary });
    expect((operation.security ?? document.security).length > 0, id).toBe(spec.auth !== "none");
    const named = [...spec.path.matchAll(/\{([^}]+)\}/g)].map((m) => m[1]).sort();
    expect(
      parametersOf(operation)
        .filter((parameter) => parameter.in === "path")
        .map(({ name }) => name)
        .sort(),
      id,
    ).toEqual(named);
    const success = Object.keys(operation.responses).filter((status) => /^[23]/.test(status));
    const isUnsupported = spec.errors?.[0] === "method_not_allowed";
    expect(success, id).toEqual(
      isUnsupported
        ? []
        : [
            spec.status ?? 200,
            spec.hasEnd ? 204 : [],
            spec.isRanged ? 206 : [],
            spec.method === "GET" && spec.requestHeaders?.includes("If-None-Match") ? 304 : [],
          ]
            .flat()
            .map(String)
            .sort(),
    );
    if (spec.auth !== "none" && spec.auth !== "optional")
      expect(Object.keys(operation.responses), id).toEqual(expect.arrayContaining(["401", "403"]));
    for (const code of spec.errors ?? []) {
      expect(Object.keys(operation.responses), id).toContain(String(errorCodes[code].status));
      expect(operation.description, id).toContain(`\`${code}\``);
    }
    if (spec.body) expect(operation.requestBody?.content, id).toHaveProperty(["application/json"]);
    if (spec.form) expect(operation.requestBody?.content).toHaveProperty(["application/x-www-form-urlencoded"]);
  }
  expect(new Set(ids).size).toBe(ids.length);
});

test("summaries are a verb and a noun in sentence case, and every operation has a longer description", () => {
  for (const { id, spec } of routes) {
    expect(spec.summary, id).toMatch(/^[A-Z][a-z]+( |$)[^.;:]*$/);
    expect(spec.summary.length, id).toBeLessThanOrEqual(45);
    expect(spec.description, id).toMatch(/^[A-Z`][^]{15,}\.$/);
    expect(`${spec.summary} ${spec.description}`, id).not.toMatch(/\b(one's|somebody else's|whoever|meanwhile|anew|by itself)\b/);
  }
  expect(new Set(routes.map(({ spec }) => spec.summary)).size).toBe(routes.length);
});

test("every object has a name, and no two names have the same schema", () => {
  const { schemas } = document.components;
  const isObject = ({ properties }: Record<string, unknown>) => Object.values(properties ?? {}).some((of) => typeof of === "object");
  const anonymous = [...walk(document.paths), ...walk(document["x-websocket"])].filter(
    ([path, value]) => isObject(value) && !path.includes("multipart~1form-data") && !path.includes("multipart/form-data"),
  );
  expect(anonymous.map(([path]) => path)).toEqual([]);
  for (const [name, schema] of Object.entries(schemas))
    for (const [path, value] of walk(schema, name))
      if (path !== name && !path.endsWith("/allOf/1")) expect(isObject(value), path).toBe(false);
  const seen = new Map<string, string>();
  for (const [name, { description: _description, examples: _examples, ...schema }] of Object.entries(schemas)) {
    const text = JSON.stringify(schema);
    expect(seen.get(text), name).toBeUndefined();
    seen.set(text, name);
  }
  // A number at the end of a name means that two different schemas have it.
  expect(Object.keys(schemas).filter((name) => /\d$/.test(name))).toEqual([]);
  for (const name of ["Project", "Container", "Deployment", "Chat", "ChatMessage", "RunEvent", "Task", "User", "ErrorBody"])
    expect(schemas).toHaveProperty(name);
});

test("no schema extends a closed one", () => {
  const { schemas } = document.components;
  const bases = Object.values(schemas).flatMap(({ allOf = [] }) =>
    (allOf as { $ref?: string }[]).map(({ $ref = "" }) => $ref.split("/").at(-1) ?? ""),
  );
  expect(bases).toContain("Project");
  expect(bases.filter((name) => schemas[name]?.["additionalProperties"] === false)).toEqual([]);
});

test("a schema that several operations use is exported from the contract, not named after one of them", () => {
  const owners = new Map(routes.map(({ id }) => [pascalCase(id), id]));
  const ownerOf = (schema: string) => /^(.*)(?:Response|Request|Event|Frame)$/.exec(schema)?.[1] ?? "";
  for (const { id, spec } of routes)
    for (const [, value] of walk([operationOf(spec)?.requestBody, operationOf(spec)?.responses])) {
      const name = typeof value["$ref"] === "string" ? (value["$ref"].split("/").at(-1) ?? "") : "";
      const owner = owners.get(ownerOf(name));
      if (owner) expect(owner, `${name} is also used by ${id}`).toBe(id);
    }
});

test("every reference resolves", () => {
  for (const [path, value] of walk(document)) {
    if (typeof value["$ref"] !== "string") continue;
    const [, , section = "", name = ""] = value["$ref"].split("/");
    expect(document.components[section as "schemas"], path).toHaveProperty([name]);
  }
});

test("examples are valid", () => {
  const ajv = new Ajv({ strict: false, allowUnionTypes: true });
  addFormats.default(ajv);
  ajv.addSchema({ $id: "document", ...document });
  const withExamples = Object.entries(document.components.schemas).filter(([, schema]) => schema["examples"]);
  expect(withExamples.length).toBeGreaterThan(15);
  for (const [name, schema] of withExamples)
    for (const example of schema["examples"] as unknown[]) {
      const validate = ajv.getSchema(`document#/components/schemas/${name}`);
      expect(validate?.(example), `${name}: ${ajv.errorsText(validate?.errors)}`).toBe(true);
    }
});

test("tags are described, and each is used", () => {
  const used = new Set(routes.map(({ spec }) => apiTags[spec.tag][0]));
  expect(document.tags.map(({ name }) => name)).toEqual(Object.values(apiTags).map(([title]) => title));
  for (const { name, description } of document.tags) {
    expect(used).toContain(name);
    expect(description, name).toMatch(/\.$/);
  }
  for (const subject of ["Authentication", "Errors", "Lists", "Event streams", "WebSockets", "Idempotency", "Rate limits"])
    expect(document.info.description).toContain(`## ${subject}`);
});

test("/openapi.json and the files of /docs are compressed, and 304 for a client that has them", async () => {
  await using app = await testApp();
  const types = {
    "/openapi.json": "application/json",
    "/docs": "text/html",
    "/docs/reference.js": "text/javascript",
    "/docs/operations/projects.list.json": "application/json",
    "/docs/operations/projects.list.html": "text/html",
    "/docs/static/swagger-ui-bundle.js": "text/javascript",
    "/docs/static/swagger-ui.css": "text/css",
  };
  for (const [path, type] of Object.entries(types)) {
    const response = await app.request(path, { headers: { "accept-encoding": "gzip, br" } });
    expect([response.status, response.headers.get("content-encoding"), response.headers.get("vary")]).toEqual([
      200,
      "br",
      "accept-encoding",
    ]);
    expect(response.headers.get("content-type")).toContain(type);
    const etag = response.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"\S+"$/);
    const text = await response.text();
    if (type === "application/json") expect(JSON.parse(text) as Document).toMatchObject({ openapi: "3.1.0" });
    const again = await app.request(path, { headers: { "if-none-match": `W/${etag}` } });
    expect([again.status, (await again.arrayBuffer()).byteLength]).toEqual([304, 0]);
    const plain = await app.request(path, { headers: { "accept-encoding": "br;q=0, identity" } });
    expect([plain.status, plain.headers.get("content-encoding")]).toEqual([200, null]);
    expect(await plain.text()).toBe(text);
  }
});

test("every schema of the contract can be compiled, which the server does when a route is first used", () => {
  const ajv = new Ajv({ strict: false, allowUnionTypes: true });
  addFormats.default(ajv);
  for (const [group, routes] of Object.entries(contract))
    for (const [name, { params, query, body, response }] of Object.entries(routes as Record<string, RouteSpec>)) {
      for (const schema of [params, query, body]) if (schema) expect(() => ajv.compile(schema), `${group}.${name}`).not.toThrow();
      if (response) expect(() => fastJsonStringify(response as Schema), `${group}.${name}`).not.toThrow();
    }
});

test("every content type of a response is declared: binary beside JSON, each kind of archive", () => {
  const typesOf = (path: string, status = "200") => Object.keys(document.paths[path]?.["get"]?.responses[status]?.content ?? {});
  expect(typesOf("/api/projects/{id}/files/{path}")).toEqual(["application/json", "application/octet-stream"]);
  expect(typesOf("/api/projects/{id}/files/{path}", "206")).toEqual(["application/octet-stream"]);
  for (const path of ["/api/projects/{id}/download", "/api/projects/{id}/snapshots/{snapshot_id}/download"])
    expect(typesOf(path), path).toEqual(["application/zip", "application/gzip"]);
});
