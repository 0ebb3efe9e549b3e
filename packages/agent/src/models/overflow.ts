/** Messages of providers for a conversation that is too long. An unknown message ends the run instead of compacting it. */
const overflowPattern = new RegExp(
  [
    "context.{0,20}(length|window|size)",
    "context_length_exceeded",
    "exceeds? (the )?context", // Anthropic, for input and output together
    "prompt.{0,10}too long",
    "prompt exceeds max length", // Z.ai
    "maximum prompt length", // xAI
    "maximum.{0,20}tokens",
    "too many tokens",
    "token count.{0,40}exceeds",
    "exceed.{0,20}token limit", // Moonshot
    "input.{0,20}(too long|exceeds)",
    "reduce the length of", // Groq
    "inputs.{0,10}tokens.{0,40}must be", // Together
    "request exceeds the maximum size", // Anthropic, before it counts
  ].join("|"),
  "i",
);

/** Whether a provider refuses a conversation as too long. llama.cpp may say so with the status of a failure. */
export const isOverflow = (status: number | undefined, text: string): boolean =>
  status === undefined || status === 400 || status === 413 || status === 422
    ? overflowPattern.test(text)
    : status === 500 && /context size has been exceeded/i.test(text);

const number = "([\\d,]+)";
/** How providers name the window in that message. */
const windowPatterns = [
  `maximum context length(?: is|:) ${number}`, // OpenAI, vLLM, DeepSeek, OpenRouter, Fireworks
  `context length (?:is|of) only ${number} tokens`, // vLLM, LM Studio
  `context length \\(${number} tokens\\)`, // SGLang
  `prompt is too long: [\\d,]+ tokens? > ${number}`, // Anthropic
  `context limit: [\\d,]+ \\+ [\\d,]+ > ${number}`, // Anthropic, for input and output together
  `maximum number of tokens allowed \\(${number}\\)`, // Google
  `available context size \\(${number} tokens\\)`, // llama.cpp
  `"n_ctx":\\s*${number}`, // llama.cpp
  `with ${number} maximum context length`, // Mistral
  `maximum prompt length is ${number}`, // xAI
  `model token limit: ${number}`, // Moonshot
  `must be <= ${number}`, // Together
  `while limit is ${number}`, // Cerebras
].map((pattern) => new RegExp(pattern, "i"));
const minWindow = 1_024;

/** The tokens that a request to this model may hold, as the provider's message says; undefined if it does not. */
export function namedWindow(text: string): number | undefined {
  for (const pattern of windowPatterns) {
    const tokens = Number(pattern.exec(text)?.[1]?.replaceAll(",", ""));
    if (Number.isSafeInteger(tokens) && tokens >= minWindow) return tokens;
  }
  return undefined;
}
