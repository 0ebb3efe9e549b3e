import type { LanguageModelV4CallOptions, LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { ModelRequest, Reasoning } from "../model-client.ts";
import type { ModelClientOptions } from "./options.ts";

/** Claude from 3.7 to 4.5: later models decide themselves how much they think, and earlier ones do not think. */
const hasBudget = /claude-(3[-.]7(?!\d)|(opus|sonnet|haiku)-4(?!\d|[-.][6-9](?!\d)))/;
/** In tokens. */
const budgets: Record<Exclude<Reasoning, "off">, number> = { low: 2_048, medium: 8_192, high: 16_384 };
/** Anthropic's minimum. */
const minBudgetTokens = 1_024;

/**
 * What replaces the options of a call to Claude models that think within a budget of tokens. The budget counts towards the longest answer, so it is at most
 * half of that. Without enough room for it, and in a turn that began without thinking, the model does not think: Anthropic rejects such a call.
 */
export function budgetedThinking(
  { reasoning, max_output_tokens }: ModelRequest,
  { provider, model }: ModelClientOptions,
  prompt: LanguageModelV4Prompt,
): Pick<LanguageModelV4CallOptions, "maxOutputTokens" | "reasoning" | "providerOptions"> {
  if (provider !== "anthropic" || reasoning === undefined || reasoning === "off" || !hasBudget.test(model)) return {};
  const budgetTokens = Math.min(budgets[reasoning], Math.floor((max_output_tokens ?? Infinity) / 2));
  if (budgetTokens < minBudgetTokens || !mayThink(prompt)) return { reasoning: "none" };
  return {
    // The library adds the budget.
    ...(max_output_tokens !== undefined && { maxOutputTokens: max_output_tokens - budgetTokens }),
    // Between tool calls, too.
    providerOptions: { anthropic: { thinking: { type: "enabled", budgetTokens }, anthropicBeta: ["interleaved-thinking-2025-05-14"] } },
  };
}

/** Whether the model's turn, which goes on over its tool calls, has not begun or began with thinking. */
function mayThink(prompt: LanguageModelV4Prompt): boolean {
  const calls = prompt.findLastIndex(({ role }) => role === "assistant");
  const last = prompt[calls];
  if (last?.role !== "assistant" || !last.content.some(({ type }) => type === "tool-call")) return true;
  const before = prompt.slice(0, calls).findLastIndex(({ role }) => role !== "assistant" && role !== "tool");
  const first = prompt.slice(before + 1).find(({ role }) => role === "assistant");
  return first?.role === "assistant" && first.content[0]?.type === "reasoning";
}
