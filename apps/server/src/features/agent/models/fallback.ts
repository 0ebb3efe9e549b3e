import { ModelError, withoutImages, type ModelClient, type ModelRequest } from "@tesslate/agent";
import type { ResolvedModel } from "./connected-models.ts";

/** A model with fallbacks, of which one is used at a time. */
export interface ModelChain {
  client: ModelClient;
  /** The model in use. */
  current(): ResolvedModel;
}
export interface ModelSwitch {
  from: ResolvedModel;
  to: ResolvedModel;
  /** A message for people. */
  reason: string;
}

/** Whether a model may make the call, and its longest answer; `message` says why not. */
export type TakeOverVerdict = { ok: true; max_output_tokens?: number } | { ok: false; message: string };

/** Replaces images by a note for models without vision, which would reject them. */
export const withoutUnseenImages = ({ client, vision }: Pick<ResolvedModel, "client" | "vision">): ModelClient =>
  vision === false ? { stream: (request, signal) => client.stream(withImageNotes(request), signal) } : client;

const withImageNotes = (request: ModelRequest): ModelRequest => ({
  ...request,
  messages: request.messages.map((message) =>
    withoutImages(message, ({ name }) => `[The picture ${name} is not shown: this model sees no pictures.]`),
  ),
});

/**
 * Uses the first model until it is overloaded (429, 5xx, unreachable), then the next one for the rest of the run. A call is only repeated if it produced no
 * output. Other errors, such as an invalid key, are thrown. Models that `mayTakeOver` refuses are skipped, because they may have another price or payer.
 */
export function createModelChain(
  models: readonly [ResolvedModel, ...ResolvedModel[]],
  {
    mayTakeOver,
    onSwitch,
  }: { mayTakeOver(model: ResolvedModel, request: ModelRequest): Promise<TakeOverVerdict>; onSwitch(change: ModelSwitch): Promise<void> },
): ModelChain {
  let at = 0;
  const current = () => models[at] ?? models[0];
  /** Switches to the next model that may make the call. Throws the error of `from` with the reasons why the others were skipped. */
  const switchModel = async (from: ResolvedModel, request: ModelRequest, error: ModelError): Promise<ModelRequest> => {
    const refusals: string[] = [];
    for (const [index, to] of models.entries()) {
      if (index <= at) continue;
      const verdict = await mayTakeOver(to, request);
      if (!verdict.ok) {
        refusals.push(`${to.model_id} could not take over: ${verdict.message}`);
        continue;
      }
      at = index;
      await onSwitch({ from, to, reason: error.message });
      const { max_output_tokens: limit } = verdict;
      return limit === undefined ? request : { ...request, max_output_tokens: Math.min(limit, request.max_output_tokens ?? limit) };
    }
    if (refusals.length === 0) throw error;
    throw new ModelError(error.code, [error.message, ...refusals].join(" "), {
      retryable: error.retryable,
      ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
    });
  };
  return {
    current,
    client: {
      async *stream(request, signal) {
        for (let attempt = request; ;) {
          const from = current();
          let hasBegun = false;
          try {
            for await (const event of from.client.stream(attempt, signal)) {
              hasBegun = true;
              yield event;
            }
            return;
          } catch (error) {
            if (hasBegun || signal.aborted || !isOverload(error)) throw error;
            attempt = await switchModel(from, attempt, error as ModelError);
          }
        }
      },
    },
  };
}

const isOverload = (error: unknown): boolean =>
  error instanceof ModelError && error.retryable && (error.code === "rate_limited" || error.code === "model_error");
