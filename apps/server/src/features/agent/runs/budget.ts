import { randomUUID } from "node:crypto";
import { estimateFirstCall, maxSummaryTokens, ModelError, summarize } from "@tesslate/agent";
import type { CompactedChat, CostEstimate } from "@tesslate/contract";
import { AppError, badRequest, notFound } from "../../../platform/errors.ts";
import type { Agents } from "../agents/index.ts";
import type { Credits } from "../../billing/credits/index.ts";
import { chargeOf, costOf, redactedClient, type Models, type ResolvedModel, projectModelSettings } from "../models/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { LiveRedactor } from "../../projects/secrets/index.ts";
import { costCaps, dollars, withinCaps, type RunCaps } from "./cost-caps.ts";
import { chatBusy, historyBefore, type ChatStore } from "../chats/index.ts";
import type { ChatRow } from "../../../db/schema/agent.ts";
import { spentToday } from "./usage.ts";

/** A position after all messages. */
const endOfChat = 2_147_483_647;
/** A typical run, for users who have had none yet: six calls, each reading the conversation so far from the cache. */
const typicalCalls = 6;
const typicalOutputTokens = 600;
const typicalGrowthTokens = 1_500;
const summaryTimeoutMs = 120_000;

export type RunBudget = ReturnType<typeof createRunBudget>;
/** Cost estimates before a message is sent, and compaction on request. */
export function createRunBudget({
  store,
  agents,
  models,
  credits,
  projects,
  redactor,
  limits,
}: {
  store: ChatStore;
  agents: Agents;
  models: Models;
  credits: Pick<Credits, "require" | "reserve" | "release" | "record" | "typicalRun" | "spentSince" | "ownKeyUsage">;
  projects: { require(userId: string, ref: string): Promise<ProjectRow> };
  redactor(projectId: string): Promise<LiveRedactor>;
  limits: { maxCostPerRunCents: number; maxCostPerDayCents: number };
}) {
  const ownChat = async (userId: string, chatId: string): Promise<ChatRow> => {
    const chat = await store.findChat(chatId);
    if (!chat || chat.user_id !== userId) throw notFound("Chat");
    return chat;
  };
  const capsFor = async (userId: string, project: ProjectRow, requested?: number | null): Promise<RunCaps> => {
    const { max_cost_cents, own_key_day_cents } = await models.preferences.get(userId);
    return costCaps({
      max_cost_cents: requested ?? projectModelSettings(project).max_cost_cents ?? max_cost_cents,
      own_key_day_cents,
      limits,
    });
  };
  /** Checks the limits and reserves the likely cost, as before a call of a run. Returns the maximum output tokens. */
  const reserve = async (call: { user_id: string; task_id: string; model: ResolvedModel; caps: RunCaps; tokens_in: number }) => {
    const { user_id, task_id, model, tokens_in } = call;
    const caps = model.is_byok ? call.caps.own : call.caps.platform;
    const spentElsewhere = caps.day === null ? "0" : await spentToday(credits, models.priceOf, user_id, model.is_byok);
    const verdict = withinCaps(caps, { price: model.pricing, tokens_in, tokens_cached: 0, spent: "0", spentElsewhere });
    if (!verdict.ok)
      throw new AppError(
        "cost_limit_reached",
        `A summary would exceed the limit of ${dollars(caps[verdict.cap] ?? "0")} per ${verdict.cap}.`,
      );
    const tokens_out = Math.min(maxSummaryTokens, verdict.max_output_tokens ?? maxSummaryTokens);
    await credits.reserve(
      { user_id, task_id, is_byok: model.is_byok },
      costOf(model.pricing, { tokens_in, tokens_out, tokens_cached: 0 }).total,
    );
    return tokens_out;
  };

  return {
    /** Throws 404, `unknown_model`, `model_not_configured`, `closed_source`. */
    estimate: async (
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
      const chat = body.chat_id ? await ownChat(userId, body.chat_id) : await store.findRecentChat(userId, project.id);
      const agent = await agents.resolve(userId, body.agent_id);
      const model = await models.resolve(userId, { model: body.model ?? projectModelSettings(project).model, agent });
      const history = chat ? await historyBefore(store, chat.id, endOfChat) : [];
      const tokens_in = estimateFirstCall({ system_prompt: agent.system_prompt, history, message: body.message });
      const typical = await credits.typicalRun(userId);
      const calls = typical?.calls ?? typicalCalls;
      const growth = typical ? Math.max(0, typical.tokens_in / Math.max(1, typical.calls) - tokens_in) : typicalGrowthTokens * (calls / 2);
      const likely_in = Math.round((tokens_in + growth) * calls);
      const likely_out = typical?.tokens_out ?? typicalOutputTokens * calls;
      const share = typical && typical.tokens_in > 0 ? typical.tokens_cached / typical.tokens_in : 0;
      const { run: limit } = (await capsFor(userId, project, body.max_cost_cents))[model.is_byok ? "own" : "platform"];
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
    },

    /** Replaces the messages so far by a summary for the model; people still see all of them. Throws 404, `chat_busy`, `insufficient_credits`, `cost_limit_reached`, `model_error`. */
    compact: async (userId: string, chatId: string, body: { model?: string | null }): Promise<CompactedChat> => {
      const chat = await ownChat(userId, chatId);
      if (chat.project_id === null) throw notFound("Chat");
      const project = await projects.require(userId, chat.project_id);
      const refuseBusy = async () => {
        const run = await store.findActiveRun(chat.id);
        if (run) throw chatBusy(run.id);
      };
      await refuseBusy();
      const agent = await agents.resolve(userId, undefined);
      const model = await models.resolve(userId, { model: body.model ?? projectModelSettings(project).model, agent });
      await credits.require(userId, model);
      const [last] = await store.listMessagesBefore(chat.id, endOfChat, 1);
      const history = await historyBefore(store, chat.id, endOfChat);
      if (!last || history.length < 2) throw badRequest("There are too few messages to compact.");
      const before = estimateFirstCall({ system_prompt: agent.system_prompt, history, message: "" });
      const caps = await capsFor(userId, project);
      let cost_cents = 0;
      // Credits are reserved per task; this is none, so it gets an id of its own.
      const task_id = randomUUID();
      const text = await summarize({
        client: redactedClient(model.client, await redactor(project.id)),
        context_window: model.context_window,
        history,
        beforeCall: (tokens_in) => reserve({ user_id: userId, task_id, model, caps, tokens_in }),
        signal: AbortSignal.timeout(summaryTimeoutMs),
        onUsage: async (usage) => {
          const charge = chargeOf(model, usage);
          cost_cents = Number(charge.cost_total);
          await credits.record({
            request_id: `compaction:${randomUUID()}`,
            user_id: userId,
            agent_id: agent.id,
            creator_id: model.creator_id,
            project_id: project.id,
            chat_id: chat.id,
            task_id: null,
            purpose: "compaction",
            ...charge,
          });
        },
      })
        .catch((error: unknown) => {
          if (error instanceof ModelError)
            throw new AppError(error.code === "model_auth_failed" ? "model_auth_failed" : "model_error", error.message);
          throw error;
        })
        .finally(() => credits.release(task_id));
      if (text === "") throw new AppError("model_error", "The model returned an empty summary. Nothing was changed.");
      await refuseBusy();
      await store.setSummary(chat.id, { text, until_message_id: last.id });
      const after = estimateFirstCall({
        system_prompt: agent.system_prompt,
        history: await historyBefore(store, chat.id, endOfChat),
        message: "",
      });
      return { tokens_before: before, tokens_after: after, context_window: model.context_window, cost_cents };
    },
  };
}
