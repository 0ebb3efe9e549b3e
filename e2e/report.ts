import type { Step } from "./journey.ts";

/** Reports and counts the results of steps, for people or (`TEST_RUN=1`) for the test driver. */
export interface Report {
  /** Runs a step, or the set-up of a journey, which is reported only if it fails. Returns undefined on failure. */
  attempt<T>(
    journey: string,
    name: string,
    work: () => Promise<T> | T,
    trace: (name: string) => Promise<string[]>,
    step?: Step,
  ): Promise<T | undefined>;
  failed(journey: string, name: string, ms: number, error: unknown, count?: number): void;
  /** Prints the totals; returns whether everything passed. */
  end(): boolean;
}

export function createReport({ isMachineReadable }: { isMachineReadable: boolean }): Report {
  const startedAt = Date.now();
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const out = (line: string) => process.stdout.write(`${line}\n`);
  const emit = (fields: object) => out(JSON.stringify({ part: "e2e", ...fields }));
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const errorText = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));

  const report: Report = {
    async attempt(journey, name, work, trace, step) {
      const started = Date.now();
      if (step && isMachineReadable) emit({ journey, step: name, state: "start" });
      try {
        const made = await work();
        if (!step) return made;
        const [ms, count] = [Date.now() - started, step.count?.() ?? 1];
        counts.passed += count;
        if (isMachineReadable) emit({ journey, step: name, state: "pass", ms, ...(count !== 1 && { count }) });
        else out(`ok   ${journey}: ${name} (${seconds(ms)})`);
        return made;
      } catch (error) {
        const traceLines = await trace(name).catch(() => []);
        for (const line of traceLines) process.stderr.write(`  ${line}\n`);
        report.failed(journey, name, Date.now() - started, error);
        return undefined;
      }
    },
    failed(journey, name, ms, error, count = 1) {
      counts.failed += count;
      if (isMachineReadable) emit({ journey, step: name, state: "fail", ms, error: errorText(error), ...(count !== 1 && { count }) });
      else out(`FAIL ${journey}: ${name} (${seconds(ms)})\n${errorText(error)}`);
    },
    end() {
      if (isMachineReadable) emit({ state: "end", ...counts, ms: Date.now() - startedAt });
      else out(`${counts.passed} passed, ${counts.failed} failed`);
      return counts.failed === 0 && counts.passed > 0;
    },
  };
  return report;
}
