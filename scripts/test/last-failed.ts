import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { PartResult } from "./run-part.ts";

interface Failed {
  /** Test files and journeys, as names for `./studio test NAME`. */
  names: string[];
  /** Something else failed too, so running the names again proves nothing. */
  hasOther: boolean;
}

export function recordFailed(results: readonly PartResult[], to: string): void {
  const failed: Failed = {
    names: [...new Set(results.flatMap(({ failedFiles }) => failedFiles))],
    hasOther: results.some(({ hasOtherFailure }) => hasOtherFailure),
  };
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, JSON.stringify(failed));
}

/** What failed in the last run. Throws an error with a message if nothing did, or if not all of it can be run again. */
export function readFailed(from: string): string[] {
  let failed: Failed;
  try {
    failed = JSON.parse(readFileSync(from, "utf8")) as Failed;
  } catch {
    throw new Error("No test run has ended here yet.");
  }
  if (failed.hasOther) throw new Error("More than tests failed in the last run: a part of it crashed, hung or left something running.");
  if (failed.names.length === 0) throw new Error("Nothing failed in the last run.");
  return failed.names;
}
