import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { renderError } from "../../../http/errors.ts";
import { testApp } from "../../../testing/app.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";

const run = promisify(execFile);

const isRoot = process.getuid?.() === 0;

test.skipIf(!isRoot)(
  `a full disk is reported by /ready and by the operations that fail${isRoot ? "" : " (skipped: needs root to mount a small one)"}`,
  async () => {
    const dataDir = temporaryFolder("small");
    await run("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", dataDir]);
    try {
      await using app = await testApp({ dataDir });
      const answer = await app.request("/ready");
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({
        status: "not_ready",
        detail: expect.stringMatching(/^The disk of DATA_DIR is almost full: \d MiB free/),
        checks: { database: { ok: true }, disk: { ok: false, detail: expect.stringContaining("MiB free") } },
      });
      const error: unknown = await writeFile(join(dataDir, "filler"), Buffer.alloc(16 * 2 ** 20)).catch((reason: unknown) => reason);
      expect(renderError(new Error("it cannot be started", { cause: error }), "r-1")).toMatchObject({
        status: 507,
        body: { code: "storage_full", detail: expect.stringContaining("disk is full"), request_id: "r-1" },
        isUnexpected: true,
      });
    } finally {
      await run("umount", ["-l", dataDir]);
    }
  },
);
