import type { Reasoning } from "@tesslate/contract";

/** The levels of thinking as they are offered, from the least to the most. */
export const reasoningLabels: Record<Reasoning, { label: string; hint: string }> = {
  off: { label: "Off", hint: "Answers without thinking first" },
  low: { label: "Low", hint: "Thinks briefly" },
  medium: { label: "Medium", hint: "Thinks before difficult steps" },
  high: { label: "High", hint: "Thinks at length; slower and more expensive" },
};
