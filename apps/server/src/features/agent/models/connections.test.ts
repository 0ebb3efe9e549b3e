import { expect, test } from "vitest";
import { apiOf, createConnection } from "./connections.ts";

test.each([
  ["openai", undefined, undefined, "openai-responses"],
  ["openai", "https://api.openai.com/v1/", undefined, "openai-responses"],
  ["openai", undefined, "chat", "openai-compatible"],
  ["openai", "http://localhost:8080/v1", undefined, "openai-compatible"],
  ["openai", "http://localhost:8080/v1", "responses", "openai-responses"],
  ["openrouter", undefined, undefined, "openai-compatible"],
  ["ollama", "http://localhost:11434", "responses", "openai-responses"],
  ["anthropic", undefined, "responses", "anthropic"],
  ["google", undefined, undefined, "google"],
] as const)("%s at %s with %s calls %s", (slug, base_url, openai_api, api) => {
  const connection = createConnection(slug, { ...(base_url && { base_url }), ...(openai_api && { openai_api }) })!;
  expect(apiOf(connection)).toBe(api);
});
