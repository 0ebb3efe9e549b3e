export const defaultContextWindow = 128_000;

/** Longest matching beginning of the model's name wins; the provider's part of an id is ignored. Tokens. */
const windows: [prefix: string, tokens: number][] = [
  ["gpt-5", 400_000],
  ["gpt-4.1", 1_000_000],
  ["gpt-4o", 128_000],
  ["gpt-4-turbo", 128_000],
  ["gpt-4", 8_192],
  ["gpt-3.5", 16_385],
  ["gpt-oss", 128_000],
  ["o1", 200_000],
  ["o3", 200_000],
  ["o4", 200_000],
  ["claude", 200_000],
  ["gemini", 1_000_000],
  ["deepseek", 128_000],
  ["kimi-k2", 256_000],
  ["glm-4", 128_000],
  ["glm-4.6", 200_000],
  ["glm-5", 200_000],
  ["grok-4", 256_000],
  ["grok-code", 256_000],
  ["minimax-m2", 200_000],
  ["qwen3-coder", 256_000],
  ["qwen3", 32_768],
  ["qwen2.5", 32_768],
  ["llama-3.1", 128_000],
  ["llama3.1", 128_000],
  ["llama-3.3", 128_000],
  ["llama3.3", 128_000],
  ["llama3", 8_192],
  ["mistral", 32_768],
  ["devstral", 128_000],
  ["codestral", 256_000],
  ["mixtral", 32_768],
];

/** The window of a model id (`provider/model`, `custom/slug/model` or the bare name); 128 000 when unknown. */
export function contextWindowOf(modelId: string): number {
  const name = (modelId.split("/").at(-1) ?? modelId).toLowerCase();
  const match = windows.filter(([prefix]) => name.startsWith(prefix)).toSorted((a, b) => b[0].length - a[0].length)[0];
  return match?.[1] ?? defaultContextWindow;
}
