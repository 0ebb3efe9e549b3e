import type { JSONValue, LanguageModelV4FunctionTool, LanguageModelV4Prompt, SharedV4ProviderOptions } from "@ai-sdk/provider";
import { withoutImages } from "../conversation.ts";
import type {
  AssistantMessage,
  ModelMessage,
  ProviderState,
  ToolCallPart,
  ToolMessage,
  ToolResultPart,
  UserMessage,
} from "../conversation.ts";
import type { ImagePart } from "../images.ts";
import type { ModelRequest, ToolDefinition } from "../model-client.ts";
import type { ModelClientOptions } from "./options.ts";

type PromptMessage = LanguageModelV4Prompt[number];
type AssistantParts = Extract<PromptMessage, { role: "assistant" }>["content"];
type ToolOutput = Extract<Extract<PromptMessage, { role: "tool" }>["content"][number], { type: "tool-result" }>["output"];

/** Cache breakpoints for Anthropic: after the system prompt, after the last message, and where the request before this one ended. */
const cached: SharedV4ProviderOptions = { anthropic: { cacheControl: { type: "ephemeral" } } };

/** The request in the library's form. It depends on the messages only, so that a longer conversation has the same beginning. */
export function providerPrompt(request: ModelRequest, options: ModelClientOptions): LanguageModelV4Prompt {
  const prompt: LanguageModelV4Prompt = [{ role: "system", content: request.system, providerOptions: cached }];
  for (const given of request.messages) {
    const message = withDeletedImagesNamed(given);
    if (message.role === "user") prompt.push(userPrompt(message));
    else if (message.role === "assistant") {
      const content = assistantParts(message, options);
      if (content.length > 0) prompt.push({ role: "assistant", content });
    } else prompt.push(...toolPrompts(message, options));
  }
  const last = prompt.at(-1)!;
  if (last.role !== "assistant") last.providerOptions = cached;
  const answer = prompt.findLastIndex((message) => message.role === "assistant");
  const before = prompt[answer - 1];
  if (before && before.role !== "assistant") before.providerOptions = cached;
  return prompt;
}

function withDeletedImagesNamed(message: ModelMessage): ModelMessage {
  return withoutImages(message, (image) => (image.data === undefined ? `[The image ${image.name} was deleted.]` : undefined));
}

const userPrompt = ({ parts }: UserMessage): Extract<PromptMessage, { role: "user" }> => ({
  role: "user",
  content: parts.map((part) => (part.type === "image" ? filePart(part) : { type: "text", text: part.text })),
});

const filePart = ({ media_type, data }: ImagePart) => ({
  type: "file" as const,
  mediaType: media_type,
  data: { type: "data" as const, data: data ?? "" },
  // Required by the Responses API.
  providerOptions: { openai: { imageDetail: "auto" } },
});

/**
 * The results of one turn in one message. Where the API takes no images in results, they follow in a message of their own, which depends on the results
 * only and says which call each belongs to.
 */
function toolPrompts(message: ToolMessage, options: ModelClientOptions): PromptMessage[] {
  const content = message.parts.map((part) => ({
    type: "tool-result" as const,
    toolCallId: callId(part.call_id, options),
    toolName: part.name,
    output: outputOf(part, options),
  }));
  const images = takesImagesInResults(options) ? [] : message.parts.flatMap(imagesAfterResults);
  return [{ role: "tool", content }, ...(images.length > 0 ? [{ role: "user" as const, content: images }] : [])];
}

/** The images of one result, each before a sentence with the call that returned it. */
function imagesAfterResults({ name, call_id, content }: ToolResultPart): Extract<PromptMessage, { role: "user" }>["content"] {
  return content.flatMap((part) =>
    part.type === "image"
      ? [filePart(part), { type: "text", text: `[The image ${part.name} is from the result of ${name} (${call_id}).]` }]
      : [],
  );
}

/** Chat completions only take text in results, and so did Gemini before version 3. */
function takesImagesInResults({ provider, model }: ModelClientOptions): boolean {
  switch (provider) {
    case "anthropic":
    case "openai-responses":
      return true;
    case "google":
      return /(^|[/.])gemini-(?![12](\D|$))/i.test(model);
    case "openai-compatible":
      return false;
  }
}

function outputOf(part: ToolResultPart, options: ModelClientOptions): ToolOutput {
  const hasImages = part.content.some((one) => one.type === "image");
  if (hasImages && takesImagesInResults(options))
    return { type: "content", value: part.content.map((one) => (one.type === "image" ? filePart(one) : { type: "text", text: one.text })) };
  // The Responses API has no mark for errors; its library would send them as JSON.
  const text = part.content.flatMap((one) => (one.type === "text" ? one.text : [])).join("\n\n");
  return { type: part.is_error && options.provider !== "openai-responses" ? "error-text" : "text", value: text };
}

function assistantParts(message: AssistantMessage, options: ModelClientOptions): AssistantParts {
  const { source } = message;
  const parts = options.provider === "openai-responses" ? withoutLastReasoning(message.parts) : message.parts;
  // Signatures and encrypted reasoning of one model are rejected by another.
  const isForeign = source !== undefined && (source.provider !== options.provider || source.model !== options.model);
  const stateOf = (state: ProviderState | undefined) => (isForeign ? {} : providerOptions(state));
  return parts.flatMap((part): AssistantParts => {
    switch (part.type) {
      case "reasoning": {
        const isKept = part.provider_state !== undefined && !isForeign;
        if (!isKept && !(part.text !== "" && wantsReasoningBack(options))) return [];
        return [{ type: "reasoning", text: part.text, ...stateOf(part.provider_state) }];
      }
      case "text":
        // Gemini sends signatures without text; others refuse empty texts.
        if (part.text.trim() === "" && !(options.provider === "google" && part.provider_state !== undefined && !isForeign)) return [];
        return [{ type: "text", text: part.text, ...stateOf(part.provider_state) }];
      case "tool_call":
        return [
          {
            type: "tool-call",
            toolCallId: callId(part.id, options),
            toolName: part.name,
            input: inputOf(part, options),
            ...stateOf(part.provider_state),
          },
        ];
    }
  });
}

/** The Responses API rejects a reasoning item that its message or call does not follow: the connection broke, or the longest answer was reached. */
function withoutLastReasoning(parts: AssistantMessage["parts"]): AssistantMessage["parts"] {
  return parts.slice(0, parts.findLastIndex((part) => part.type === "tool_call" || (part.type === "text" && part.text.trim() !== "")) + 1);
}

/** These providers require the reasoning of a turn in its next call; others reject it. */
function wantsReasoningBack({ provider, model }: ModelClientOptions): boolean {
  return provider === "openai-compatible" && /deepseek|kimi|glm|minimax/i.test(model);
}

/** After a fallback, calls have ids of another provider: Anthropic rejects some characters in them, the Responses API more than 64. */
function callId(id: string, { provider }: ModelClientOptions): string {
  if (provider === "anthropic") return id.replaceAll(/[^\w-]/g, "_");
  return provider === "openai-responses" ? id.slice(-maxResponsesCallId) : id;
}
const maxResponsesCallId = 64;

/** Providers require an object: broken JSON becomes an empty one, and the result states the error. The Responses API gets the model's own text. */
function inputOf(call: ToolCallPart, { provider }: ModelClientOptions): JSONValue {
  try {
    const value = JSON.parse(call.arguments) as JSONValue;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
    return provider === "openai-responses" ? call.arguments : value;
  } catch {
    return {};
  }
}

function providerOptions(state: ProviderState | undefined): { providerOptions?: SharedV4ProviderOptions } {
  return state ? { providerOptions: state as SharedV4ProviderOptions } : {};
}

export function providerTools(tools: ToolDefinition[]): LanguageModelV4FunctionTool[] {
  return tools.map((tool) => ({
    type: "function",
    name: tool.name,
    description: tool.description,
    inputSchema: tool.parameters as LanguageModelV4FunctionTool["inputSchema"],
  }));
}
