import assert from "node:assert/strict";
import { test } from "node:test";
import { app } from "../src/app.ts";

const post = (path: string, body: unknown) =>
  app.request(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

test("greets by name", async () => {
  const response = await app.request("/api/hello?name=Ada");
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { message: "Hello, Ada!" });
  assert.deepEqual(await (await post("/api/greetings", { name: " Bob " })).json(), { message: "Hello, Bob!" });
});

test("input that does not match is refused with a sentence", async () => {
  for (const response of [await app.request("/api/hello?name="), await post("/api/greetings", {}), await post("/api/greetings", { name: 1 })]) {
    assert.equal(response.status, 422);
    assert.match(((await response.json()) as { error: string }).error, /^name: /);
  }
});

test("answers 404 as JSON", async () => {
  const response = await app.request("/nowhere");
  assert.equal(response.status, 404);
  assert.deepEqual(await response.json(), { error: "Not found" });
});

test("describes every route", async () => {
  const document = (await (await app.request("/openapi.json")).json()) as { openapi: string; paths: Record<string, object> };
  assert.match(document.openapi, /^3\.1/);
  assert.deepEqual(Object.keys(document.paths).toSorted(), ["/api/greetings", "/api/health", "/api/hello"]);
  assert.match(await (await app.request("/docs")).text(), /GET \/api\/hello/);
});
