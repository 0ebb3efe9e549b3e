import { createModelClient, withTextTools, type ModelClient } from "@tesslate/agent";

export const modelFlags = {
  model: { type: "string" },
  "base-url": { type: "string" },
  "key-env": { type: "string" },
  provider: { type: "string", default: "openai-compatible" },
  "text-tools": { type: "boolean", default: false },
} as const;

const providers = ["openai-responses", "openai-compatible", "anthropic", "google"] as const;

/** The model given by the flags; `undefined` without them. The key is read from the environment, so that it is not in the process list. */
export function connectModel(flags: {
  model?: string | undefined;
  "base-url"?: string | undefined;
  "key-env"?: string | undefined;
  provider: string;
  /** Describe the tools in the prompt, for models without function calling. */
  "text-tools": boolean;
}): ModelClient | undefined {
  if (flags.model === undefined) return undefined;
  const provider = providers.find((one) => one === flags.provider);
  if (!provider) throw new Error(`--provider must be one of ${providers.join(", ")}.`);
  const keyName = flags["key-env"];
  const key = keyName === undefined ? undefined : process.env[keyName];
  if (keyName !== undefined && !key) throw new Error(`The environment variable ${keyName} is not set.`);
  const client = createModelClient({
    provider,
    model: flags.model,
    ...(flags["base-url"] === undefined ? {} : { base_url: flags["base-url"] }),
    ...(key === undefined ? {} : { api_key: key }),
    fetch: globalThis.fetch,
  });
  return flags["text-tools"] ? withTextTools(client) : client;
}
