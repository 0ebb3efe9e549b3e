import { reasoningLevels, type AgentDetail, type CreateAgent, type Reasoning, type UpdateAgent } from "@tesslate/contract";
import { dollarInput, parseDollars } from "../../lib/money.ts";

/** The values of an agent's form. `tools: null` means all tools. */
export interface AgentForm {
  name: string;
  description: string;
  /** Markdown on the agent's page. */
  long_description: string;
  /** As typed, separated by commas. */
  tags: string;
  highlights: string;
  category: string;
  agent_type: "StreamAgent" | "IterativeAgent" | "ReActAgent" | "TesslateAgent";
  model: string;
  system_prompt: string;
  tools: string[] | null;
  features: Record<AgentFeature, boolean>;
  /** Of chats without a level of their own; null: the model's default. */
  reasoning: Reasoning | null;
  pricing_type: "free" | "one_time" | "monthly";
  /** As typed, in dollars. */
  price: string;
  source_type: "open" | "closed";
}
export const agentFeatures = {
  subagents: "Sub-agents",
  plan_mode: "Plans",
  web_search: "Web search",
  apply_patch: "Patches",
} as const;
export type AgentFeature = keyof typeof agentFeatures;

export const agentTypes: Record<AgentForm["agent_type"], { label: string; hint: string }> = {
  TesslateAgent: { label: "Standard", hint: "Tools, plans and sub-agents" },
  IterativeAgent: { label: "Tools in text", hint: "For models without function calling" },
  ReActAgent: { label: "ReAct", hint: "Explains each step before acting. Slower, but easier to follow" },
  StreamAgent: { label: "Single response", hint: "Writes whole files, runs no commands" },
};

/** Variables of the prompt, replaced when a run starts. */
export const markers = [
  "{mode}",
  "{mode_instructions}",
  "{timestamp}",
  "{user_name}",
  "{project_name}",
  "{project_description}",
  "{project_path}",
  "{git_branch}",
  "{tool_list}",
] as const;

export const emptyForm = (model: string): AgentForm => ({
  name: "",
  description: "",
  long_description: "",
  tags: "",
  highlights: "",
  category: "custom",
  agent_type: "TesslateAgent",
  model,
  system_prompt: "",
  tools: null,
  features: { subagents: true, plan_mode: true, web_search: true, apply_patch: true },
  reasoning: null,
  pricing_type: "free",
  price: "",
  source_type: "open",
});

/** "rust, testing" → ["rust", "testing"] */
export const namesOf = (typed: string): string[] => [
  ...new Set(
    typed
      .split(",")
      .map((name) => name.trim())
      .filter(Boolean),
  ),
];
const listing = (form: AgentForm) => ({
  ...(form.long_description.trim() && { long_description: form.long_description }),
  tags: namesOf(form.tags),
  features: namesOf(form.highlights),
});

const priceOf = (form: AgentForm) => ({
  pricing_type: form.pricing_type,
  price_cents: form.pricing_type === "free" ? 0 : (parseDollars(form.price) ?? 0),
  source_type: form.source_type,
});

const featuresOf = (config: AgentDetail["config"]): AgentForm["features"] => {
  const set = (config?.["features"] ?? {}) as Record<string, unknown>;
  const on = (name: AgentFeature) => set[name] !== false;
  return { subagents: on("subagents"), plan_mode: on("plan_mode"), web_search: on("web_search"), apply_patch: on("apply_patch") };
};

export const formOf = (agent: AgentDetail): AgentForm => ({
  name: agent.name,
  description: agent.description,
  long_description: agent.long_description === agent.description ? "" : (agent.long_description ?? ""),
  tags: agent.tags.join(", "),
  highlights: agent.features.join(", "),
  category: agent.category,
  agent_type: agent.agent_type in agentTypes ? (agent.agent_type as AgentForm["agent_type"]) : "TesslateAgent",
  model: agent.model ?? "",
  system_prompt: agent.system_prompt ?? "",
  tools: agent.tools,
  features: featuresOf(agent.config),
  reasoning: reasoningLevels.find((level) => level === agent.config?.["reasoning"]) ?? null,
  pricing_type: agent.pricing_type === "one_time" || agent.pricing_type === "monthly" ? agent.pricing_type : "free",
  price: agent.price_cents > 0 ? dollarInput(agent.price_cents) : "",
  source_type: agent.source_type,
});

/** A new agent is a draft until its creator publishes it. */
export const creationOf = (form: AgentForm): CreateAgent => ({
  name: form.name,
  description: form.description,
  category: form.category,
  agent_type: form.agent_type,
  system_prompt: form.system_prompt,
  tools: form.tools,
  ...(form.model && { model: form.model }),
  mode: form.agent_type === "StreamAgent" ? "stream" : "agent",
  config: { features: form.features, ...(form.reasoning && { reasoning: form.reasoning }) },
  ...listing(form),
  ...priceOf(form),
  is_published: false,
});

/** Only the changed fields, so that two people who edit an agent do not overwrite each other. */
export function changedFields(before: AgentForm, after: AgentForm): UpdateAgent {
  const body: UpdateAgent = {};
  if (after.name !== before.name) body.name = after.name;
  if (after.description !== before.description) body.description = after.description;
  if (after.long_description !== before.long_description) body.long_description = after.long_description.trim() || null;
  if (after.tags !== before.tags) body.tags = namesOf(after.tags);
  if (after.highlights !== before.highlights) body.features = namesOf(after.highlights);
  if (after.category !== before.category) body.category = after.category;
  if (after.agent_type !== before.agent_type) body.agent_type = after.agent_type;
  if (after.model !== before.model && after.model) body.model = after.model;
  if (after.system_prompt !== before.system_prompt) body.system_prompt = after.system_prompt;
  if (JSON.stringify(after.tools) !== JSON.stringify(before.tools)) body.tools = after.tools;
  if (JSON.stringify(after.features) !== JSON.stringify(before.features)) body.config = { features: after.features };
  if (after.reasoning !== before.reasoning) body.config = { ...body.config, reasoning: after.reasoning };
  if (JSON.stringify(priceOf(after)) !== JSON.stringify(priceOf(before))) Object.assign(body, priceOf(after));
  return body;
}

/** Errors that prevent saving, by field. */
export function faultsOf(form: AgentForm): Partial<Record<keyof AgentForm, string>> {
  return {
    ...(!form.name.trim() && { name: "Enter a name." }),
    ...(!form.description.trim() && { description: "Enter a description." }),
    ...(form.pricing_type !== "free" && (parseDollars(form.price) ?? 0) < 50 && { price: "Enter a price of at least $0.50." }),
    ...(namesOf(form.tags).length > 20 && { tags: "Enter at most 20 tags." }),
    ...(namesOf(form.highlights).length > 20 && { highlights: "Enter at most 20 features." }),
    ...([...namesOf(form.tags), ...namesOf(form.highlights)].some((name) => name.length > 100) && {
      tags: "Tags and features are limited to 100 characters each.",
    }),
    ...(!form.system_prompt.trim() && { system_prompt: "Enter a system prompt." }),
  };
}

/** A draft, and the saved values it was started from. */
export interface AgentDraft {
  before: AgentForm;
  form: AgentForm;
}
const isForm = (value: unknown): value is AgentForm => {
  if (typeof value !== "object" || value === null) return false;
  // Drafts of earlier versions do not have these.
  const {
    features,
    tools,
    reasoning = null,
    long_description = "",
    tags = "",
    highlights = "",
    ...texts
  } = value as Record<string, unknown>;
  return (
    (["name", "description", "category", "agent_type", "model", "system_prompt", "pricing_type", "price", "source_type"] as const).every(
      (field) => typeof texts[field] === "string",
    ) &&
    [long_description, tags, highlights].every((text) => typeof text === "string") &&
    typeof features === "object" &&
    features !== null &&
    (tools === null || Array.isArray(tools)) &&
    (reasoning === null || reasoningLevels.some((level) => level === reasoning))
  );
};
export const isAgentDraft = (value: unknown): value is AgentDraft =>
  typeof value === "object" && value !== null && isForm((value as AgentDraft).before) && isForm((value as AgentDraft).form);

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
/** The changes of a draft applied to the current values of the agent, so that changes saved elsewhere are kept. */
export const rebased = ({ before, form }: AgentDraft, now: AgentForm): AgentForm =>
  ({
    ...now,
    ...Object.fromEntries(Object.entries(form).filter(([field, value]) => !isSame(value, before[field as keyof AgentForm]))),
  }) as AgentForm;
