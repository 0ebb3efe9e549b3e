import { withoutImages, type ImagePart, type ModelClient, type ModelMessage } from "@tesslate/agent";

/** Patterns of model names and whether the models support images; the first match counts. */
const known: readonly [RegExp, boolean][] = [
  // Variants without vision of models with vision.
  [/(^|\/)(o1-mini|o1-preview|o3-mini)/, false],
  [/(^|\/)(gpt-3\.5|gpt-4(-0613|-32k)?$|gpt-oss|text-|codex-mini)/, false],
  [/(^|\/)(chatgpt|gpt)-?(4o|4\.\d|4-turbo|4-vision|5|6)/, true],
  [/(^|\/)(o1|o3|o4)(-|$)/, true],
  [/claude-(instant|2)/, false],
  [/claude/, true],
  [/gemini/, true],
  [/gemma-?3n?[:-]?(270m|1b)/, false],
  [/gemma-?(3|4)|paligemma/, true],
  [
    /pixtral|mistral-(small-3|small-2[56]|small3|medium-3|medium-2[56]|large-3|large-2[56])|ministral-3|magistral-(small|medium)-(1\.2|2509)/,
    true,
  ],
  [/codestral|devstral|mistral|mixtral|ministral|magistral/, false],
  [/llama-?(3\.2-(11b|90b)|4)|llama3\.2-vision|llava|bakllava|moondream|minicpm-v|internvl|molmo|phi-?(3\.5|4)-(vision|multimodal)/, true],
  [/[-/:](vl|vision|omni|multimodal)\b|qwen[\d.]*-?vl|glm-[\d.]+v|kimi-(vl|k2\.5)|step-\d+v/, true],
  [/grok-(2-vision|vision|4|5)/, true],
  [/grok-(code|3|2)/, false],
  [/deepseek|qwen|llama|glm-|kimi|command-|minimax-m|phi-|starcoder|granite|nemotron|sonar-reasoning|falcon|yi-/, false],
];

/** Whether a model supports images, by its id; null when unknown. */
export function visionOf(modelId: string): boolean | null {
  const id = modelId.toLowerCase();
  return known.find(([name]) => name.test(id))?.[1] ?? null;
}

/**
 * The client of a model with a sentence in place of each image that it does not get: all of them if it has no vision, and those of tool results if that is
 * unknown, because a model without vision would reject every later request. A person's own images are sent to such a model, since the person chose it.
 */
export function withoutUnseenImages({ client, vision }: { client: ModelClient; vision: boolean | null }): ModelClient {
  if (vision === true) return client;
  const shown = (message: ModelMessage): ModelMessage =>
    vision === false || !isFromPerson(message) ? withoutImages(message, vision === false ? noVision : unknownVision) : message;
  return { stream: (request, signal) => client.stream({ ...request, messages: request.messages.map(shown) }, signal) };
}

/** Results of tools are notes where the model's calls are text. */
const isFromPerson = (message: ModelMessage): boolean => message.role === "user" && message.kind !== "note";

const noVision = ({ name }: ImagePart): string => `[The image ${name} is shown to the person. This model cannot see images.]`;
const unknownVision = ({ name }: ImagePart): string =>
  `[The image ${name} is shown to the person. It is not known whether this model can see images.]`;
