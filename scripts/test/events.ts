/**
 * What the parts of a test run say on stdout: one JSON object a line, from vitest (scripts/test/vitest-reporter.ts) and from the end-to-end runner
 * (e2e/run.ts with TEST_RUN=1). Any other line is output for people.
 */
export interface EventLine {
  part: string;
  state: "plan" | "file-start" | "file-end" | "start" | "pass" | "fail" | "skip" | "end";
  /** The test file, from the root of the repository, or the journey. */
  file?: string;
  journey?: string;
  /** The test. */
  step?: string;
  ms?: number;
  error?: string;
  /** How many tests the line stands for; of a plan: how many files there are. */
  count?: number;
}

export function parseEvent(line: string): EventLine | undefined {
  if (!line.startsWith('{"part":')) return undefined;
  try {
    return JSON.parse(line) as EventLine;
  } catch {
    return undefined; // a line that was cut off: its process ended while it wrote
  }
}

/** The last `N passed, N failed, N skipped` that a script without events printed. */
export function parseCounts(output: string): { passed: number; failed: number; skipped: number } | undefined {
  const last = output.match(/^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)?.at(-1);
  if (last === undefined) return undefined;
  const [passed = 0, failed = 0, skipped = 0] = (last.match(/\d+/g) ?? []).map(Number);
  return { passed, failed, skipped };
}
