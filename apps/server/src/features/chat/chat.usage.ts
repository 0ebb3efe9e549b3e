import type { ModelCall } from "@tesslate/agent";
import { costOf, roundedCents, sumOf, type ResolvedModel } from "../models/index.ts";
import type { RunVoice } from "./chat.events.ts";
import type { RunsStore } from "./runs.store.ts";

export interface RunLedger {
  /** Once per model call: a usage row, then `credits_used`. */
  record(call: ModelCall): Promise<void>;
  /** Exact decimals of a cent, so far. */
  totalCents(): string;
}

/** What the run's model calls cost (agent-git-deploy 4.18). Nothing is charged where nobody is billed: rows are exempt, credits untouched. */
export function createRunLedger({
  store,
  voice,
  model,
  run,
}: {
  store: RunsStore;
  voice: RunVoice;
  model: ResolvedModel;
  run: { user_id: string; agent_id: string | null; project_id: string; chat_id: string; task_id: string };
}): RunLedger {
  let total = "0";
  return {
    record: async (call) => {
      const cost = model.is_byok ? { input: "0", output: "0", total: "0" } : costOf(model.pricing, call);
      const usageLogId = await store.insertUsage({
        ...run,
        model: model.model_id,
        tokens_input: call.tokens_in,
        tokens_output: call.tokens_out,
        tokens_cached: call.tokens_cached,
        cost_input: cost.input,
        cost_output: cost.output,
        cost_total: cost.total,
        is_byok: model.is_byok,
        billed_status: "exempt",
      });
      total = sumOf([total, cost.total]);
      await voice.say("credits_used", {
        cost_total_cents: roundedCents(cost.total),
        credits_deducted: 0,
        new_balance: null,
        usage_log_id: usageLogId,
        is_byok: model.is_byok,
        tokens_in: call.tokens_in,
        tokens_out: call.tokens_out,
      });
    },
    totalCents: () => total,
  };
}
