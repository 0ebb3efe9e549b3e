import { vi } from "vitest";

/**
 * How long `vi.waitFor` waits where a test does not say: on a busy machine vitest's second is nothing. What comes is noticed at once all the same.
 * For `expect.poll` there is a setting (vitest.config.ts); for `vi.waitFor` vitest has none.
 */
const patience = { timeout: 15_000, interval: 20 };

const waitFor = vi.waitFor;
if (!("isPatient" in waitFor))
  vi.waitFor = Object.assign(
    ((callback, options) =>
      waitFor(callback, typeof options === "number" ? { ...patience, timeout: options } : { ...patience, ...options })) as typeof waitFor,
    { isPatient: true },
  );
