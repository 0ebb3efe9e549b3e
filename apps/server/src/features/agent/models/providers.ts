import { badRequest } from "../../../platform/errors.ts";

/** `openai-compatible`: OpenAI's chat completions. */
export type ModelApi = "openai-responses" | "openai-compatible" | "anthropic" | "google";

export interface ProviderSpec {
  /** The first segment of its model ids. */
  slug: string;
  name: string;
  description: string;
  /** Where its keys are created; a program's download page where none are needed. Empty: no such page. */
  website: string;
  /** Empty: it has no address of its own, so each connection names one. */
  base_url: string;
  /** The API at `base_url`. */
  dialect: ModelApi;
  needs_key: boolean;
  headers?: Record<string, string>;
}

/** Any server with OpenAI's chat completions. */
export const compatibleSlug = "openai-compatible";

/** In display order; the first connected provider determines the default model. */
export const providers: readonly ProviderSpec[] = [
  {
    slug: "anthropic",
    name: "Anthropic",
    description: "Claude models",
    website: "https://console.anthropic.com/settings/keys",
    base_url: "https://api.anthropic.com/v1",
    dialect: "anthropic",
    needs_key: true,
  },
  {
    slug: "openai",
    name: "OpenAI",
    description: "GPT models",
    website: "https://platform.openai.com/api-keys",
    base_url: "https://api.openai.com/v1",
    dialect: "openai-responses",
    needs_key: true,
  },
  {
    slug: "google",
    name: "Google",
    description: "Gemini models",
    website: "https://aistudio.google.com/apikey",
    base_url: "https://generativelanguage.googleapis.com/v1beta",
    dialect: "google",
    needs_key: true,
  },
  {
    slug: compatibleSlug,
    name: "OpenAI-compatible",
    description: "llama.cpp, vLLM, LM Studio, or a proxy",
    website: "",
    base_url: "",
    dialect: "openai-compatible",
    needs_key: false,
  },
  {
    slug: "ollama",
    name: "Ollama",
    description: "Open models on your own machine",
    website: "https://ollama.com/download",
    base_url: "http://localhost:11434/v1",
    dialect: "openai-compatible",
    needs_key: false,
  },
  {
    slug: "openrouter",
    name: "OpenRouter",
    description: "Many providers behind one key",
    website: "https://openrouter.ai/keys",
    base_url: "https://openrouter.ai/api/v1",
    dialect: "openai-compatible",
    needs_key: true,
    headers: { "http-referer": "https://tesslate.com", "x-title": "Tesslate Studio" },
  },
  {
    slug: "groq",
    name: "Groq",
    description: "Open models, answered fast",
    website: "https://console.groq.com/keys",
    base_url: "https://api.groq.com/openai/v1",
    dialect: "openai-compatible",
    needs_key: true,
  },
  {
    slug: "together",
    name: "Together AI",
    description: "Open models",
    website: "https://api.together.ai/settings/api-keys",
    base_url: "https://api.together.xyz/v1",
    dialect: "openai-compatible",
    needs_key: true,
  },
  {
    slug: "deepseek",
    name: "DeepSeek",
    description: "DeepSeek models",
    website: "https://platform.deepseek.com/api_keys",
    base_url: "https://api.deepseek.com/v1",
    dialect: "openai-compatible",
    needs_key: true,
  },
  {
    slug: "fireworks",
    name: "Fireworks AI",
    description: "Open models",
    website: "https://fireworks.ai/account/api-keys",
    base_url: "https://api.fireworks.ai/inference/v1",
    dialect: "openai-compatible",
    needs_key: true,
  },
  {
    slug: "z-ai",
    name: "Z.AI",
    description: "GLM models",
    website: "https://z.ai/manage-apikey/apikey-list",
    base_url: "https://api.z.ai/api/paas/v4",
    dialect: "openai-compatible",
    needs_key: true,
  },
  {
    slug: "nano-gpt",
    name: "NanoGPT",
    description: "Many models, pay as you go",
    website: "https://nano-gpt.com/api",
    base_url: "https://nano-gpt.com/api/v1",
    dialect: "openai-compatible",
    needs_key: true,
  },
];
export const findProvider = (slug: string): ProviderSpec | undefined => providers.find((p) => p.slug === slug);
/** The scripted model of `./studio demo`: always connected. */
export const demoProvider: ProviderSpec = {
  slug: "demo",
  name: "Demo",
  description: "Replies come from a script, not from a model",
  website: "",
  base_url: "",
  dialect: "openai-compatible",
  needs_key: false,
};

/** `provider/model…` in its two parts. */
export function splitModelId(id: string): { provider: string; model: string } {
  const at = id.indexOf("/");
  return at < 0 ? { provider: "", model: id } : { provider: id.slice(0, at).toLowerCase(), model: id.slice(at + 1) };
}

/** All chat models of these providers' own services support function calling. */
export const nativeProviders: ReadonlySet<string> = new Set(["anthropic", "openai", "google"]);
export const hasNativeTools = ({ provider, base_url }: { provider: ProviderSpec; base_url: string }): boolean =>
  nativeProviders.has(provider.slug) && base_url === provider.base_url;

export const withoutProvider = (slug: string, id: string) => (id.startsWith(`${slug}/`) ? id.slice(slug.length + 1) : id);
/** Anthropic's ids have dashes in versions, ours have dots. */
export const nativeName = (slug: string, model: string) => (slug === "anthropic" ? model.replace(/(\d)\.(\d)/g, "$1-$2") : model);

export const unknownModel = (id: string) =>
  badRequest(
    `Unknown model ${JSON.stringify(id)}. Use provider/model, for example "openai/gpt-5.1", or custom/<slug>/<model> for your own endpoint. Providers: ${providers.map((p) => p.slug).join(", ")}.`,
    "unknown_model",
    { providers: providers.map((p) => p.slug) },
  );
