import type { LanguageModelV4 } from "@ai-sdk/provider";
import type { ModelClientOptions } from "./options.ts";

/** Sent when no key is set, because the libraries would read one from the environment. */
const noKey = "none";

const defaultBaseUrls: Record<ModelClientOptions["provider"], string> = {
  "openai-responses": "https://api.openai.com/v1",
  "openai-compatible": "https://api.openai.com/v1",
  anthropic: "https://api.anthropic.com/v1",
  google: "https://generativelanguage.googleapis.com/v1beta",
};

/** Loads the provider's library and creates the model. */
export async function openModel({ provider, base_url, api_key, model, headers = {}, fetch }: ModelClientOptions): Promise<LanguageModelV4> {
  const baseURL = base_url || defaultBaseUrls[provider];
  switch (provider) {
    case "openai-responses": {
      const { createOpenAI } = await import("@ai-sdk/openai");
      return createOpenAI({ baseURL, apiKey: api_key || noKey, headers, fetch }).responses(model);
    }
    case "openai-compatible": {
      const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
      const key = api_key ? { apiKey: api_key } : {};
      return createOpenAICompatible({
        name: "openaiCompatible",
        baseURL,
        ...key,
        headers,
        fetch,
        includeUsage: true,
        transformRequestBody: (body) => withTokenLimitName(model, body),
      }).chatModel(model);
    }
    case "anthropic": {
      const { createAnthropic } = await import("@ai-sdk/anthropic");
      return createAnthropic({ baseURL, apiKey: api_key || noKey, headers, fetch }).languageModel(model);
    }
    case "google": {
      const { createGoogle } = await import("@ai-sdk/google");
      return createGoogle({ baseURL, apiKey: api_key || noKey, headers, fetch }).languageModel(model);
    }
  }
}

/** OpenAI's reasoning models require the newer name of `max_tokens`. */
function withTokenLimitName(model: string, body: Record<string, unknown>): Record<string, unknown> {
  if (body.max_tokens === undefined || !/^(openai\/)?(gpt-5|o\d)/.test(model)) return body;
  const { max_tokens, ...rest } = body;
  return { ...rest, max_completion_tokens: max_tokens };
}
