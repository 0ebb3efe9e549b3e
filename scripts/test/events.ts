/**
 * Events that the parts of a test run print on stdout: one JSON object per line, from vitest (scripts/test/vitest-reporter.ts) and the end-to-end
 * runner (e2e/run.ts with TEST_RUN=1). Any other line is output for people.
 */
export interface EventLine {
  part: string;
  state: "plan" | "file-start" | "file-end" | "start" | "pass" | "fail" | "skip" | "end";
  /** Path of the test file, relative to the repository. */
  file?: string;
  journey?: string;
  /** The test. */
  step?: string;
  ms?: number;
  error?: string;
  /** The number of tests that the line reports; of a plan: the number of files. */
  count?: number;
}

export function parseEvent(line: string): EventLine | undefined {
  if (!line.startsWith('{"part":')) return undefined;
  try {
    return JSON.parse(line) as EventLine;
  } catch {
    return undefined; // an incomplete line: its process ended while writing
  }
}

/** The last `N passed, N failed, N skipped` that a script without events printed. */
export function parseCounts(output: string): { passed: number; failed: number; skipped: number } | undefined {
  const last = output.match(/^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)?.at(-1);
  if (last === undefined) return undefined;
  const [passed = 0, failed = 0, skipped = 0] = (last.match(/\d+/g) ?? []).map(Number);
  return { passed, failed, skipped };
}
