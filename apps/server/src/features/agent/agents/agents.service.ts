import type { LibrarySubagent } from "@tesslate/agent";
import { reasoningLevels, type Reasoning } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { AppError, badRequest, notFound } from "../../../platform/errors.ts";
import { effectiveFeatures, type AgentFeatures } from "./agents.features.ts";
import type { AgentsStore } from "./agents.store.ts";
import type { AgentRow, AgentVersionRow } from "../../../db/schema/agent/agents.ts";
import { defaultAgentSlug, officialAgents } from "./official-agents.ts";

/** An agent that the user may run, with the model that they selected for it. */
export interface RunnableAgent {
  id: string;
  slug: string;
  name: string;
  agent_type: string;
  system_prompt: string;
  /** Null: all. */
  tools: string[] | null;
  model: string | null;
  selected_model: string | null;
  /** A closed agent of another user: the user may not read its instructions. */
  is_closed: boolean;
  requires_user_keys: boolean;
  /** The creator's price in USD per million tokens, which replaces the model's; null: none. */
  rates: { input: string; output: string } | null;
  /** The creator who earns from it. */
  creator_id: string | null;
  /** The server's features with the agent's overrides. */
  features: AgentFeatures;
  /** How much its model thinks in chats without a level; null: the model's default. */
  reasoning: Reasoning | null;
  tool_configs: AgentRow["tool_configs"];
  /** The sub-agents of the agent. */
  subagents: LibrarySubagent[];
}
const agentTypes = new Set(["TesslateAgent", "IterativeAgent", "ReActAgent", "StreamAgent"]);

/** An agent as somebody runs and reads it: its creator as it is now, others as of the version that they took. */
export const agentAs = ({ agent, version }: { agent: AgentRow; version: AgentVersionRow | null }, isOwner: boolean): AgentRow =>
  isOwner || version === null ? agent : { ...agent, ...version.content };

export type Agents = ReturnType<typeof createAgents>;
/** Resolves agents and checks whether the user may run them. */
export function createAgents({ store, features }: { store: AgentsStore; features: AgentFeatures }) {
  return {
    /** Updates the official agents and adds the default one to all libraries. Safe to repeat, also concurrently. */
    seed: async (): Promise<void> => {
      for (const agent of officialAgents) await store.upsertOfficial(agent);
      await store.addToEveryLibrary(defaultAgentSlug);
    },
    /** Adds the default agent to the library of a new account. */
    onRegistered: (tx: Queries, user: { id: string }): Promise<void> => store.addToLibrary(tx, user.id, defaultAgentSlug),
    /** By id or slug; none given means the default. Throws 404, `agent_not_owned`, `agent_not_runnable`. */
    resolve: async (userId: string, ref: string | null | undefined): Promise<RunnableAgent> => {
      const found = await store.find(ref ?? defaultAgentSlug, userId);
      if (!found || found.agent.item_type !== "agent" || !found.agent.is_active) throw notFound("Agent");
      const { entry } = found;
      const isOwner = found.agent.forked_by_user_id === userId || found.agent.created_by_user_id === userId;
      const agent = agentAs(found, isOwner);
      const isInLibrary = entry?.is_active === true;
      if (!isOwner && !isInLibrary && isHidden(agent)) throw notFound("Agent");
      if (!isOwner && !isInLibrary && agent.pricing_type !== "free")
        throw new AppError("agent_not_owned", `${agent.name} is not in your library. Add it from the marketplace first.`);
      if (!agent.system_prompt?.trim() || !agentTypes.has(agent.agent_type))
        throw badRequest(
          `${agent.name} cannot run: it has no ${agent.system_prompt?.trim() ? "known type" : "instructions"}.`,
          "agent_not_runnable",
        );
      return {
        id: agent.id,
        slug: agent.slug,
        name: agent.name,
        agent_type: agent.agent_type,
        system_prompt: agent.system_prompt,
        tools: agent.tools,
        model: agent.model,
        selected_model: entry?.selected_model ?? null,
        is_closed: !isOwner && agent.source_type !== "open",
        requires_user_keys: agent.requires_user_keys,
        ...termsOf(agent, isOwner),
        features: effectiveFeatures(features, agent.config),
        reasoning: reasoningLevels.find((level) => level === agent.config?.["reasoning"]) ?? null,
        tool_configs: agent.tool_configs,
        subagents: (await store.listSubagents(agent.id)).map(subagentOf),
      };
    },
    /** Sets the model of an agent in the user's library. Throws 404, and `forbidden` for a closed agent of another user. */
    selectModel: async (userId: string, ref: string, choose: () => Promise<string | null>): Promise<string | null> => {
      const found = await store.find(ref, userId);
      if (!found || found.agent.item_type !== "agent" || found.entry?.is_active !== true) throw notFound("Agent");
      const { agent } = found;
      const isOwner = agent.forked_by_user_id === userId || agent.created_by_user_id === userId;
      if (!isOwner && agent.source_type !== "open")
        throw new AppError("forbidden", `The model of ${agent.name} cannot be changed because it is closed-source.`);
      const model = await choose();
      await store.selectModel(userId, agent.id, model);
      return model;
    },
    countUse: (q: Queries, id: string): Promise<void> => store.countUse(q, id),
  };
}

/** Owners are not charged for their own agents. */
function termsOf(agent: AgentRow, isOwner: boolean): Pick<RunnableAgent, "rates" | "creator_id"> {
  const { pricing_type, api_pricing_input: input, api_pricing_output: output } = agent;
  if (isOwner || pricing_type !== "api" || input === null || output === null) return { rates: null, creator_id: null };
  return { rates: { input, output }, creator_id: agent.created_by_user_id ?? agent.forked_by_user_id };
}

/** An unpublished fork of another user. */
const isHidden = (agent: AgentRow) => agent.forked_by_user_id !== null && !agent.is_published;

/** `config`: `{model: "inherit" | id, max_turns}`. */
function subagentOf({ name, description, tools, model, system_prompt, config }: AgentRow): LibrarySubagent {
  const requested = config?.["model"];
  const chosen = typeof requested === "string" ? requested : model;
  const turns = config?.["max_turns"];
  return {
    name,
    description,
    tools,
    model: chosen === "inherit" ? null : chosen,
    system_prompt: system_prompt ?? "",
    ...(typeof turns === "number" && Number.isInteger(turns) && turns > 0 && { max_turns: turns }),
  };
}
