import type { PreviewReport } from "@tesslate/contract";
import { crashError, fixRequest, maxAutoFixes, type AppError } from "@tesslate/contract/app-errors";

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

/** A container whose last status is a failure. */
export interface Crash {
  name: string;
  directory: string;
  /** Why it stopped. */
  reason: string;
  last_lines: string[];
  /** Position in the project's events. */
  seq: number;
  at: string;
}

/** Later crashes have nothing to do with the run. */
const afterRunMs = 10 * 60_000;
/** Whether a container crashed during the last run or soon after it. */
export const isAfterRun = (
  { at }: Pick<Crash, "at">,
  question: { created_at: string },
  run: { completed_at: string | null; created_at: string },
): boolean => at > question.created_at && Date.parse(at) - Date.parse(run.completed_at ?? run.created_at) < afterRunMs;

/** The message to the agent, with its details. Error texts come from the running app and are untrusted. */
export function repairRequest(
  crashes: readonly Crash[],
  reports: readonly PreviewReport[],
  round: number,
): { message: string; details: string } {
  return fixRequest(
    [
      ...crashes.map(({ name, directory, reason, last_lines }) =>
        crashError({ container: name, directory, reason, lastLines: last_lines }),
      ),
      ...reports.map(({ message, source, line, column, url, stack }): AppError => ({
        message: message ?? "Unknown error",
        place: source && [pathOf(source), line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(":"),
        url,
        stack,
      })),
    ],
    `Automatic attempt ${round} of ${maxAutoFixes}.`,
  );
}

const pathOf = (source: string): string => (URL.parse(source)?.pathname ?? source).replace(/^\/+(?:@fs\/)?/, "") || source;
