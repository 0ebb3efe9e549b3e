import { expect, test } from "vitest";
import { visionOf } from "./vision.ts";

test.each([
  ["openai/gpt-5.1", true],
  ["openai/gpt-5-mini", true],
  ["openai/gpt-4o", true],
  ["openai/gpt-4.1-mini", true],
  ["openai/o3", true],
  ["openai/o3-mini", false],
  ["openai/gpt-4", false],
  ["openai/gpt-3.5-turbo", false],
  ["groq/openai/gpt-oss-120b", false],
  ["anthropic/claude-sonnet-4.6", true],
  ["openrouter/anthropic/claude-haiku-4.5", true],
  ["google/gemini-2.5-flash", true],
  ["ollama/gemma3:4b", true],
  ["ollama/gemma3:1b", false],
  ["ollama/qwen3:8b", false],
  ["ollama/qwen2.5vl:7b", true],
  ["openrouter/qwen/qwen3-vl-235b", true],
  ["ollama/llama3.2-vision", true],
  ["ollama/llama3.1:8b", false],
  ["groq/meta-llama/llama-4-scout", true],
  ["deepseek/deepseek-chat", false],
  ["mistral/codestral-latest", false],
  ["mistral/pixtral-large", true],
  ["x-ai/grok-4", true],
  ["x-ai/grok-code-fast-1", false],
  ["z-ai/glm-4.6", false],
  ["z-ai/glm-4.5v", true],
  ["openai/scripted", null],
  ["custom/mine/whatever", null],
] as const)("%s: %s", (id, sees) => {
  expect(visionOf(id)).toBe(sees);
});
