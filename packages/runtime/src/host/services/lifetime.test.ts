import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, test, vi } from "vitest";
import { createProcessDriver } from "../../process/driver.ts";
import { serviceNote } from "./service.ts";

test.skipIf(process.platform !== "linux").each([
  ["its machine or container is stopped", "another boot 1", "stopped"],
  ["nothing else has failed", undefined, "failed"],
])("a service that ended with %s", async (_, lifetimeId, status) => {
  const dataDir = mkdtempSync(join(tmpdir(), "lifetime-"));
  try {
    const driver = await createProcessDriver({ dataDir, machine: inject("machine") });
    const sandbox = await driver.open({ id: "shop" });
    const port = 4100;
    await sandbox.start({
      name: "web",
      command: [process.execPath, "-e", `require("http").createServer().listen(${port}, "127.0.0.2")`],
      cwd: ".",
      env: {},
      port,
    });
    const find = (name: string) => join(dataDir, globSync(`**/services/web/${name}`, { cwd: dataDir })[0] ?? "");
    await vi.waitFor(() => expect(Number(readFileSync(find("pid"), "utf8"))).toBeGreaterThan(0), { timeout: 20_000 });
    const pid = Number(readFileSync(find("pid"), "utf8"));
    await driver.close({ leaveRunning: true });
    // Nobody writes its exit code. Its program ends with its group.
    process.kill(-pid, "SIGKILL");
    if (lifetimeId !== undefined) {
      const note = JSON.parse(readFileSync(find(serviceNote), "utf8")) as object;
      writeFileSync(find(serviceNote), JSON.stringify({ ...note, lifetimeId }));
    }
    const again = await createProcessDriver({ dataDir, machine: inject("machine") });
    expect(await (await again.open({ id: "shop" })).services()).toMatchObject([{ name: "web", status }]);
    await again.remove("shop");
    await again.close();
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
