import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect, inject, test } from "vitest";
import { createProcessDriver } from "./driver.ts";

const skip = process.platform === "linux" ? undefined : "it needs Linux";

test.skipIf(skip)(
  "a command aborted while its first program is still coming up does not run on",
  async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "runtime-aborts-"));
    const driver = await createProcessDriver({ dataDir, machine: inject("machine") });
    try {
      const sandbox = await driver.open({ id: "aborts" });
      // One after the other: only then does the abort come at the very start.
      for (let time = 0; time < 120; time++) {
        const abort = new AbortController();
        const over = sandbox.exec(["sh", "-c", "sleep 0.5; echo ran >> ran"], { signal: abort.signal });
        await turn();
        abort.abort();
        expect(await over).toMatchObject({ aborted: true, exitCode: null });
      }
      expect(await sandbox.files.stat("ran")).toBeUndefined();
    } finally {
      await driver.close();
      await rm(dataDir, { recursive: true, force: true });
    }
  },
  180_000,
);
