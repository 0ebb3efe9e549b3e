import type { JSONValue, LanguageModelV4FunctionTool, LanguageModelV4Prompt, SharedV4ProviderOptions } from "@ai-sdk/provider";
import type { AssistantMessage, ModelRequest, ProviderState, ModelToolCall, ToolDefinition } from "../model-client.ts";
import type { ModelClientOptions } from "./options.ts";

type PromptMessage = LanguageModelV4Prompt[number];
type AssistantParts = Extract<PromptMessage, { role: "assistant" }>["content"];

/** Cache breakpoints for Anthropic: after the system prompt and after the last message. */
const cached: SharedV4ProviderOptions = { anthropic: { cacheControl: { type: "ephemeral" } } };

export function providerPrompt(request: ModelRequest, options: ModelClientOptions): LanguageModelV4Prompt {
  const prompt: LanguageModelV4Prompt = [{ role: "system", content: request.system, providerOptions: cached }];
  for (const message of request.messages) {
    if (message.role === "user") {
      const images = (message.images ?? []).map((image) => ({
        type: "file" as const,
        mediaType: image.media_type,
        data: { type: "data" as const, data: image.data },
      }));
      prompt.push({ role: "user", content: [...images, { type: "text", text: message.content }] });
    } else if (message.role === "assistant") {
      const content = assistantParts(message, options);
      if (content.length > 0) prompt.push({ role: "assistant", content });
    } else {
      const output = message.is_error
        ? { type: "error-text" as const, value: message.content }
        : { type: "text" as const, value: message.content };
      const part = { type: "tool-result" as const, toolCallId: callId(message.tool_call_id, options), toolName: message.tool_name, output };
      const last = prompt[prompt.length - 1];
      // Results of one turn go into one message.
      if (last?.role === "tool") last.content.push(part);
      else prompt.push({ role: "tool", content: [part] });
    }
  }
  const last = prompt[prompt.length - 1];
  if (last && last.role !== "assistant") last.providerOptions = cached;
  return prompt;
}

function assistantParts(message: AssistantMessage, options: ModelClientOptions): AssistantParts {
  const parts: AssistantParts = [];
  const { reasoning } = message;
  if (reasoning && (reasoning.provider_state || wantsReasoningBack(options))) {
    parts.push({ type: "reasoning", text: reasoning.text, ...providerOptions(reasoning.provider_state) });
  }
  if (message.content.trim() !== "") parts.push({ type: "text", text: message.content });
  for (const call of message.tool_calls) {
    parts.push({
      type: "tool-call",
      toolCallId: callId(call.id, options),
      toolName: call.name,
      input: inputOf(call),
      ...providerOptions(call.provider_state),
    });
  }
  return parts;
}

/** These providers require the reasoning of a turn in its next call; others reject it. */
function wantsReasoningBack({ provider, model }: ModelClientOptions): boolean {
  return provider === "openai-compatible" && /deepseek|kimi|glm|minimax/i.test(model);
}

/** After a fallback, calls have ids of another provider, and Anthropic rejects some characters in them. */
const callId = (id: string, { provider }: ModelClientOptions): string => (provider === "anthropic" ? id.replaceAll(/[^\w-]/g, "_") : id);

/** Providers require an object: broken JSON becomes an empty one, and the result states the error. */
function inputOf(call: ModelToolCall): JSONValue {
  try {
    const value = JSON.parse(call.arguments) as JSONValue;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
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
