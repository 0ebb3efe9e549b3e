import { expect, test } from "vitest";
import { contract } from "@tesslate/contract";
import { buildOpenApi } from "../openapi.ts";
import type { Json } from "../openapi-components.ts";
import { partOf } from "./document-part.ts";
import { operationToHtml } from "./operation-html.ts";
import { operationsByTag } from "./reference-page.ts";

const document = buildOpenApi(contract, { version: "1.0.0" });
const htmlOf = (path: string, method: string) => operationToHtml(partOf(document, ["paths", path, method]));

test("an operation shows its parameters, the fields of its body and of its response, and its errors", () => {
  const html = htmlOf("/api/projects", "post");
  expect(html).toContain('<code class="name">name</code> <span class="type">string</span> <em class="required">required</em>');
  expect(html).toContain("Idempotency-Key");
  expect(html).toMatch(/<summary><b class="post">201<\/b>/);
  expect(html).toMatch(/<b class="delete">401<\/b>/);
  expect(htmlOf("/api/projects", "get")).toContain("list of ");
});

test("every operation can be shown, however its schemas refer to each other, in at most 400 kB", () => {
  for (const { id, path, method, summary } of [...operationsByTag(document).values()].flat()) {
    const html = htmlOf(path, method);
    expect(html.length, id).toBeLessThan(400_000);
    expect(html.replaceAll("&amp;", "&"), id).toContain(summary);
  }
});

test("words of a document are text", () => {
  const operation = {
    summary: "<b>x</b>",
    description: "A `<script>`",
    parameters: [{ name: '"><img>', in: "query", schema: { type: "string" } }],
    responses: {},
  };
  const html = operationToHtml({ paths: { "/<x>": { get: operation } } } as unknown as Json);
  expect(html).not.toMatch(/<(?:script|img|x)>/);
});
