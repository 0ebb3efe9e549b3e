import { randomUUID } from "node:crypto";
import { compactConversation, maxSummaryTokens, ModelError } from "@tesslate/agent";
import type { CompactedChat } from "@tesslate/contract";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { AppError, badRequest, limitReached, notFound } from "../../../platform/errors.ts";
import type { Credits } from "../../billing/credits/index.ts";
import type { TaskRow } from "../../core/tasks/index.ts";
import type { LiveRedactor } from "../../projects/secrets/index.ts";
import type { Agents } from "../agents/index.ts";
import { answerMetadata, chatBusy, type ChatStore, type Conversations } from "../chats/index.ts";
import { chargeOf, costOf, projectModelSettings, redactedClient, type Models, type ResolvedModel } from "../models/index.ts";
import { dollars, withinCaps, type RunCaps } from "./cost-caps.ts";
import type { RunCosts } from "./costs.ts";
import type { RunHandle } from "./run.ts";
import { requireOwnChat } from "./runs.access.ts";

const summaryTimeoutMs = 120_000;

export type CompactChat = ReturnType<typeof createCompactChat>;
/** Replaces older messages of a chat by a summary for the model; people still see all of them. */
export function createCompactChat({
  chats,
  conversations,
  agents,
  models,
  projects,
  credits,
  costs,
  handleOf,
}: {
  chats: ChatStore;
  conversations: Pick<Conversations, "upTo" | "markEntries" | "append" | "transaction">;
  agents: Pick<Agents, "resolve">;
  models: Pick<Models, "resolve">;
  projects: {
    require(userId: string, ref: string): Promise<ProjectRow>;
    /** Hides the values of the project's secrets. */
    redactor(projectId: string): Promise<LiveRedactor>;
  };
  credits: Pick<Credits, "require" | "reserve" | "release" | "record">;
  costs: Pick<RunCosts, "capsFor" | "spentToday">;
  handleOf(task: TaskRow): RunHandle;
}) {
  /** Checks the limits and reserves the likely cost, as before a call of a run. Returns the maximum output tokens. */
  const reserve = async (call: { user_id: string; task_id: string; model: ResolvedModel; caps: RunCaps; tokens_in: number }) => {
    const { user_id, task_id, model, tokens_in } = call;
    const caps = model.is_byok ? call.caps.own : call.caps.platform;
    const spentElsewhere = caps.day === null ? "0" : await costs.spentToday(user_id, model.is_byok);
    const verdict = withinCaps(caps, { price: model.pricing, tokens_in, tokens_cached: 0, spent: "0", spentElsewhere });
    if (!verdict.ok)
      throw limitReached(
        "cost_limit_reached",
        `A summary would exceed the limit of ${dollars(caps[verdict.cap] ?? "0")} per ${verdict.cap}.`,
        { used: Number(verdict.cap === "day" ? spentElsewhere : "0"), limit: Number(caps[verdict.cap] ?? "0"), unit: "cents" },
      );
    const tokens_out = Math.min(maxSummaryTokens, verdict.max_output_tokens ?? maxSummaryTokens);
    await credits.reserve(
      { user_id, task_id, is_byok: model.is_byok },
      costOf(model.pricing, { tokens_in, tokens_out, tokens_cached: 0 }).total,
    );
    return tokens_out;
  };

  /** Throws 404, `chat_busy`, `insufficient_credits`, `cost_limit_reached`, `model_error`. */
  return async (userId: string, chatId: string, body: { model?: string | null }): Promise<CompactedChat> => {
    const chat = await requireOwnChat(chats, userId, chatId);
    if (chat.project_id === null) throw notFound("Chat");
    const project = await projects.require(userId, chat.project_id);
    const refuseBusy = async () => {
      const run = await chats.findActiveRun(chat.id);
      if (run) throw chatBusy(run.id);
    };
    await refuseBusy();
    const agent = await agents.resolve(userId, undefined);
    const model = await models.resolve(userId, { model: body.model ?? projectModelSettings(project).model, agent });
    await credits.require(userId, model);
    const last = await chats.transaction((tx) => chats.findLastMessage(tx, chat.id));
    const tooShort = () => badRequest("There are too few messages to compact.");
    if (!last) throw tooShort();
    const conversation = await conversations.upTo(last);
    const caps = await costs.capsFor(userId, project);
    let cost_cents = 0;
    // Credits are reserved per task; this is none, so it gets an id of its own.
    const task_id = randomUUID();
    const redactor = await projects.redactor(project.id);
    const outcome = await compactConversation({
      client: redactedClient(model.client, redactor),
      context_window: model.context_window,
      system_prompt: agent.system_prompt,
      conversation,
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
    if (outcome === "too_short") throw tooShort();
    if (outcome === "no_smaller") throw badRequest("A summary would not make this chat shorter. Nothing was changed.");
    if (outcome === "empty") throw new AppError("model_error", "The model returned an empty summary. Nothing was changed.");
    await refuseBusy();
    const { mark, facts } = outcome;
    const entries = conversations.markEntries(chat.id, last.id, mark);
    const { task_id: answerTaskId } = answerMetadata(last);
    const task = answerTaskId === undefined ? undefined : await chats.findRun(answerTaskId);
    const run = task && handleOf(task);
    // The answers of a fork name the runs of the chat that it was copied from.
    if (run?.input.message_id === last.id)
      await run.emitter.emitAtEnd(async (tx) => {
        await conversations.append(tx, entries);
        return [{ type: "compacted", data: redactor.current.redactIn(facts) }];
      });
    else await conversations.transaction((tx) => conversations.append(tx, entries));
    return { tokens_before: mark.tokens_before, tokens_after: mark.tokens_after, context_window: model.context_window, cost_cents };
  };
}
