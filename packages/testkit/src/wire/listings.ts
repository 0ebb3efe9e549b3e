import { anthropicModels } from "./anthropic.ts";
import { googleModels } from "./google.ts";
import { ollamaPs, ollamaShow, ollamaTags } from "./ollama.ts";
import { openaiModels } from "./openai.ts";
import type { Listed, Listing } from "./wire.ts";

/** Services that speak the protocol of OpenAI; each has fields of its own in the list of models. */
export type CompatibleService = "openai" | "openrouter" | "vllm" | "llama.cpp" | "lm-studio" | "ollama";

type List = (models: readonly Listed[]) => unknown;

/** `GET /v1/models` of the services with the protocol of OpenAI. */
const compatible: Record<CompatibleService, List> = {
  openai: (models) => openaiModels(models.map(({ id }) => id)),
  openrouter: (models) => ({
    data: models.map(({ id, windows }) => ({
      id,
      canonical_slug: id,
      name: id,
      created: 1_750_000_000,
      description: "A scripted model.",
      context_length: windows?.most ?? null,
      architecture: {
        modality: "text->text",
        input_modalities: ["text"],
        output_modalities: ["text"],
        tokenizer: "Other",
        instruct_type: null,
      },
      pricing: { prompt: "0", completion: "0" },
      top_provider: { context_length: windows?.most ?? null, max_completion_tokens: null, is_moderated: false },
      per_request_limits: null,
      supported_parameters: ["tools", "tool_choice", "max_tokens"],
    })),
  }),
  vllm: (models) => ({
    object: "list",
    data: models.map(({ id, windows }) => ({
      id,
      object: "model",
      created: 1_750_000_000,
      owned_by: "vllm",
      root: id,
      parent: null,
      max_model_len: windows?.loaded ?? null,
      permission: [],
    })),
  }),
  "llama.cpp": (models) => ({
    object: "list",
    data: models.map(({ id, windows }) => ({
      id,
      object: "model",
      created: 1_750_000_000,
      owned_by: "llamacpp",
      meta: windows && {
        vocab_type: 2,
        n_vocab: 128_256,
        ...(windows.loaded !== undefined && { n_ctx: windows.loaded }),
        n_ctx_train: windows.most,
        n_embd: 4_096,
        n_params: 8_030_261_312,
        size: 4_912_898_304,
      },
    })),
  }),
  "lm-studio": (models) => ({
    object: "list",
    data: models.map(({ id }) => ({ id, object: "model", owned_by: "organization_owner" })),
  }),
  ollama: (models) => ({
    object: "list",
    data: models.map(({ id }) => ({ id, object: "model", created: 1_750_000_000, owned_by: "library" })),
  }),
};

/** `GET /api/v0/models` of LM Studio. */
const lmStudioModels: List = (models) => ({
  object: "list",
  data: models.map(({ id, windows }) => ({
    id,
    object: "model",
    type: "llm",
    publisher: "scripted",
    arch: "llama",
    compatibility_type: "gguf",
    quantization: "Q4_K_M",
    state: windows?.loaded === undefined ? "not-loaded" : "loaded",
    ...(windows && { max_context_length: windows.most }),
    ...(windows?.loaded !== undefined && { loaded_context_length: windows.loaded }),
  })),
});

interface ListRequest {
  method: string;
  path: string;
  isAnthropic: boolean;
  body: unknown;
}

/** The response to a request for the models of a service, or for one of them; undefined for other requests. */
export function listing(
  service: CompatibleService,
  models: readonly Listed[],
  { method, path, isAnthropic, body }: ListRequest,
): Listing | undefined {
  switch (`${method} ${path}`) {
    case "GET /v1/models":
      return isAnthropic ? { of: "anthropic", body: anthropicModels(models) } : { of: "openai", body: compatible[service](models) };
    case "GET /v1beta/models":
      return { of: "google", body: googleModels(models) };
    case "GET /api/tags":
      return { body: ollamaTags(models.map(({ id }) => id)) };
    case "GET /api/ps":
      return service === "ollama" ? { body: ollamaPs(models) } : undefined;
    case "POST /api/show":
      return service === "ollama" ? ollamaShow(models, body) : undefined;
    case "GET /api/v0/models":
      return service === "lm-studio" ? { body: lmStudioModels(models) } : undefined;
    default:
      return undefined;
  }
}
