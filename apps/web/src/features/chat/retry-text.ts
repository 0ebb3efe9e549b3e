import type { RetryPart } from "./chat.types.ts";

/** Which call it is: "(attempt 2 of 5)". */
export const attemptOf = ({ attempt, of }: RetryPart): string => `(attempt ${attempt} of ${of})`;

/** What failed and what came of it, once the wait is over. */
export const retryText = (part: RetryPart): string =>
  part.status === "retrying" ? `${part.message} Retried ${attemptOf(part)}.` : `${part.message} Not retried.`;
