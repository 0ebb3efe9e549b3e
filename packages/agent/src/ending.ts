import type { CallVerdict } from "./agent-deps.ts";
import type { CompletionReason, RunError, RunErrorCode } from "./events.ts";
import type { ModelErrorKind } from "./model-error.ts";

/** How a run ends. */
export interface Ending {
  reason: CompletionReason;
  /** The final answer, or a short notice of why there is none. */
  text: string;
  error?: RunError;
}

/** Thrown inside the loop to end the run from any depth; `runAgent` turns it into events. */
export class RunEnded extends Error {
  override readonly name = "RunEnded";
  readonly ending: Ending;
  constructor(ending: Ending) {
    super(ending.text);
    this.ending = ending;
  }
}

export function failure(code: RunErrorCode, message: string, kind?: ModelErrorKind): Ending {
  return { reason: "error", text: message, error: { code, message, ...(kind && { kind }) } };
}

/** The ending of a run that a hook of the caller or a limit has stopped. */
export function stoppedBy(verdict: Extract<CallVerdict, { ok: false }>): Ending {
  const text = verdict.message;
  switch (verdict.stop) {
    case "credits_exhausted":
      return { reason: verdict.stop, text, error: { code: "insufficient_credits", message: text } };
    case "credit_deduction_failed":
      return { reason: verdict.stop, text, error: { code: "internal_error", message: text } };
    case "resource_limit_exceeded":
      return { reason: verdict.stop, text };
  }
}
