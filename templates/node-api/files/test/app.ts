import assert from "node:assert/strict";
import { test } from "node:test";
import { app } from "../src/app.ts";

test("says hello by name", async () => {
  const response = await app.request("/api/hello?name=Ada");
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { message: "Hello, Ada!" });
});

test("answers 404 as JSON", async () => {
  const response = await app.request("/nowhere");
  assert.equal(response.status, 404);
  assert.deepEqual(await response.json(), { error: "not found" });
});
