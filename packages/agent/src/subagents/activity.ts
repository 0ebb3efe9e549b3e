import { oneLine } from "../knowledge/project-files.ts";
import type { AgentStep } from "../events.ts";
import type { SubagentStep } from "./events.ts";
import type { ToolParameters } from "../tool-call.ts";

const maxStringChars = 300;
const maxItems = 20;
const maxTextChars = 2_000;
const maxMessageChars = 300;
/** Limits for the activity of one sub-agent that is stored with its step. */
const maxStoredSteps = 60;
const maxStoredChars = 48_000;

/** Truncates long texts and lists in arguments. */
export function shortParameters(parameters: ToolParameters): ToolParameters {
  return shorten(parameters, 0) as ToolParameters;
}

function shorten(value: unknown, depth: number): unknown {
  if (typeof value === "string") return value.length <= maxStringChars ? value : `${value.slice(0, maxStringChars)}…`;
  if (typeof value !== "object" || value === null) return value;
  if (depth >= 3) return "…";
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => shorten(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, maxItems)
      .map(([key, item]) => [key.slice(0, 100), shorten(item, depth + 1)]),
  );
}

/** A step without its results' contents. */
export function shortStep(step: AgentStep): SubagentStep {
  return {
    iteration: step.iteration,
    text: step.response_text.length <= maxTextChars ? step.response_text : `${step.response_text.slice(0, maxTextChars)}…`,
    tool_calls: step.tool_calls.map((call, index) => {
      const result = step.tool_results[index];
      return {
        name: call.name,
        parameters: shortParameters(call.parameters),
        success: result?.success ?? false,
        message: oneLine(result?.error ?? result?.result?.message ?? "", maxMessageChars),
      };
    }),
  };
}

/** The newest steps within the limits, in order. */
export function newestSteps(steps: readonly SubagentStep[]): SubagentStep[] {
  const kept: SubagentStep[] = [];
  let chars = 0;
  for (const step of steps.slice(-maxStoredSteps).toReversed()) {
    chars += JSON.stringify(step).length;
    if (chars > maxStoredChars) break;
    kept.unshift(step);
  }
  return kept;
}
