import { ModelError } from "../model-error.ts";
import type { ModelClient } from "../model-client.ts";
import { withTextTools } from "./text-tools.ts";

/**
 * Function calling with a model that has not shown whether it can. Its text is never read for calls: only when the provider refuses the tools before the
 * first call was made, this and all later requests use the text protocol. `onRefused` is called then, `onNativeCall` at the first call.
 */
export function withTextFallback(
  client: ModelClient,
  { onRefused, onNativeCall }: { onRefused?(): void; onNativeCall?(): void } = {},
): ModelClient {
  const byText = withTextTools(client);
  let state: "unproven" | "native" | "text" = "unproven";
  return {
    async *stream(request, signal) {
      if (state !== "text") {
        let hasStarted = false;
        try {
          for await (const event of client.stream(request, signal)) {
            hasStarted = true;
            if (event.type === "tool_call_start" && state === "unproven") {
              state = "native";
              onNativeCall?.();
            }
            yield event;
          }
          return;
        } catch (error) {
          if (hasStarted || state === "native" || request.tools.length === 0 || !refusesTools(error)) throw error;
          state = "text";
          onRefused?.();
        }
      }
      yield* byText.stream(request, signal);
    },
  };
}

/** Whether a provider reports that the model has no function calling. Each has its own message. */
export function refusesTools(error: unknown): boolean {
  if (!(error instanceof ModelError) || error.code !== "model_error") return false;
  return (
    /tool|function.?call/i.test(error.message) &&
    /support|require|enable|not (available|allowed|permitted)|unknown|unrecogni[sz]ed|extra inputs|no endpoints|--jinja/i.test(
      error.message,
    )
  );
}
