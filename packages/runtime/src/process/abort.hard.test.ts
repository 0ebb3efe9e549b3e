import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect, inject, test } from "vitest";
import { processesWith } from "../conformance/observe.ts";
import { createProcessDriver } from "./driver.ts";

const skip = process.platform === "linux" ? undefined : "it needs Linux";

test.skipIf(skip)("a command aborted while its first program starts does not continue", { timeout: 180_000 }, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "runtime-aborts-"));
  const driver = await createProcessDriver({ dataDir, machine: inject("machine") });
  // Longer than the test: what still runs afterwards was missed.
  const seconds = String(4_000_000 + randomInt(1_000_000));
  try {
    const sandbox = await driver.open({ id: "aborts" });
    // Sequentially: only then does the abort happen at the very start.
    for (let time = 0; time < 120; time++) {
      const abort = new AbortController();
      const over = sandbox.exec(["sh", "-c", `sleep ${seconds}; true`], { signal: abort.signal });
      await turn();
      abort.abort();
      expect(await over).toMatchObject({ aborted: true, exitCode: null });
      expect(processesWith(seconds)).toEqual([]);
    }
  } finally {
    await driver.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});
