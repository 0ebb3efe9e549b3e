import type { PreviewReport } from "@tesslate/contract";

/** Rounds per message of a person (ui.md P0 14). */
export const maxRounds = 2;
const maxErrors = 5;
const maxMessage = 9_000;

/** Errors that the pages still show: of each container those since its page was last loaded, each once. */
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

/** How many of the newest questions are repairs. `questions`: newest first. */
export function roundsOf(questions: readonly { message_metadata: Record<string, unknown> | null }[]): number {
  const first = questions.findIndex(({ message_metadata }) => typeof message_metadata?.["auto_fix"] !== "number");
  return first < 0 ? questions.length : first;
}

/** Who stopped the agent, or left its question unanswered, does not want it back unasked. */
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

/** What the agent is told. The errors' texts come from the running app. */
export function repairMessage(errors: readonly PreviewReport[], round: number): string {
  const described = errors.slice(0, maxErrors).map(({ message, source, line, column, url, stack }) => {
    const place = source
      ? ` (at ${[pathOf(source), line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(":")}${url ? `, on ${url}` : ""})`
      : "";
    return `- ${(message ?? "Unknown error").slice(0, 500)}${place}${stack ? `\n\`\`\`\n${shortened(stack).slice(0, 1500)}\n\`\`\`` : ""}`;
  });
  return `The running app reports ${errors.length === 1 ? "this error" : `${errors.length} errors`} after the last change. Find the cause and fix it. (Automatic attempt ${round} of ${maxRounds})\n\n${described.join("\n")}`.slice(
    0,
    maxMessage,
  );
}

/** Addresses in a stack as paths of the project: shorter, and what the agent can open. */
const shortened = (stack: string): string => stack.replace(/https?:\/\/[^/\s]+\//g, "").replace(/\?[\w=&.-]+(?=:\d)/g, "");
const pathOf = (source: string): string => URL.parse(source)?.pathname.replace(/^\/+(@fs\/)?/, "") || source;
