import { defaultContextWindow } from "./context-window.ts";
import { assistantMessage, userMessage, type Message } from "./conversation.ts";
import { failure, RunEnded, type Ending } from "./ending.ts";
import type { RunErrorCode, RunResult } from "./events.ts";
import { interruptedResults } from "./interrupted-results.ts";
import { ModelError } from "./model-error.ts";
import { RunInterrupted } from "./run-options.ts";
import type { Run } from "./run.ts";

const modelErrorCodes: Record<ModelError["code"], RunErrorCode> = {
  model_auth_failed: "model_auth_failed",
  rate_limited: "rate_limited",
  model_error: "model_error",
  context_overflow: "model_error",
  aborted: "model_error",
};

/** How a run ends in which `error` was thrown. */
export function endingFrom({ signal, onUnexpected }: Run, error: unknown): Ending {
  if (error instanceof RunEnded) return error.ending;
  if (signal.aborted) {
    if (signal.reason instanceof RunEnded) return signal.reason.ending;
    if (signal.reason instanceof RunInterrupted) return failure("interrupted", "The run was interrupted. You can continue it.");
    return { reason: "cancelled", text: "Canceled." };
  }
  if (error instanceof ModelError) return failure(modelErrorCodes[error.code], error.message, error.kind);
  onUnexpected(error, "run");
  return failure("internal_error", "Something went wrong on the server. What was done so far is kept.");
}

/** Stops the commands of the run, completes the record, and emits the last events. Never rejects. */
export async function endRun(run: Run, ending: Ending): Promise<RunResult> {
  const { deps, onUnexpected } = run;
  run.timer.stop();
  await run.commands.close().catch((error: unknown) => onUnexpected(error, "stopping commands"));
  let result = resultOf(run, ending);
  try {
    if (run.hasBegun && !result.success && ending.error?.code !== "interrupted") await run.append(...lastMessages(run, ending));
  } catch (error) {
    onUnexpected(error, "end of the conversation");
  }
  try {
    if (ending.error)
      await deps.emit({
        type: "error",
        data: {
          message: ending.error.message,
          code: ending.error.code,
          ...(ending.error.kind ? { kind: ending.error.kind } : {}),
          ...(ending.error.details ? { details: ending.error.details } : {}),
        },
      });
    await deps.emit({ type: "complete", data: result });
  } catch (error) {
    onUnexpected(error, "last events");
    if (!ending.error) result = resultOf(run, failure("internal_error", "The end of the run could not be stored."));
  }
  return result;
}

/** What was received of the answer and how the run ended, for later runs of the chat. */
function lastMessages({ record, partialText }: Run, ending: Ending): Message[] {
  const note = ending.reason === "cancelled" ? "[The person stopped the run here.]" : `[The run ended here: ${ending.text}]`;
  const lost = interruptedResults(record);
  return [...(lost ? [lost] : []), ...(partialText.trim() === "" ? [] : [assistantMessage(partialText)]), userMessage(note, "note")];
}

function resultOf(run: Run, ending: Ending): RunResult {
  const { limits, options } = run;
  const success = ending.reason === "no_more_actions" || ending.reason === "task_complete_signal";
  const streamed = success || run.unsavedText.trim() === "" ? "" : `${run.unsavedText.trim()}\n\n`;
  return {
    success,
    iterations: run.iteration,
    final_response: streamed + ending.text,
    tool_calls_made: run.toolCallsMade,
    completion_reason: ending.reason,
    ...(success ? {} : { error: ending.error?.message ?? ending.text }),
    ...(ending.error ? { error_code: ending.error.code } : {}),
    resource_stats: {
      iterations: run.iteration,
      iteration_limit: limits.max_iterations === 0 ? null : limits.max_iterations,
      ...run.used,
      duration_ms: run.timer.elapsedMs(),
      context_used: run.contextUsed,
      context_window: run.namedWindow ?? options.model.context_window ?? defaultContextWindow,
    },
  };
}
