import type { QueueHold } from "@tesslate/contract";

const sentences: Record<string, string> = {
  cancelled: "The run was stopped.",
  user_stopped: "The run was stopped.",
  approval_timeout: "Nobody answered the run's question.",
  interrupted: "The server stopped while the run was going on.",
  credits_exhausted: "There are no credits left.",
  credit_deduction_failed: "The run could not be paid for.",
  resource_limit_exceeded: "The run reached a limit.",
  max_iterations: "The run reached its limit of steps.",
};

/** After a run that did not end by itself what waits is not sent by itself either. */
export const holdAfter = (completionReason: string): QueueHold => ({
  reason: completionReason,
  message: sentences[completionReason] ?? "The run failed.",
});
