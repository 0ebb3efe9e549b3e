import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { createRuntime, stopRuntimesBelow, type RuntimeDriver, type RuntimeOptions } from "@tesslate/runtime";
import { containers } from "../db/schema/runtime.ts";
import { projects } from "../db/schema/projects.ts";
import { createLogger } from "../platform/logger.ts";
import { findPostgresPrograms } from "../platform/postgres/programs.ts";
import { inject } from "vitest";
import { sharedView, testApp, type TestApp, type TestAppOptions, type TestUser } from "./app.ts";
import { tinyTemplates } from "./tiny-template.ts";
import { oncePerWorker } from "./worker.ts";

/** The best runtime available on this host, in its own folder, with the bundled programs. */
export async function realRuntime(
  which: Pick<RuntimeOptions, "driver" | "docker"> = { driver: "auto" },
): Promise<RuntimeDriver & AsyncDisposable> {
  const dataDir = await mkdtemp(join(tmpdir(), "studio-runtime-"));
  const postgres = await findPostgresPrograms();
  const runtime = await createRuntime({
    ...which,
    dataDir,
    machine: inject("machine"),
    ...(postgres !== undefined && { programs: { postgres } }),
    log: createLogger("silent"),
  });
  return Object.assign(runtime, {
    [Symbol.asyncDispose]: async () => {
      // The closed app left its services running for this driver.
      await runtime.close({ leaveRunning: true });
      if (runtime.name === "docker") {
        const last = await createRuntime({ ...which, dataDir, machine: inject("machine"), log: createLogger("silent") });
        for (const { id } of await last.list()) await last.remove(id);
        await last.close();
      } else await stopRuntimesBelow(dataDir);
      await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
    },
  });
}

export interface SandboxApp extends TestApp {
  runtime: RuntimeDriver;
}
/**
 * An app over the best real runtime of this machine, with the tiny template and without idling. Without options it is shared by the tests
 * of this worker, and at its end everything started since is removed.
 */
export async function sandboxApp(options: Omit<TestAppOptions, "swap" | "ownServer"> = {}): Promise<SandboxApp> {
  if (Object.keys(options).length > 0) return ownSandboxApp(options);
  const shared = await oncePerWorker("sandbox", () => ownSandboxApp({}));
  const before = new Set((await shared.runtime.list()).map(({ id }) => id));
  const leave = async () => {
    for (const { id } of await shared.runtime.list()) if (!before.has(id)) await shared.runtime.remove(id);
  };
  return { ...shared, ...sharedView(shared), close: leave, [Symbol.asyncDispose]: leave };
}

async function ownSandboxApp(options: Omit<TestAppOptions, "swap" | "ownServer">): Promise<SandboxApp> {
  const runtime = await realRuntime();
  const app = await testApp({
    ...options,
    swap: { runtime, templatesDir: await tinyTemplates() },
    configure: (config) => {
      config.runtime.idleFreezeMs = 0;
      config.runtime.idleStopMs = 0;
      options.configure?.(config);
    },
  });
  const closeApp = app.close;
  const close = async () => {
    await closeApp();
    await runtime[Symbol.asyncDispose]();
  };
  return Object.assign(app, { runtime, close, [Symbol.asyncDispose]: close });
}

/** A project with an empty tree and optionally one container, inserted directly because no template is needed. */
export async function emptyProject(app: TestApp, owner: TestUser, options: { command?: string[] } = {}) {
  const slug = `test-${randomBytes(4).toString("hex")}`;
  const [project] = await app.db
    .insert(projects)
    .values({ owner_id: owner.id, name: "Test", slug, environment_status: "stopped" })
    .returning();
  if (!project) throw new Error("no project");
  await app.createTree(project.id);
  if (options.command)
    await app.db.insert(containers).values({
      project_id: project.id,
      name: "app",
      service_key: "app",
      host_label: `${slug}-app`,
      container_name: `${slug}-app`,
      start_command: options.command,
      internal_port: 3000,
    });
  return project;
}
