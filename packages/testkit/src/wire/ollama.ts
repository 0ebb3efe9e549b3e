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
