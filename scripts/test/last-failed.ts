import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { PartResult } from "./run-part.ts";

export interface Failed {
  /** Test files and journeys, as names for `./studio test NAME`. */
  names: string[];
  /** The parts in which something failed that is in none of them: a crash, or what a passing test left running. */
  parts: string[];
}

export function recordFailed(results: readonly PartResult[], to: string): void {
  const failed: Failed = {
    names: [...new Set(results.filter((result) => !result.hasOtherFailure).flatMap(({ failedFiles }) => failedFiles))],
    parts: results.filter(({ hasOtherFailure }) => hasOtherFailure).map(({ name }) => name),
  };
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, JSON.stringify(failed));
}

/** What failed in the last run. Throws an error with a message if nothing did. */
export function readFailed(from: string): Failed {
  let failed: Failed;
  try {
    failed = JSON.parse(readFileSync(from, "utf8")) as Failed;
  } catch {
    throw new Error("No test run has ended here yet.");
  }
  if (failed.names.length + failed.parts.length === 0) throw new Error("Nothing failed in the last run.");
  return failed;
}
