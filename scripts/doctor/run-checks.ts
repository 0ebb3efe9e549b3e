import type { ChildProcess } from "node:child_process";

export type Mark = "ok" | "!!" | "XX";
export type Report = (mark: Mark, what: string, detail: string) => void;
/** What the process of the checks sends. */
export type CheckMessage = { begin: string } | { line: Parameters<Report> } | { end: string };

export interface KnownCheck {
  what: string;
  seconds: number;
  /** What it asks. */
  subject: string;
}

/**
 * Runs checks in a process of their own, one after another. A check that exceeds its time, for example because a disk does not respond, is reported; its
 * process is killed, and another one makes the remaining checks. Nothing waits for a process that cannot be killed.
 */
export async function runChecks(
  checks: readonly KnownCheck[],
  { start, report }: { start: (names: string[]) => ChildProcess; report: Report },
): Promise<void> {
  for (let left = checks; left.length > 0;) left = await runUntilStuck(left, start, report);
}

/** Returns the checks that remain. */
async function runUntilStuck(
  checks: readonly KnownCheck[],
  start: (names: string[]) => ChildProcess,
  report: Report,
): Promise<readonly KnownCheck[]> {
  const child = start(checks.map(({ what }) => what));
  const { promise, resolve } = Promise.withResolvers<readonly KnownCheck[]>();
  let current = checks[0];
  let timer: NodeJS.Timeout | undefined;
  const after = (check: KnownCheck | undefined) => checks.slice(check ? checks.indexOf(check) + 1 : checks.length);
  const begin = (what: string) => {
    current = checks.find((check) => check.what === what);
    clearTimeout(timer);
    if (!current) return;
    const stuck = current;
    timer = setTimeout(() => {
      report("XX", stuck.what, `${stuck.subject} did not answer within ${stuck.seconds} s`);
      resolve(after(stuck));
    }, stuck.seconds * 1000);
  };
  // Until it sends the first message: it only has to start.
  if (current) begin(current.what);
  child.on("message", (message: CheckMessage) => {
    if ("begin" in message) begin(message.begin);
    else if ("line" in message) report(...message.line);
  });
  child.once("exit", (code, signal) => {
    if (code === 0) return resolve([]);
    if (current) report("XX", current.what, `the check ended with ${signal ?? `exit code ${code}`}`);
    resolve(after(current));
  });
  child.once("error", (error) => {
    report("XX", current?.what ?? "doctor", `the check could not be started: ${error.message}`);
    resolve(after(current));
  });
  const left = await promise;
  clearTimeout(timer);
  child.removeAllListeners();
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  // One that waits for a dead disk ends when the disk is back.
  if (child.connected) child.disconnect();
  child.unref();
  return left;
}
