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

/** A model that is known not to see is told which pictures it is not shown; sent to it, they would end its run. */
export const sighted = ({ client, vision }: Pick<ResolvedModel, "client" | "vision">): ModelClient =>
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
 * nothing was heard is passed on: what a model said may have been acted upon. A wrong key is no overload: it is told.
 */
export function chainOf(
  models: readonly [ResolvedModel, ...ResolvedModel[]],
  onSwitch: (change: ModelSwitch) => Promise<void>,
): ModelChain {
  let at = 0;
  const current = () => models[at] ?? models[0];
  return {
    current,
    client: {
      async *stream(request, signal) {
        for (;;) {
          const from = current();
          let hasBegun = false;
          try {
            for await (const event of from.client.stream(request, signal)) {
              hasBegun = true;
              yield event;
            }
            return;
          } catch (error) {
            const to = models[at + 1];
            if (!to || hasBegun || signal.aborted || !isOverload(error)) throw error;
            at++;
            await onSwitch({ from, to, reason: (error as ModelError).message });
          }
        }
      },
    },
  };
}

const isOverload = (error: unknown): boolean =>
  error instanceof ModelError && error.retryable && (error.code === "rate_limited" || error.code === "model_error");
