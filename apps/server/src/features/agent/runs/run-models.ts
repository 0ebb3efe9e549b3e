import { editFormatOf, ModelError, withTextFallback, withTextTools, type RunModel } from "@tesslate/agent";
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

/** A model as the agent calls it: without the project's secrets. */
export const agentModel = (model: ResolvedModel, redactor: LiveRedactor): RunModel => ({
  client: redactedClient(model.client, redactor),
  edit_format: editFormatOf(model.model_id),
  context_window: model.context_window,
});

/** A model with its own way to call tools, so that any model of a chain can make any call, and without images it cannot see. */
export const chainLink = (model: ResolvedModel, log: Logger): ResolvedModel => {
  const client = withoutUnseenImages(model);
  const noted = (work: Promise<void> | undefined): void =>
    void work?.catch((err: unknown) => log.warn({ err, model: model.model_id }, "capability not stored"));
  switch (model.protocol) {
    case "native":
      return { ...model, client };
    case "text":
      return { ...model, client: withTextTools(client) };
    case "unproven":
      return {
        ...model,
        client: withTextFallback(client, {
          onRefused: () => noted(model.refusedTools?.()),
          onNativeCall: () => noted(model.madeNativeCall?.()),
        }),
      };
  }
};
