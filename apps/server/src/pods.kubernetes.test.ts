import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "@tesslate/testkit";
import { kubectl, optionsFor, removeNamespaces, unavailableHere } from "@tesslate/runtime/testing/kubernetes";
import { afterAll, describe, expect, test, vi } from "vitest";
import { clientsAt } from "./testing/address.ts";
import { podSettings } from "./testing/pods.ts";
import { asPage, ended, enterPreview, startShop } from "./testing/projects.ts";
import { terminalClient } from "./testing/shell.ts";
import { spawnStudio, type SpawnedStudio } from "./testing/spawned-studio.ts";
import { temporaryFolder } from "./testing/temporary.ts";
import { tinyTemplates } from "./testing/tiny-template.ts";

const problem = unavailableHere();

describe.skipIf(problem !== undefined)(
  `a server whose projects run in pods${problem === undefined ? "" : ` (skipped: ${problem})`}`,
  () => {
    const base = temporaryFolder("installations");
    const servers: SpawnedStudio[] = [];
    afterAll(async () => {
      for (const server of servers) await server.kill();
      await removeNamespaces();
      await rm(base, { recursive: true, force: true });
    });

    test(
      "creates, runs and shows them, suspends what is idle and wakes it for a visitor of the preview",
      { timeout: 400_000 },
      async () => {
        const options = await optionsFor("server");
        const { namespace } = options;
        const studio = { port: await freePort(), dataDir: join(base, "server") };
        const as = clientsAt(studio.port);
        const at = { ...studio, as };
        const start = async () => {
          const server = await spawnStudio({
            ...studio,
            templatesDir: await tinyTemplates(),
            env: { ...podSettings(options), KUBERNETES_SUSPEND_MINUTES: "0.05", IDLE_STOP_MINUTES: "0.1" },
          });
          servers.push(server);
          return server;
        };
        const pods = async () =>
          (await kubectl("get", "pods", "-n", namespace, "-l", "studio.tesslate.com/kind=project", "-o", "name"))
            .split("\n")
            .filter(Boolean);

        const first = await start();
        const { signIn, created, params } = await startShop(at);
        let ada = await signIn();
        const page = async () => {
          const visit = await enterPreview(at, ada, created.id);
          const { status, text } = await visit.fetch("/", { headers: asPage });
          return status === 200 && text.includes("hello");
        };
        await vi.waitFor(async () => expect(await page()).toBe(true), { timeout: 60_000, interval: 500 });
        expect(existsSync(join(studio.dataDir, "runtime"))).toBe(false);
        const { id } = await as(ada).shell.create({ body: { project_id: created.id } });
        const terminal = await terminalClient(studio, ada, id);
        terminal.type("cat note.txt; echo $((40 + 2))\r");
        await terminal.waitFor(/from the server42/);
        terminal.type("exit\r");

        await vi.waitFor(async () => expect(await pods()).toEqual([]), { timeout: 90_000, interval: 500 });
        // Looking at the project starts nothing.
        expect(await as(ada).projects.get({ params })).toMatchObject({ name: "Shop" });
        expect(await pods()).toEqual([]);
        const asleep = performance.now();
        await vi.waitFor(async () => expect(await page()).toBe(true), { timeout: 60_000, interval: 200 });
        process.stdout.write(`  suspended to page in ${Math.round(performance.now() - asleep)} ms\n`);

        await first.kill();
        await start();
        ada = await signIn();
        await vi.waitFor(async () => expect(await page()).toBe(true), { timeout: 60_000, interval: 500 });
        expect(await as(ada).files.get({ params: { ...params, path: "note.txt" } })).toMatchObject({ content: "from the server" });
        const removed = await as(ada).projects.remove({ params });
        expect(await ended(at, ada, removed.task_id)).toMatchObject({ status: "completed" });
        await vi.waitFor(async () => expect(await pods()).toEqual([]), { timeout: 60_000, interval: 500 });
      },
    );
  },
);
