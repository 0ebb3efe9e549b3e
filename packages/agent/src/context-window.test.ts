import { expect, test } from "vitest";
import { contextWindowOf, defaultContextWindow } from "./context-window.ts";
import table from "./context-windows.json" with { type: "json" };

test("a model is found by its exact id, in either spelling of its version, and by a dated release", () => {
  expect(contextWindowOf("openai/gpt-5.1")).toBe(272_000);
  expect(contextWindowOf("openai/gpt-5.1-2025-11-13")).toBe(272_000);
  expect(contextWindowOf("anthropic/claude-sonnet-4.5")).toBe(200_000);
  expect(contextWindowOf("anthropic/claude-sonnet-4-5-20250929")).toBe(200_000);
  expect(contextWindowOf("z-ai/glm-4.6")).toBe(200_000);
});

test("a closed vendor's model is found at other addresses, an open one only at the host that is listed", () => {
  expect(contextWindowOf("openrouter/anthropic/claude-sonnet-4.5")).toBe(200_000);
  expect(contextWindowOf("custom/gateway/gpt-4o")).toBe(128_000);
  expect(contextWindowOf("custom/gateway/gpt-4.1")).toBe(1_047_576);
  expect(contextWindowOf("custom/gateway/glm-4.6")).toBe(defaultContextWindow);
});

test("the beginning of a name says nothing", () => {
  for (const id of ["openai/gpt-4.1-nano-of-somebody", "custom/x/claude", "ollama/gemini-2.5-pro-distill:8b", "ollama/qwen3:8b", "gpt"])
    expect(contextWindowOf(id), id).toBe(defaultContextWindow);
});

test("every entry of the table has a source and a date, once", () => {
  for (const { id, tokens, source, date } of table.models) {
    expect(Number.isInteger(tokens) && tokens >= 1_024, id).toBe(true);
    expect(source, id).toMatch(/^https:\/\//);
    expect(date, id).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  }
  expect(new Set(table.models.map(({ id }) => id)).size).toBe(table.models.length);
});
