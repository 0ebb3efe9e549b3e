import { vi } from "vitest";

/**
 * Default timeout of `vi.waitFor`: vitest's one second is too short on a busy machine. A passing condition still returns at once.
 * For `expect.poll` there is a setting (vitest.config.ts); for `vi.waitFor` vitest has none.
 */
const defaults = { timeout: 30_000, interval: 20 };

const waitFor = vi.waitFor;
if (!("hasLongTimeout" in waitFor))
  vi.waitFor = Object.assign(
    ((callback, options) =>
      waitFor(callback, typeof options === "number" ? { ...defaults, timeout: options } : { ...defaults, ...options })) as typeof waitFor,
    { hasLongTimeout: true },
  );
