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
