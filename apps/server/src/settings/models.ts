import { Type } from "typebox";
import { flag, group, list, oneOf, secret, text, url } from "./kinds.ts";

export const models = group("Models", {
  openai: Type.Object({
    key: secret("OPENAI_API_KEY", { example: "sk-…", description: "API key of OpenAI or an OpenAI-compatible service" }),
    baseUrl: url("OPENAI_BASE_URL", {
      default: "https://api.openai.com/v1",
      example: "http://localhost:8080/v1",
      description: "Base URL of OpenAI or the OpenAI-compatible service",
    }),
    api: Type.Optional(
      oneOf("OPENAI_API", ["responses", "chat"], {
        example: "responses",
        description:
          "Which API is called at this URL: the Responses API or chat completions; unset: the Responses API at OpenAI's own URL, chat completions at others",
      }),
    ),
  }),
  anthropic: Type.Object({
    key: secret("ANTHROPIC_API_KEY", { example: "sk-ant-…", description: "API key of Anthropic" }),
    baseUrl: url("ANTHROPIC_BASE_URL", { default: "https://api.anthropic.com/v1", description: "Base URL of the Anthropic API" }),
  }),
  google: Type.Object({
    key: secret("GOOGLE_GENERATIVE_AI_API_KEY", { example: "AIza…", description: "API key of Google Gemini" }),
    baseUrl: url("GOOGLE_GENERATIVE_AI_BASE_URL", {
      default: "https://generativelanguage.googleapis.com/v1beta",
      description: "Base URL of the Gemini API",
    }),
  }),
  ollama: Type.Object({
    baseUrl: Type.Optional(
      url("OLLAMA_BASE_URL", {
        example: "http://localhost:11434/v1",
        description: "Base URL of a local Ollama, llama.cpp or vLLM (OpenAI-compatible)",
      }),
    ),
  }),
  defaults: list("DEFAULT_MODELS", Type.String(), {
    example: "anthropic/claude-sonnet-4.6,openai/gpt-5.1",
    description: "Default models as provider/model ids in order of preference; the first one with an API key is used",
  }),
  fallbacks: list("MODEL_FALLBACKS", Type.String(), {
    example: "openai/gpt-5-mini,ollama/qwen3:8b",
    description: "Fallback models for an overloaded model, provider/model ids in order; projects and users can override them",
  }),
  pricesFile: Type.Optional(
    text("MODEL_PRICES", {
      example: "/etc/tesslate/prices.json",
      description:
        "JSON file with model prices in US dollars per million tokens, in addition to the bundled ones; reloaded when it changes",
    }),
  ),
});

export const demo = group("Models", {
  isDemo: flag("DEMO", { default: "false", example: "true", description: "Use scripted replies instead of a model (./studio demo)" }),
});
