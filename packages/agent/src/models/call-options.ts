import type { LanguageModelV4CallOptions, SharedV4ProviderOptions } from "@ai-sdk/provider";
import type { ModelRequest } from "../model-client.ts";
import { budgetedThinking } from "./budgeted-thinking.ts";
import type { ModelClientOptions } from "./options.ts";
import { providerPrompt, providerTools } from "./prompt.ts";

/** Parts of a call that a provider has and that it refused: summaries of its reasoning, the reasoning of earlier answers. */
export interface Refused {
  summaries: boolean;
  reasoning: boolean;
}

/** The call in the library's form, without what was refused. */
export function callOptions(request: ModelRequest, options: ModelClientOptions, refused: Refused): LanguageModelV4CallOptions {
  const prompt = providerPrompt(refused.reasoning ? withoutReasoning(request) : request, options);
  const { reasoning, max_output_tokens } = request;
  return {
    prompt,
    ...(request.tools.length === 0 ? {} : { tools: providerTools(request.tools), toolChoice: { type: "auto" as const } }),
    ...(max_output_tokens === undefined ? {} : { maxOutputTokens: longestAnswer(max_output_tokens, options) }),
    ...(reasoning === undefined ? {} : { reasoning: reasoning === "off" ? "none" : reasoning }),
    providerOptions: providerOptions(request, options, refused),
    ...budgetedThinking(request, options, prompt),
  };
}

const withoutReasoning = (request: ModelRequest): ModelRequest => ({
  ...request,
  messages: request.messages.map((message) =>
    message.role === "assistant" ? { ...message, parts: message.parts.filter(({ type }) => type !== "reasoning") } : message,
  ),
});

/** Nothing is stored at OpenAI: encrypted reasoning is part of the conversation that is sent again. */
function providerOptions(request: ModelRequest, options: ModelClientOptions, refused: Refused): SharedV4ProviderOptions {
  const { reasoning, cache_key } = request;
  const isThinking = reasoning !== "off";
  switch (options.provider) {
    case "openai-responses":
      return {
        openai: {
          store: false,
          ...(cache_key !== undefined && { promptCacheKey: cache_key }),
          // The library knows only OpenAI's own names of models.
          ...(reasoning !== undefined && { forceReasoning: true }),
          reasoningSummary: isThinking && !refused.summaries ? "auto" : null,
        },
      };
    case "openai-compatible":
      return options.takes_cache_key && cache_key !== undefined ? { openaiCompatible: { prompt_cache_key: cache_key } } : {};
    case "google":
      // Gemini thinks without saying what, unless asked to.
      return reasoning !== undefined && isThinking ? { google: { thinkingConfig: { includeThoughts: true } } } : {};
    case "anthropic":
      return {};
  }
}

/** In tokens. The Responses API rejects less than 16. */
const longestAnswer = (tokens: number, { provider }: ModelClientOptions): number =>
  provider === "openai-responses" ? Math.max(tokens, 16) : tokens;
