import { readFileSync, readdirSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { createRuntime } from "@tesslate/runtime";
import { clientsAt } from "../../../testing/address.ts";
import { testApp } from "../../../testing/app.ts";
import { spawnStudio } from "../../../testing/spawned-studio.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";

/** Seconds that the build sleeps; the decimals tell its process from others of this machine. */
const seconds = `4.${String(process.pid).padStart(7, "0")}`;
const builds = () =>
  readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8") === `sleep\0${seconds}\0`;
    } catch {
      return false; // ended between the two looks
    }
  });
const waitFor = (check: () => unknown) => vi.waitFor(check, { timeout: 30_000, interval: 50 });

const probe = await createRuntime({ driver: "auto", dataDir: temporaryFolder("probe") }).catch(() => undefined);
await probe?.close();

test.skipIf(!probe)(
  `a server that is killed while it prepares a template leaves nothing running, and the next one prepares it${probe ? "" : " (skipped: needs a sandbox)"}`,
  async () => {
    const runtimeDir = temporaryFolder("runtime");
    const templatesDir = await tinyTemplates({ build: [["sleep", seconds]] });
    const open = () => createRuntime({ driver: "auto", dataDir: runtimeDir });
    const app = await testApp({ swap: { runtime: await open(), templatesDir }, dataDir: temporaryFolder("data") });
    const user = await app.signUp();
    await app.studio.close();
    const spawn = () => spawnStudio({ ...app, runtimeDir, templatesDir, env: { TEMPLATE_PREPARATION: "1" } });
    const stateOf = async () => (await clientsAt(app.port)(user).preparation.list()).items.find(({ id }) => id === "template-tiny")?.state;

    const first = await spawn();
    await waitFor(() => expect(builds().length).toBeGreaterThan(0));
    expect(await stateOf()).toBe("preparing");
    await first.kill();
    await waitFor(() => expect(builds()).toEqual([]));

    const second = await spawn();
    try {
      await waitFor(() => expect(builds().length).toBeGreaterThan(0));
      await waitFor(async () => expect(await stateOf()).toBe("ready"));
      expect(builds()).toEqual([]);
    } finally {
      await second.kill();
      await (await open()).close();
    }
  },
  120_000,
);
