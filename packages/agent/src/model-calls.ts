import { randomUUID } from "node:crypto";
import { pause } from "./abortable.ts";
import type { CallVerdict } from "./agent-deps.ts";
import { requestMessages } from "./compaction.ts";
import { RunEnded, stoppedBy } from "./ending.ts";
import type { ModelRetry } from "./events.ts";
import type { ModelRequest } from "./model-client.ts";
import type { Run } from "./run.ts";
import { estimateRequestTokens } from "./tokens.ts";
import type { ReportedUsage, TurnOptions } from "./turn.ts";

type Purpose = "turn" | "compaction";

/** The request for the next turn. */
export function turnRequest({ options, system, record, definitions }: Run): ModelRequest {
  const { model, cacheKey } = options;
  return {
    system,
    messages: requestMessages(record),
    tools: definitions,
    ...(model.max_output_tokens === undefined ? {} : { max_output_tokens: model.max_output_tokens }),
    ...(model.reasoning === undefined ? {} : { reasoning: model.reasoning }),
    ...(cacheKey === undefined ? {} : { cache_key: cacheKey }),
  };
}

/** The request with the output limit of `beforeModelCall`. Ends the run when the call may not be made. */
export async function approved({ deps, iteration }: Run, purpose: Purpose, request: ModelRequest): Promise<ModelRequest> {
  const verdict = await deps.beforeModelCall?.({ iteration, purpose, tokens_in: estimateRequestTokens(request) });
  if (!verdict) return request;
  if (!verdict.ok) throw new RunEnded(stoppedBy(verdict));
  const { max_output_tokens: limit } = verdict;
  return limit === undefined ? request : { ...request, max_output_tokens: Math.min(limit, request.max_output_tokens ?? limit) };
}

export async function charge(run: Run, purpose: Purpose, usage: ReportedUsage): Promise<CallVerdict> {
  run.count(usage);
  if (purpose === "turn") run.contextUsed = usage.tokens_in + usage.tokens_out;
  return run.deps.afterModelCall({ iteration: run.iteration, purpose, ...usage });
}

/** Shows the waits of one call. */
export function retryWaits({ deps, iteration, now, signal }: Run): NonNullable<TurnOptions["waitToRetry"]> {
  let retry_id: string | undefined;
  let chosen: string | undefined;
  return async ({ attempt, of, delay_ms, error }) => {
    retry_id ??= (deps.newId ?? randomUUID)();
    const retry: ModelRetry = {
      retry_id,
      iteration,
      status: "waiting",
      attempt,
      of,
      until: new Date(now().getTime() + delay_ms).toISOString(),
      message: error.summary,
      ...(error.kind && { kind: error.kind }),
      ...(error.reason !== undefined && { reason: error.reason }),
      ...(chosen !== undefined && { model: chosen }),
    };
    await deps.emit({ type: "model_retry", data: retry });
    if (deps.waitToRetry) chosen = (await deps.waitToRetry(retry, delay_ms, signal)).model ?? chosen;
    else await pause(delay_ms, signal);
    const until = now().toISOString();
    await deps.emit({
      type: "model_retry",
      data: { ...retry, status: "retrying", until, ...(chosen !== undefined && { model: chosen }) },
    });
    return chosen;
  };
}
