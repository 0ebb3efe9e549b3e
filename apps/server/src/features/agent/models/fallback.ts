import { ModelError, type ModelClient, type ModelRequest } from "@tesslate/agent";
import { AppError } from "../../../platform/errors.ts";
import type { ResolvedModel } from "./connected-models.ts";

export interface ModelSwitch {
  from: ResolvedModel;
  to: ResolvedModel;
  /** A message for people. */
  reason: string;
}

/** Whether a model may make the call, and its longest answer; `message` says why not. */
export type TakeOverVerdict = { ok: true; max_output_tokens?: number } | { ok: false; message: string };

export interface ModelChainOptions {
  /** A model that the person chose for a call. Throws what `models.resolve` throws. */
  resolve(id: string): Promise<ResolvedModel>;
  mayTakeOver(model: ResolvedModel, request: ModelRequest): Promise<TakeOverVerdict>;
  onSwitch(change: ModelSwitch): Promise<void>;
}

/**
 * Makes each call to the first model. If that is overloaded (429, 5xx, unreachable), the next ones may take over this call; the next call starts with the
 * first model again. A call is only repeated if it produced no output. Other errors, such as an invalid key, are thrown. Models that `mayTakeOver` refuses
 * are skipped, because they may have another price or payer. A call for which the person chose a model goes to that one alone.
 */
export function createModelChain(
  models: readonly [ResolvedModel, ...ResolvedModel[]],
  { resolve, mayTakeOver, onSwitch }: ModelChainOptions,
): ModelClient {
  const [own, ...fallbacks] = models;
  /** The next model that may make the call. Throws the error of `from` with the reasons why the others were skipped. */
  const nextOf = async (left: ResolvedModel[], from: ResolvedModel, request: ModelRequest, error: ModelError) => {
    const refusals: string[] = [];
    for (let to = left.shift(); to; to = left.shift()) {
      const verdict = await mayTakeOver(to, request);
      if (!verdict.ok) {
        refusals.push(`${to.model_id} could not take over: ${verdict.message}`);
        continue;
      }
      await onSwitch({ from, to, reason: error.summary });
      return { to, request: withinLimit(request, verdict) };
    }
    if (refusals.length === 0) throw error;
    throw new ModelError(error.code, [error.summary, ...refusals].join(" "), {
      ...(error.kind && { kind: error.kind }),
      ...(error.reason !== undefined && { reason: error.reason }),
      retryable: error.retryable,
      ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
    });
  };
  const chosenModel = async (id: string, request: ModelRequest) => {
    const to = await resolve(id).catch((error: unknown) => {
      throw error instanceof AppError ? new ModelError("model_error", error.message) : error;
    });
    const verdict = await mayTakeOver(to, request);
    if (!verdict.ok) throw new ModelError("model_error", `${to.model_id} could not take over: ${verdict.message}`);
    return { to, request: withinLimit(request, verdict) };
  };
  return {
    async *stream({ model: chosen, ...request }, signal) {
      const left = chosen === undefined ? [...fallbacks] : [];
      let { to, request: attempt } = chosen === undefined ? { to: own, request } : await chosenModel(chosen, request);
      for (;;) {
        let hasBegun = false;
        try {
          for await (const event of to.client.stream(attempt, signal)) {
            if (!hasBegun && to !== own) yield { type: "model", id: to.model_id };
            hasBegun = true;
            yield event;
          }
          return;
        } catch (error) {
          if (hasBegun || signal.aborted || !isOverload(error)) throw error;
          ({ to, request: attempt } = await nextOf(left, to, attempt, error as ModelError));
        }
      }
    },
  };
}

const withinLimit = (request: ModelRequest, { max_output_tokens: limit }: { max_output_tokens?: number }): ModelRequest =>
  limit === undefined ? request : { ...request, max_output_tokens: Math.min(limit, request.max_output_tokens ?? limit) };

const isOverload = (error: unknown): boolean =>
  error instanceof ModelError && error.retryable && (error.code === "rate_limited" || error.code === "model_error");
