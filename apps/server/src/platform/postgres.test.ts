import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { onServer } from "../testing/postgres.ts";
import { temporaryFolder } from "../testing/temporary.ts";
import { holdDataDir } from "./postgres.ts";

/* The embedded server, killed and restarted: `postgres.hard.test.ts`. */

test("the server of this test run listens on no network and uses UTF-8", async () => {
  const { server } = inject("postgres");
  await onServer(server, async (client) => {
    const setting = async (name: string) =>
      (await client.query<{ value: string }>("select current_setting($1) as value", [name])).rows[0]?.value;
    expect(await setting("server_encoding")).toBe("UTF8");
    // An existing server is reached by its URL.
    if ("socketDir" in server) expect(await setting("listen_addresses")).toBe("");
  });
});

test("one process locks a data folder; it is free once that process releases it, or when the pid is dead or reused", async () => {
  const dataDir = temporaryFolder("held");
  const release = await holdDataDir(dataDir);
  await expect(holdDataDir(dataDir)).rejects.toThrow(/Another Tesslate Studio.*DATA_DIR/);
  await release();
  expect(await readdir(dataDir)).toEqual(["studio.pid.kernel"]);
  for (const stale of [`${process.ppid} 1`, "4000000 123", ""]) {
    await writeFile(join(dataDir, "studio.pid"), stale);
    await (
      await holdDataDir(dataDir)
    )();
  }
});
