import type { ModelClient, Reasoning } from "@tesslate/agent";

const effort: readonly Reasoning[] = ["low", "medium", "high"];
const all: readonly Reasoning[] = ["off", ...effort];
const none: readonly Reasoning[] = [];

/** Patterns of model names and the levels of reasoning that the models have; the first match counts. */
const known: readonly [RegExp, readonly Reasoning[]][] = [
  // Variants without reasoning of models with it.
  [/gpt-[\d.]+[\w.-]*-chat|o1-(mini|preview)|gemini-2\.5-[\w-]*(image|tts|audio)|grok-(3|4)-[\w-]*non-reasoning/, none],
  // Since GPT-5.1 reasoning can be switched off, but not in the variants for code.
  [/(^|\/)gpt-(5\.[1-9]|6)(?![\w.-]*codex)/, all],
  [/(^|\/)(gpt-5|gpt-oss|o1|o3|o4)(?![a-z\d])/, effort],
  [/claude-(fable-5|(opus|sonnet)-5[-.]5)/, effort],
  [/claude-((opus|sonnet|haiku)-[4-9]|3[-.]7)(?!\d)/, all],
  [/gemini-2\.5-flash/, all],
  [/gemini-(2\.5-pro|[3-9])/, effort],
  [/grok-3-mini/, effort],
];

/** The levels of reasoning that can be chosen for a model, by its id. */
export function reasoningOf(modelId: string): readonly Reasoning[] {
  const id = modelId.toLowerCase();
  return known.find(([name]) => name.test(id))?.[1] ?? none;
}

/** Requests of a chain reach models with other levels, whose providers refuse those that they do not have. */
export const withKnownReasoning = (client: ModelClient, modelId: string): ModelClient => {
  const levels = reasoningOf(modelId);
  return {
    stream: ({ reasoning, ...request }, signal) =>
      client.stream(reasoning !== undefined && levels.includes(reasoning) ? { ...request, reasoning } : request, signal),
  };
};
