import { ModelError, type ModelClient, type ModelRequest } from "@tesslate/agent";
import type { ResolvedModel } from "./models.service.ts";

/** A chain of models of which one answers at a time. */
export interface ModelChain {
  client: ModelClient;
  /** Who answers now. */
  current(): ResolvedModel;
}
export interface ModelSwitch {
  from: ResolvedModel;
  to: ResolvedModel;
  /** A sentence for people. */
  reason: string;
}

/** Whether a model may make this call, and how long its answer may become; `message` says why not. */
export type Leave = { ok: true; max_output_tokens?: number } | { ok: false; message: string };

/** A model that is known not to see is told which pictures it is not shown; sent to it, they would end its run. */
export const withoutUnseenImages = ({ client, vision }: Pick<ResolvedModel, "client" | "vision">): ModelClient =>
  vision === false ? { stream: (request, signal) => client.stream(withoutPictures(request), signal) } : client;

const withoutPictures = (request: ModelRequest): ModelRequest => ({
  ...request,
  messages: request.messages.map((message) => {
    if (message.role !== "user" || !message.images?.length) return message;
    const { images, ...rest } = message;
    const note = images.map(({ name }) => `[The picture ${name} is not shown: this model sees no pictures.]`).join("\n");
    return { ...rest, content: `${note}\n\n${message.content}` };
  }),
});

/**
 * The first model answers until it is overloaded (429, 5xx, out of reach); then the next one takes over, for the rest of the run. Only a call of which
 * nothing was heard is passed on: what a model said may have been acted upon. A wrong key is no overload: it is told. Who may not make the call is
 * passed over (`mayTakeOver`): it may be somebody else who pays it, and another price.
 */
export function createModelChain(
  models: readonly [ResolvedModel, ...ResolvedModel[]],
  {
    mayTakeOver,
    onSwitch,
  }: { mayTakeOver(model: ResolvedModel, request: ModelRequest): Promise<Leave>; onSwitch(change: ModelSwitch): Promise<void> },
): ModelChain {
  let at = 0;
  const current = () => models[at] ?? models[0];
  /** The next one that may make the call. Throws what `from` said, with what is in the others' way. */
  const takenOver = async (from: ResolvedModel, request: ModelRequest, error: ModelError): Promise<ModelRequest> => {
    const refusals: string[] = [];
    for (const [index, to] of models.entries()) {
      if (index <= at) continue;
      const leave = await mayTakeOver(to, request);
      if (!leave.ok) {
        refusals.push(`${to.model_id} could not take over: ${leave.message}`);
        continue;
      }
      at = index;
      await onSwitch({ from, to, reason: error.message });
      const { max_output_tokens: most } = leave;
      return most === undefined ? request : { ...request, max_output_tokens: Math.min(most, request.max_output_tokens ?? most) };
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
        for (let asked = request; ;) {
          const from = current();
          let hasBegun = false;
          try {
            for await (const event of from.client.stream(asked, signal)) {
              hasBegun = true;
              yield event;
            }
            return;
          } catch (error) {
            if (hasBegun || signal.aborted || !isOverload(error)) throw error;
            asked = await takenOver(from, asked, error as ModelError);
          }
        }
      },
    },
  };
}

const isOverload = (error: unknown): boolean =>
  error instanceof ModelError && error.retryable && (error.code === "rate_limited" || error.code === "model_error");
