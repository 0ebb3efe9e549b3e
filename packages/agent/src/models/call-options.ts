import type { LanguageModelV4CallOptions, SharedV4ProviderOptions } from "@ai-sdk/provider";
import type { ModelRequest } from "../model-client.ts";
import { budgetedThinking } from "./budgeted-thinking.ts";
import type { ModelClientOptions } from "./options.ts";
import { providerPrompt, providerTools } from "./prompt.ts";

/** The call in the library's form. `asksForSummaries`: of reasoning, where the provider only gives those on request. */
export function callOptions(request: ModelRequest, options: ModelClientOptions, asksForSummaries: boolean): LanguageModelV4CallOptions {
  const prompt = providerPrompt(request, options);
  const { reasoning, max_output_tokens } = request;
  return {
    prompt,
    ...(request.tools.length === 0 ? {} : { tools: providerTools(request.tools), toolChoice: { type: "auto" as const } }),
    ...(max_output_tokens === undefined ? {} : { maxOutputTokens: longestAnswer(max_output_tokens, options) }),
    ...(reasoning === undefined ? {} : { reasoning: reasoning === "off" ? "none" : reasoning }),
    providerOptions: providerOptions(request, options, asksForSummaries),
    ...budgetedThinking(request, options, prompt),
  };
}

/** Nothing is stored at OpenAI: encrypted reasoning is part of the conversation that is sent again. */
function providerOptions(request: ModelRequest, options: ModelClientOptions, asksForSummaries: boolean): SharedV4ProviderOptions {
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
          reasoningSummary: isThinking && asksForSummaries ? "auto" : null,
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
