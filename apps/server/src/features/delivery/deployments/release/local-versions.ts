import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../../../platform/logger.ts";
import { StepError } from "../build/build-errors.ts";
import type { BuildSandboxes } from "../build/build-sandbox.ts";
import type { RequestVault } from "../deployment-request.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import type { LocalServers } from "./local-servers.ts";
import type { SiteCache } from "./site-cache.ts";

const smokeMs = 10_000;

export type LocalVersions = ReturnType<typeof createLocalVersions>;
/** Makes local versions live, and stops and resumes them. */
export function createLocalVersions({
  store,
  vault,
  buildSandboxes,
  servers,
  sites,
  log,
}: {
  store: DeploymentsStore;
  vault: Pick<RequestVault, "open">;
  buildSandboxes: Pick<BuildSandboxes, "find">;
  servers: LocalServers;
  sites: Pick<SiteCache, "changed">;
  log: Logger;
}) {
  const serverOf = (row: Parameters<typeof start>[0]) =>
    row.program && { deployment_id: row.id, spec: row.program, env: vault.open(row).env };

  /** Starts the server of a version, if it has one, and requests its first page. */
  const start = async (
    row: Pick<DeploymentRow, "id" | "program" | "encrypted_request">,
    signal: AbortSignal,
  ): Promise<{ host: string; port: number } | undefined> => {
    const server = serverOf(row);
    if (!server) return undefined;
    if (!servers.has(row.id)) await servers.start(server, signal);
    const address = await servers.address(row.id);
    if (!address) throw new StepError("smoke", "The server started and exited immediately.");
    await smoke(address, signal);
    return address;
  };

  return {
    start,
    /** Stops a server that was started only for checks. */
    stop: (id: string): Promise<void> => servers.stop(id),
    /** Makes this version live. A new server is up before the old one stops. */
    makeLive: async (
      row: DeploymentRow,
      signal: AbortSignal,
      values: Parameters<DeploymentsStore["makeLive"]>[1] = {},
    ): Promise<DeploymentRow> => {
      await start(row, signal);
      const key = { container_id: row.container_id ?? "", provider: row.provider };
      const before = await store.findLive(key);
      const live = await store.makeLive(row, values);
      if (!live) throw new StepError("upload", "This deployment was deleted.");
      for (const shown of [row, live]) await sites.changed(shown);
      if (before?.program && before.id !== row.id)
        await servers.drain(before.id).catch((err: unknown) => log.warn({ err, deployment_id: before.id }, "previous version not stopped"));
      return live;
    },
    /** Stops everything of an owner whose account was disabled. */
    suspend: async (ownerId: string): Promise<void> => {
      for (const row of await store.listLocal({ ownerId, includesInactive: true })) if (row.program) await servers.stop(row.id);
    },
    /** At boot, and when an account is enabled again: restarts the owner's servers. */
    resume: async (ownerId?: string): Promise<void> => {
      for (const row of await store.listLocal(ownerId === undefined ? {} : { ownerId }))
        try {
          const server = serverOf(row);
          if (server && (await buildSandboxes.find(row.id))) await servers.resume(server);
        } catch (err) {
          log.error({ err, deployment_id: row.id }, "deployed server not started");
        }
    },
  };
}

/** Waits until the first page responds with a status below 500. */
async function smoke({ host, port }: { host: string; port: number }, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + smokeMs;
  let last = "It does not respond.";
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    try {
      const response = await fetch(`http://${host.includes(":") ? `[${host}]` : host}:${port}/`, {
        redirect: "manual",
        headers: { accept: "text/html,*/*" },
        signal: AbortSignal.any([signal, AbortSignal.timeout(smokeMs)]),
      });
      await response.body?.cancel();
      if (response.status < 500) return;
      last = `Its first page responds with ${response.status}.`;
      throw new StepError("smoke", `The build does not work: ${last}`);
    } catch (error) {
      if (error instanceof StepError) throw error;
      signal.throwIfAborted();
      await sleep(200);
    }
  }
  throw new StepError("smoke", `The build does not work: ${last}`);
}
