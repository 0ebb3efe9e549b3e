import { randomUUID } from "node:crypto";
import { ModelError, userMessage } from "@tesslate/agent";
import type { ModelPreferences, ModelTrial } from "@tesslate/contract";
import { AppError, badRequest, conflict, notFound } from "../../../platform/errors.ts";
import type { Agents } from "../agents/index.ts";
import type { Credits } from "../../billing/credits/index.ts";
import { toolsOf, type Capabilities } from "./capabilities.ts";
import type { ResolvedModel } from "./connected-models.ts";
import type { ModelList } from "./model-list.ts";
import type { Models } from "./models.service.ts";
import type { ModelsStore } from "./models.store.ts";
import type { ModelCapabilitiesRow } from "../../../db/schema/agent/models.ts";
import { chargeOf } from "./prices.ts";

const healthMs = 30_000;
/** Without an agent, because the model is given. */
const noAgent = { selected_model: null, model: null };

export type ModelChoices = ReturnType<typeof createModelChoices>;
/** Custom models, models of agents, fallbacks, and tests of models. */
export function createModelChoices({
  models,
  list,
  store,
  capabilities,
  agents,
  credits,
}: {
  models: Models;
  list: Pick<ModelList, "presentCustom">;
  store: ModelsStore;
  capabilities: Capabilities;
  agents: Pick<Agents, "selectModel">;
  credits: Pick<Credits, "require" | "record">;
}) {
  const resolve = (userId: string, model: string) => models.resolve(userId, { model, agent: noAgent });
  const charge = async (userId: string, model: ResolvedModel, usage: { tokens_in: number; tokens_out: number; tokens_cached: number }) => {
    const id = randomUUID();
    await credits.record({
      request_id: `probe:${id}`,
      user_id: userId,
      agent_id: null,
      project_id: null,
      chat_id: null,
      task_id: null,
      purpose: "probe",
      ...chargeOf(model, usage),
    });
  };

  return {
    /** Throws `unknown_model`, `conflict`. */
    addCustom: async (userId: string, given: { model_id: string; name?: string | null }) => {
      const model_id = given.model_id.trim();
      const { model_id: canonical } = await resolve(userId, model_id).catch((error: unknown) => {
        // The provider need not be connected yet.
        if (error instanceof AppError && error.code === "model_not_configured") return { model_id };
        throw error;
      });
      const row = await store.insertCustom({
        user_id: userId,
        model_id: canonical,
        name: given.name?.trim() || canonical.slice(canonical.indexOf("/") + 1),
      });
      if (!row) throw conflict("conflict", "This model is already in your list.");
      return list.presentCustom(userId, row);
    },
    removeCustom: async (userId: string, id: string): Promise<void> => {
      if (!(await store.removeCustom(userId, id))) throw notFound("Model");
    },
    /** Throws what `resolve` throws, 404 for an agent that is not in the library, 403 for a closed one. */
    selectForAgent: async (userId: string, ref: string, model: string | null) => {
      const chosen = await agents.selectModel(userId, ref, async () => (model === null ? null : (await resolve(userId, model)).model_id));
      return { model: chosen };
    },
    probe: async (userId: string, id: string): Promise<ModelTrial> => {
      const model = await resolve(userId, id);
      await credits.require(userId, model);
      if (!model.target) throw badRequest("This model cannot be tested.", "unknown_model");
      try {
        const { row, trial } = await capabilities.probe(model.target);
        await charge(userId, model, trial.usage);
        return present(model.model_id, row);
      } catch (error) {
        if (error instanceof ModelError)
          throw new AppError(error.code === "model_auth_failed" ? "model_auth_failed" : "model_error", error.message);
        throw error;
      }
    },
    health: async (userId: string, id: string) => {
      const model = await resolve(userId, id);
      await credits.require(userId, model);
      const timeout = AbortSignal.timeout(healthMs);
      const started = performance.now();
      try {
        const request = { system: "", messages: [userMessage("Say ok.")], tools: [], max_output_tokens: 16 };
        let usage: { tokens_in: number; tokens_out: number; tokens_cached: number } | null = null;
        for await (const event of model.client.stream(request, timeout)) if (event.type === "finish") usage = event.usage;
        if (usage) await charge(userId, model, usage);
        return {
          model: model.model_id,
          health: "healthy" as const,
          latency_ms: Math.round(performance.now() - started),
          message: "The model responded.",
        };
      } catch (error) {
        if (timeout.aborted)
          return {
            model: model.model_id,
            health: "timeout" as const,
            latency_ms: null,
            message: `No answer within ${healthMs / 1_000} s.`,
          };
        if (!(error instanceof ModelError)) throw error;
        return { model: model.model_id, health: "unhealthy" as const, latency_ms: null, message: error.message };
      }
    },
    preferences: (userId: string): Promise<ModelPreferences> => store.findPreferences(userId),
    setPreferences: async (userId: string, change: Partial<ModelPreferences>): Promise<ModelPreferences> => {
      for (const id of change.fallback_models ?? [])
        await resolve(userId, id).catch((error: unknown) => {
          if (!(error instanceof AppError) || error.code === "unknown_model") throw error;
        });
      return models.preferences.set(userId, change);
    },
  };
}

const present = (model: string, row: ModelCapabilitiesRow): ModelTrial => ({
  model,
  tools: toolsOf(row),
  parallel_tools: row.parallel_tools,
  needs_repair: row.needs_repair,
  reports_usage: row.reports_usage,
  vision: row.vision,
  score: row.score,
  context_window: row.context_window,
  first_token_ms: row.first_token_ms,
  tokens_per_second: row.tokens_per_second,
  probed_at: row.probed_at,
  expires_at: row.expires_at,
});
