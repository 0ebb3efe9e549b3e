import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import type { ReportedOutcome } from "./report.ts";

/** Runs `./studio eval … --json`; resolves with the outcomes by task name, and the exit code. */
export async function evaluate(
  ...argv: string[]
): Promise<{ outcomes: Map<string, ReportedOutcome>; exitCode: number | null; errors: string }> {
  const script = join(import.meta.dirname, "../../scripts/eval.ts");
  const child = spawn(process.execPath, [script, ...argv, "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [out, errors, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  const outcomes = out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as ReportedOutcome);
  return { outcomes: new Map(outcomes.map((outcome) => [outcome.name, outcome])), exitCode, errors };
}

/** The checks that did not pass, as `status: name`. */
export const failuresOf = (outcome: ReportedOutcome | undefined): string[] | undefined =>
  outcome?.checks.filter(({ status }) => status !== "passed").map(({ status, name }) => `${status}: ${name}`);
