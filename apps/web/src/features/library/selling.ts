import type { AgentDetail } from "@tesslate/contract";

export interface Check {
  id: "description" | "long_description" | "tags" | "category" | "recorded_run" | "profile" | "payouts";
  label: string;
  isDone: boolean;
  /** Publishing is refused without it. */
  isRequired: boolean;
  /** What is missing. */
  hint: string;
}

/** What an agent and its creator should have before it is published. `isConnected`: the payout account is ready. */
export function checksOf(
  agent: Pick<AgentDetail, "description" | "long_description" | "tags" | "category" | "pricing_type" | "has_recorded_run">,
  creator: { bio: string | null },
  isConnected: boolean,
): Check[] {
  const isSold = agent.pricing_type !== "free";
  const long = agent.long_description?.trim() ?? "";
  return [
    ...(isSold
      ? [
          {
            id: "payouts" as const,
            label: "Payout account",
            isDone: isConnected,
            isRequired: true,
            hint: "Set it up under Price. Without it, the agent can't be sold.",
          },
        ]
      : []),
    {
      id: "description",
      label: "Description of a sentence",
      isDone: agent.description.trim().length >= 20,
      isRequired: false,
      hint: "Describe in one sentence what the agent does.",
    },
    {
      id: "long_description",
      label: "Long description",
      isDone: long.length >= 80 && long !== agent.description.trim(),
      isRequired: false,
      hint: "Describe what it is for and what it does not do.",
    },
    {
      id: "category",
      label: "Category",
      isDone: agent.category !== "custom",
      isRequired: false,
      hint: "Agents in “Other” are found less often.",
    },
    {
      id: "tags",
      label: "Tags",
      isDone: agent.tags.some((tag) => tag !== "custom"),
      isRequired: false,
      hint: "Add the words that people search for.",
    },
    {
      id: "recorded_run",
      label: "Recorded run",
      isDone: agent.has_recorded_run,
      isRequired: false,
      hint: "People watch how it works before they add it. Choose one of your runs.",
    },
    {
      id: "profile",
      label: "Public profile",
      isDone: (creator.bio ?? "").trim() !== "",
      isRequired: false,
      hint: "Describe in your profile who you are.",
    },
  ];
}
