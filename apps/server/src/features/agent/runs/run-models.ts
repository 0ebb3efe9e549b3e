import { editFormatOf, ModelError, withTextTools, type AgentProtocol, type RunOptions } from "@tesslate/agent";
import type { Logger } from "../../../platform/logger.ts";
import type { LiveRedactor } from "../../projects/secrets/index.ts";
import { redactedClient, withoutUnseenImages, type ResolvedModel } from "../models/index.ts";
import type { RunEmitter } from "./events.ts";
import type { RunLedger } from "./usage.ts";

/**
 * Probes a model before its first run to find out how to call it. A failed probe is not an error: what is wrong with the model, the run itself
 * will report. Rejects only with the signal's reason.
 */
export async function probeOnFirstUse(
  model: ResolvedModel,
  { ledger, emitter, signal, log }: { ledger: Pick<RunLedger, "record">; emitter: RunEmitter; signal: AbortSignal; log: Logger },
): Promise<ResolvedModel> {
  const { firstUse, ...known } = model;
  if (!firstUse) return model;
  await emitter.emit("notice", {
    level: "info",
    message: `First run with ${model.model_id}: testing its capabilities. This happens once.`,
  });
  const aborted = new Promise<never>((_resolve, reject) => {
    const abort = () => reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
  try {
    const { protocol, context_window, trial } = await Promise.race([firstUse(), aborted]);
    await ledger.record({ iteration: 0, purpose: "probe", ...trial.usage, is_estimated: !trial.reports_usage });
    const found =
      protocol === "text" ? "It has no function calling, so tool calls are parsed from its text." : "It supports function calling.";
    await emitter.emit("notice", { level: trial.score < 50 ? "warning" : "info", message: `${found} Score ${trial.score} of 100.` });
    return { ...known, protocol, context_window };
  } catch (error) {
    if (signal.aborted || !(error instanceof ModelError)) throw error;
    log.warn({ err: error, model: model.model_id }, "model not probed");
    return known;
  }
}

/** A model as the agent calls it: without the project's secrets, and without images it cannot see. */
export const agentModel = (model: ResolvedModel, redactor: LiveRedactor): RunOptions["model"] => ({
  client: redactedClient(withoutUnseenImages(model), redactor),
  protocol: model.protocol,
  edit_format: editFormatOf(model.model_id),
  context_window: model.context_window,
});

/** A model of a chain. Each model of several applies its own protocol, because the agent knows one protocol for all of them. */
export const chainLink = (model: ResolvedModel, protocol: AgentProtocol): ResolvedModel => {
  const client = withoutUnseenImages(model);
  return { ...model, client: model.protocol === "text" && protocol !== "text" ? withTextTools(client) : client };
};

/** The protocol in which the agent calls a chain of models. */
export const chainProtocol = (models: readonly [ResolvedModel, ...ResolvedModel[]]): AgentProtocol => {
  if (models.length === 1) return models[0].protocol;
  return models.every((model) => model.protocol === "native") ? "native" : "auto";
};
