import type { CardRun, CardRunState, SendMessage } from "@tesslate/contract";
import type { CardRow } from "../../../db/schema/projects.ts";

/** Limits of messages to the agent. */
const maxMessage = 10_000;
const maxDetails = 20_000;

/** The message with which the agent gets a card. A description that is too long for it becomes its details. */
export function messageOfCard({
  ref_number,
  title,
  description,
}: Pick<CardRow, "ref_number" | "title" | "description">): Pick<SendMessage, "message" | "details"> {
  const head = `TSK-${String(ref_number).padStart(4, "0")}: ${title}`;
  const text = description?.trim() ?? "";
  const message = text === "" ? head : `${head}\n\n${text}`;
  return message.length <= maxMessage ? { message } : { message: head, details: text.slice(0, maxDetails) };
}

/** The state of a card's run for the completion reason of an answer. */
export function stateAfter(completionReason: string): Exclude<CardRunState, "waiting" | "queued"> {
  switch (completionReason) {
    case "in_progress":
      return "running";
    case "no_more_actions":
    case "task_complete_signal":
      return "completed";
    case "cancelled":
    case "user_stopped":
    case "approval_timeout":
      return "stopped";
    case "resource_limit_exceeded":
    case "max_iterations":
    case "credits_exhausted":
    case "credit_deduction_failed":
      return "paused";
    default:
      return "failed";
  }
}

/** It has ended, and only a new message continues it. */
export const isEnded = (state: CardRun["state"]): boolean => state === "completed" || state === "failed" || state === "stopped";
