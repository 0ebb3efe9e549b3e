import type { Listed, Listing } from "./wire.ts";
import { isObject } from "./wire.ts";

/** `GET /api/tags` of Ollama: the models on its disk. Its chats go through the OpenAI protocol. */
export const ollamaTags = (models: string[]) => ({
  models: models.map((model) => ({
    name: model,
    model,
    modified_at: "2026-01-01T00:00:00Z",
    size: 4_661_224_676,
    digest: "a".repeat(64),
    details: {
      parent_model: "",
      format: "gguf",
      family: "scripted",
      families: ["scripted"],
      parameter_size: "8.0B",
      quantization_level: "Q4_K_M",
    },
  })),
});

/** `GET /api/ps`: the models in memory, with their windows. */
export const ollamaPs = (models: readonly Listed[]) => ({
  models: models.flatMap(({ id, windows }) =>
    windows?.loaded === undefined
      ? []
      : [{ name: id, model: id, size: 5_137_025_024, size_vram: 5_137_025_024, digest: "a".repeat(64), context_length: windows.loaded }],
  ),
});

/** `POST /api/show`: one model, by its name. */
export function ollamaShow(models: readonly Listed[], body: unknown): Listing | undefined {
  const name = isObject(body) ? body.model : undefined;
  const windows = models.find(({ id }) => id === name)?.windows;
  if (!windows) return undefined;
  return {
    body: {
      modelfile: "",
      parameters: [
        'stop                           "<|eot_id|>"',
        windows.configured && `num_ctx                        ${windows.configured}`,
      ]
        .filter(Boolean)
        .join("\n"),
      template: "{{ .Prompt }}",
      model_info: { "general.architecture": "llama", "llama.context_length": windows.most, "llama.embedding_length": 4_096 },
      capabilities: ["completion", "tools"],
    },
  };
}
