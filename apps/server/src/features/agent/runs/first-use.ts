import { ModelError } from "@tesslate/agent";
import type { Logger } from "../../../platform/logger.ts";
import type { ResolvedModel } from "../models/index.ts";
import type { RunVoice } from "./events.ts";
import type { RunLedger } from "./usage.ts";

/**
 * A model that nobody has used yet is tried before its first run, and the run is told how to speak to it. A trial that fails leaves the run as it is:
 * what is wrong with the model it will say itself. Rejects only with the signal's reason.
 */
export async function introduced(
  model: ResolvedModel,
  { ledger, voice, signal, log }: { ledger: Pick<RunLedger, "record">; voice: RunVoice; signal: AbortSignal; log: Logger },
): Promise<ResolvedModel> {
  const { firstUse, ...known } = model;
  if (!firstUse) return model;
  await voice.say("notice", { level: "info", message: `${model.model_id} is new here. Trying what it can do; this happens once.` });
  const aborted = new Promise<never>((_resolve, reject) => {
    const give = () => reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    if (signal.aborted) give();
    else signal.addEventListener("abort", give, { once: true });
  });
  try {
    const { protocol, context_window, trial } = await Promise.race([firstUse(), aborted]);
    await ledger.record({ iteration: 0, purpose: "probe", ...trial.usage, is_estimated: !trial.reports_usage });
    const words = protocol === "text" ? "It has no function calling, so its calls are read from its text." : "It calls tools by itself.";
    await voice.say("notice", { level: trial.score < 50 ? "warning" : "info", message: `${words} Score ${trial.score} of 100.` });
    return { ...known, protocol, context_window };
  } catch (error) {
    if (signal.aborted || !(error instanceof ModelError)) throw error;
    log.warn({ err: error, model: model.model_id }, "model not tried");
    return known;
  }
}
