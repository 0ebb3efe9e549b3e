import { expect, test } from "vitest";
import type { ModelClient, ModelRequest } from "@tesslate/agent";
import { reasoningOf, withKnownReasoning } from "./reasoning.ts";

const effort = ["low", "medium", "high"];
const all = ["off", ...effort];

test.each([
  ["openai/gpt-5.1", all],
  ["openrouter/openai/gpt-5.2", all],
  ["openai/gpt-5.1-codex-max", effort],
  ["openai/gpt-5-mini", effort],
  ["openai/gpt-5-chat-latest", []],
  ["openai/o4-mini", effort],
  ["openai/gpt-4o", []],
  ["anthropic/claude-sonnet-4.6", all],
  ["anthropic/claude-opus-4-8", all],
  ["anthropic/claude-opus-5-5", effort],
  ["anthropic/claude-opus-4-5-20251101", all],
  ["anthropic/claude-sonnet-4-20250514", all],
  ["openrouter/anthropic/claude-3.7-sonnet", all],
  ["anthropic/claude-3-5-haiku-latest", []],
  ["google/gemini-2.5-flash", all],
  ["google/gemini-2.5-flash-image", []],
  ["google/gemini-3-pro-preview", effort],
  ["groq/openai/gpt-oss-120b", effort],
  ["ollama/qwen3:8b", []],
])("%s has %j", (id, levels) => expect(reasoningOf(id)).toEqual(levels));

test("a level that the model does not have is not sent to it", () => {
  const sent: ModelRequest[] = [];
  const client: ModelClient = {
    stream: (request) => {
      sent.push(request);
      return (async function* () {
        yield { type: "finish", reason: "stop", usage: null } as const;
      })();
    },
  };
  const { signal } = new AbortController();
  const request: ModelRequest = { system: "", messages: [], tools: [], reasoning: "off" };
  withKnownReasoning(client, "openai/gpt-5.1").stream(request, signal);
  withKnownReasoning(client, "openai/gpt-5").stream(request, signal);
  expect(sent.map(({ reasoning }) => reasoning)).toEqual(["off", undefined]);
});
