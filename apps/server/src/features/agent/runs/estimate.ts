import { estimateFirstCall } from "@tesslate/agent";
import type { CostEstimate } from "@tesslate/contract";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Credits } from "../../billing/credits/index.ts";
import type { Agents } from "../agents/index.ts";
import type { ChatStore, Conversations } from "../chats/index.ts";
import { costOf, projectModelSettings, type Models } from "../models/index.ts";
import type { RunCosts } from "./costs.ts";
import { requireOwnChat } from "./runs.access.ts";

/** A typical run, for users who have had none yet: six calls, each reading the conversation so far from the cache. */
const typicalCalls = 6;
const typicalOutputTokens = 600;
const typicalGrowthTokens = 1_500;

export type EstimateRun = ReturnType<typeof createEstimateRun>;
/** Estimates the cost of a run before its message is sent. Throws 404, `unknown_model`, `model_not_configured`, `closed_source`. */
export const createEstimateRun =
  ({
    chats,
    conversations,
    agents,
    models,
    projects,
    costs,
    typicalRun,
  }: {
    chats: ChatStore;
    conversations: Pick<Conversations, "preview">;
    agents: Pick<Agents, "resolve">;
    models: Pick<Models, "resolve">;
    projects: { require(userId: string, ref: string): Promise<ProjectRow> };
    costs: Pick<RunCosts, "capsFor">;
    /** The average usage of the user's runs. */
    typicalRun: Credits["typicalRun"];
  }) =>
  async (
    userId: string,
    body: {
      project_id: string;
      chat_id?: string | null;
      agent_id?: string | null;
      model?: string | null;
      message: string;
      max_cost_cents?: number | null;
    },
  ): Promise<CostEstimate> => {
    const project = await projects.require(userId, body.project_id);
    const chat = body.chat_id ? await requireOwnChat(chats, userId, body.chat_id) : await chats.findRecentChat(userId, project.id);
    const agent = await agents.resolve(userId, body.agent_id);
    const model = await models.resolve(userId, { model: body.model ?? projectModelSettings(project).model, agent });
    const conversation = chat ? await conversations.preview(chat.id) : [];
    const tokens_in = estimateFirstCall({ system_prompt: agent.system_prompt, conversation, message: body.message });
    const typical = await typicalRun(userId);
    const calls = typical?.calls ?? typicalCalls;
    const growth = typical ? Math.max(0, typical.tokens_in / Math.max(1, typical.calls) - tokens_in) : typicalGrowthTokens * (calls / 2);
    const likely_in = Math.round((tokens_in + growth) * calls);
    const likely_out = typical?.tokens_out ?? typicalOutputTokens * calls;
    const share = typical && typical.tokens_in > 0 ? typical.tokens_cached / typical.tokens_in : 0;
    const { run: limit } = (await costs.capsFor(userId, project, body.max_cost_cents))[model.is_byok ? "own" : "platform"];
    const usage = { tokens_in: likely_in, tokens_out: likely_out, tokens_cached: Math.round(likely_in * share) };
    const listed = Number(costOf(model.pricing, usage).total);
    const likely = limit === null ? listed : Math.min(listed, Number(limit));
    return {
      model: model.model_id,
      tokens_in,
      context_window: model.context_window,
      likely_tokens_in: likely_in,
      likely_tokens_out: likely_out,
      likely_cost_cents: model.is_byok ? 0 : likely,
      own_key_cents: model.is_byok ? likely : null,
      cost_limit_cents: limit === null ? null : Number(limit),
      is_byok: model.is_byok,
      is_price_known: model.pricing.is_known,
      basis: typical ? "your_runs" : "usual",
    };
  };
