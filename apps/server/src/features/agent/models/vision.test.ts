import type { ImagePart, ModelEvent, ModelMessage, ModelRequest } from "@tesslate/agent";
import { expect, test } from "vitest";
import { visionOf, withoutUnseenImages } from "./vision.ts";

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

test("a model without vision gets a sentence in place of each image; one of which that is unknown gets only the person's", async () => {
  const image = (name: string): ImagePart => ({ type: "image", name, media_type: "image/png", data: "AQ==", width: 1, height: 1 });
  const text = (value: string) => ({ type: "text" as const, text: value });
  const result = (content: (ImagePart | ReturnType<typeof text>)[]): ModelMessage => ({
    role: "tool",
    parts: [{ type: "tool_result", call_id: "c", name: "verify", content, is_error: false }],
  });
  const messages: ModelMessage[] = [
    { role: "user", parts: [image("mine.png"), text("Like this")] },
    result([text("ok"), image("page")]),
    { role: "user", kind: "note", parts: [image("page"), text("[tool results]")] },
  ];
  const received = async (vision: boolean | null): Promise<ModelMessage[]> => {
    const requests: ModelRequest[] = [];
    const client = {
      async *stream(request: ModelRequest): AsyncGenerator<ModelEvent> {
        requests.push(request);
        yield { type: "finish", reason: "stop", usage: null };
      },
    };
    const events = withoutUnseenImages({ vision, client }).stream({ system: "", tools: [], messages }, new AbortController().signal);
    for await (const _ of events);
    return requests[0]!.messages;
  };
  const blind = (name: string) => `[The image ${name} is shown to the person. This model cannot see images.]`;
  const unsure = "[The image page is shown to the person. It is not known whether this model can see images.]";
  expect(await received(true)).toEqual(messages);
  expect(await received(false)).toEqual([
    { role: "user", parts: [text(`${blind("mine.png")}\n\nLike this`)] },
    result([text(`ok\n\n${blind("page")}`)]),
    { role: "user", kind: "note", parts: [text(`${blind("page")}\n\n[tool results]`)] },
  ]);
  expect(await received(null)).toEqual([
    messages[0],
    result([text(`ok\n\n${unsure}`)]),
    { role: "user", kind: "note", parts: [text(`${unsure}\n\n[tool results]`)] },
  ]);
});
