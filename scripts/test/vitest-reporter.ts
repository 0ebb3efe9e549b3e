/** Reports vitest's events to the test driver: one JSON object per line on stdout (scripts/test/events.ts). */
import { relative } from "node:path";
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from "vitest/node";
import type { EventLine } from "./events.ts";

const emit = (line: EventLine) => process.stdout.write(`${JSON.stringify(line)}\n`);

export default class DriverReporter implements Reporter {
  private vitest: Vitest | undefined;
  private readonly started = new Map<string, number>();

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }
  onTestRunStart(specifications: ReadonlyArray<{ moduleId: string }>): void {
    emit({ part: "vitest", state: "plan", count: specifications.length });
  }
  onTestModuleStart(module: TestModule): void {
    this.started.set(module.id, Date.now());
    emit({ part: "vitest", file: this.fileOf(module), state: "file-start" });
  }
  onTestModuleEnd(module: TestModule): void {
    const file = this.fileOf(module);
    this.failures(module.errors(), file, "loading the file");
    // Includes loading the file, because the order of the next run depends on it.
    const { duration, collectDuration, setupDuration } = module.diagnostic();
    const ms = Math.max(duration + collectDuration + setupDuration, Date.now() - (this.started.get(module.id) ?? Date.now()));
    emit({ part: "vitest", file, state: "file-end", ms });
  }
  onTestSuiteResult(suite: TestSuite): void {
    this.failures(suite.errors(), this.fileOf(suite.module), `${suite.fullName} (hooks)`);
  }
  onTestCaseReady(test: TestCase): void {
    emit({ part: "vitest", file: this.fileOf(test.module), step: test.fullName, state: "start" });
  }
  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    const line = { part: "vitest", file: this.fileOf(test.module), step: test.fullName, ms: test.diagnostic()?.duration ?? 0 };
    if (result.state === "passed") emit({ ...line, state: "pass" });
    else if (result.state === "skipped") {
      // Tests excluded by -t are not reported as skipped.
      if (this.vitest?.config.testNamePattern?.test(test.fullName) !== false)
        emit({ ...line, state: "skip", ...(result.note && { error: result.note }) });
    } else if (result.state === "failed") {
      const printed = test.logs().map(({ content }) => content);
      emit({ ...line, state: "fail", error: [...result.errors.map((error) => this.text(error)), ...printed].join("\n").slice(0, 20_000) });
    }
  }
  onTestRunEnd(_modules: ReadonlyArray<TestModule>, errors: ReadonlyArray<unknown>): void {
    this.failures(errors, "vitest", "an error outside of the tests");
    emit({ part: "vitest", state: "end" });
  }

  private failures(errors: ReadonlyArray<unknown>, file: string, step: string): void {
    for (const error of errors) emit({ part: "vitest", file, step, state: "fail", ms: 0, error: this.text(error) });
  }
  private text(error: unknown): string {
    return this.vitest?.logger.formatError(error, { showCodeFrame: true }).output.trim() ?? String(error);
  }
  private fileOf(module: TestModule): string {
    return relative(this.vitest?.config.root ?? "", module.moduleId);
  }
}
