import type { PreviewReport } from "@tesslate/contract";

/** Automatic fixes per message of a person. */
export const maxRounds = 2;
const maxErrors = 5;
const maxMessage = 9_000;

/** Errors of each container since its page was last loaded, without duplicates. */
export function currentErrors(reports: readonly PreviewReport[]): PreviewReport[] {
  const byContainer = new Map<string, Map<string, PreviewReport>>();
  for (const report of reports) {
    const known = byContainer.get(report.container_id) ?? new Map<string, PreviewReport>();
    byContainer.set(report.container_id, known);
    if (report.kind === "navigation") known.clear();
    else if (report.kind === "error" || (report.kind === "console" && report.level === "error"))
      known.set(`${report.message}|${report.source}|${report.line}`, report);
  }
  return [...byContainer.values()].flatMap((known) => [...known.values()]);
}

/** How many of the newest user messages are automatic fixes. `questions`: newest first. */
export function countRounds(questions: readonly { message_metadata: Record<string, unknown> | null }[]): number {
  const first = questions.findIndex(({ message_metadata }) => typeof message_metadata?.["auto_fix"] !== "number");
  return first < 0 ? questions.length : first;
}

/** A person stopped the run or did not answer its question, so it is not started again. */
export function wasStopped({
  status,
  cancel_requested_at,
  result,
}: {
  status: string;
  cancel_requested_at: string | null;
  result: unknown;
}): boolean {
  const reason = (result as { completion_reason?: string } | null)?.completion_reason;
  return status === "cancelled" || cancel_requested_at !== null || reason === "user_stopped" || reason === "approval_timeout";
}

/** The message to the agent. Error texts come from the running app and are untrusted. */
export function repairMessage(errors: readonly PreviewReport[], round: number): string {
  const described = errors.slice(0, maxErrors).map(({ message, source, line, column, url, stack }) => {
    const location = source
      ? ` (at ${[pathOf(source), line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(":")}${url ? `, on ${url}` : ""})`
      : "";
    return `- ${(message ?? "Unknown error").slice(0, 500)}${location}${stack ? `\n\`\`\`\n${shortened(stack).slice(0, 1500)}\n\`\`\`` : ""}`;
  });
  return `The running app reports ${errors.length === 1 ? "this error" : `${errors.length} errors`} after the last change. Find the cause and fix it. (Automatic attempt ${round} of ${maxRounds})\n\n${described.join("\n")}`.slice(
    0,
    maxMessage,
  );
}

/** Replaces URLs in a stack trace by project paths, which the agent can open. */
const shortened = (stack: string): string => stack.replace(/https?:\/\/[^/\s]+\//g, "").replace(/\?[\w=&.-]+(?=:\d)/g, "");
const pathOf = (source: string): string => URL.parse(source)?.pathname.replace(/^\/+(@fs\/)?/, "") || source;
