import type { Step } from "./journey.ts";

/** Tells what becomes of each step, to people or (`TEST_RUN=1`) to the program that runs all tests, and counts. */
export interface Report {
  /** Runs a piece of work that is a step, or makes ready for some (which is told only when it fails). Undefined: it failed. */
  unlessItFails<T>(
    journey: string,
    name: string,
    work: () => Promise<T> | T,
    trace: (name: string) => Promise<string[]>,
    step?: Step,
  ): Promise<T | undefined>;
  failed(journey: string, name: string, ms: number, error: unknown, count?: number): void;
  /** The last words; whether all is well. */
  end(): boolean;
}

export function createReport({ isForProgram }: { isForProgram: boolean }): Report {
  const begun = Date.now();
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const out = (line: string) => process.stdout.write(`${line}\n`);
  const tell = (fields: object) => out(JSON.stringify({ part: "e2e", ...fields }));
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const wordsOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));

  const report: Report = {
    async unlessItFails(journey, name, work, trace, step) {
      const started = Date.now();
      if (step && isForProgram) tell({ journey, step: name, state: "start" });
      try {
        const made = await work();
        if (!step) return made;
        const [ms, count] = [Date.now() - started, step.count?.() ?? 1];
        counts.passed += count;
        if (isForProgram) tell({ journey, step: name, state: "pass", ms, ...(count !== 1 && { count }) });
        else out(`ok   ${journey}: ${name} (${seconds(ms)})`);
        return made;
      } catch (error) {
        const left = await trace(name).catch(() => []);
        for (const line of left) process.stderr.write(`  ${line}\n`);
        report.failed(journey, name, Date.now() - started, error);
        return undefined;
      }
    },
    failed(journey, name, ms, error, count = 1) {
      counts.failed += count;
      if (isForProgram) tell({ journey, step: name, state: "fail", ms, error: wordsOf(error), ...(count !== 1 && { count }) });
      else out(`FAIL ${journey}: ${name} (${seconds(ms)})\n${wordsOf(error)}`);
    },
    end() {
      if (isForProgram) tell({ state: "end", ...counts, ms: Date.now() - begun });
      else out(`${counts.passed} passed, ${counts.failed} failed`);
      return counts.failed === 0 && counts.passed > 0;
    },
  };
  return report;
}
