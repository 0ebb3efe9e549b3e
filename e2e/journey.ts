/** A tiny runner for browser journeys: named, in order, each with its own server or a shared one; prints a line each and 'N passed, N failed'. */
export interface Journey {
  name: string;
  run(): Promise<void>;
}

export async function runJourneys(
  journeys: Journey[],
  onFailure: (name: string) => Promise<unknown> = async () => undefined,
): Promise<never> {
  let passed = 0;
  let failed = 0;
  for (const { name, run } of journeys) {
    const started = Date.now();
    try {
      await run();
      passed += 1;
      console.log(`ok   ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed += 1;
      await onFailure(name).catch(() => undefined);
      console.log(`FAIL ${name}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}

export function expect(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}
/** How many times longer than on an idle machine something may take: a run of all tests keeps the machine busy with other work beside it. */
const slowness = Number(process.env["SLOWNESS"] ?? (process.env["TEST_RUN"] === "1" ? "5" : "1"));
/** Prints what was measured, and holds it against a bound for an idle machine. */
export function within(boundMs: number, tookMs: number, what: string): void {
  console.log(`     ${what}: ${Math.round(tookMs)} ms of ${boundMs}`);
  expect(tookMs <= boundMs * slowness, `${what} took ${Math.round(tookMs)} ms, ${slowness} times ${boundMs} at most`);
}
/** Polls until `probe` gives something truthy. */
export async function until<T>(what: string, probe: () => Promise<T> | T, timeoutMs = 15_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value) return value as NonNullable<T>;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
