import { setTimeout as sleep } from "node:timers/promises";
import { fetchPort, type SandboxPort } from "@tesslate/runtime";
import type { Logger } from "../../../../platform/logger.ts";
import { StepError } from "../build/build-errors.ts";
import type { BuildSandboxes } from "../build/build-sandbox.ts";
import type { RequestVault } from "../deployment-request.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import type { DeployedServices } from "./deployed-services.ts";
import type { LocalServers, LocalServerSpec } from "./local-servers.ts";
import type { SiteCache } from "./site-cache.ts";

const smokeMs = 10_000;
/** For the services of a version to start, after a restart of this process. */
const resumeMs = 120_000;

type Version = Pick<DeploymentRow, "id" | "project_id" | "user_id" | "environment" | "program" | "encrypted_request">;

export type LocalVersions = ReturnType<typeof createLocalVersions>;
/** Makes local versions live, and stops and resumes them. */
export function createLocalVersions({
  store,
  vault,
  buildSandboxes,
  servers,
  services,
  sites,
  log,
}: {
  store: DeploymentsStore;
  vault: Pick<RequestVault, "open">;
  buildSandboxes: Pick<BuildSandboxes, "find">;
  servers: LocalServers;
  services: Pick<DeployedServices, "start" | "stop">;
  sites: Pick<SiteCache, "changed">;
  log: Logger;
}) {
  /** The server of a version, with the services that it uses, which are started; undefined for static files. */
  const serverOf = async (row: Version, signal: AbortSignal): Promise<LocalServerSpec | undefined> => {
    if (!row.program) return undefined;
    const request = vault.open(row);
    const { env, peers } = await services.start(row, request.services ?? [], signal);
    return { deployment_id: row.id, spec: row.program, env: { ...request.env, ...env }, peers };
  };

  /** Starts the server of a version, if it has one, and requests its first page. */
  const start = async (row: Version, signal: AbortSignal): Promise<SandboxPort | undefined> => {
    if (!row.program) return undefined;
    if (!servers.has(row.id)) {
      const server = await serverOf(row, signal);
      if (server) await servers.start(server, signal);
    }
    const server = await servers.portOf(row.id);
    if (!server) throw new StepError("smoke", "The server started and exited immediately.");
    await smoke(server, signal);
    return server;
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
      const { environment = row.environment } = values;
      // A promoted preview deployment changes to the services of production.
      if (environment !== row.environment && vault.open(row).services?.length) await servers.stop(row.id);
      await start({ ...row, environment }, signal);
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
      const rows = (await store.listLocal({ ownerId, includesInactive: true })).filter(({ program }) => program);
      for (const row of rows) await servers.stop(row.id);
      for (const projectId of new Set(rows.map(({ project_id }) => project_id))) await services.stop(projectId);
    },
    /** At boot, and when an account is enabled again: restarts the owner's servers. `among`: only those of these projects. */
    resume: async (ownerId?: string, among?: readonly string[]): Promise<void> => {
      const resumeOne = async (row: DeploymentRow) => {
        try {
          if (!row.program || !(await buildSandboxes.find(row.id))) return;
          const server = await serverOf(row, AbortSignal.timeout(resumeMs));
          if (server) await servers.resume(server);
        } catch (err) {
          log.error({ err, deployment_id: row.id }, "deployed server not started");
        }
      };
      const rows = await store.listLocal(ownerId === undefined ? {} : { ownerId });
      await Promise.all(rows.filter(({ project_id }) => among?.includes(project_id) ?? true).map(resumeOne));
    },
  };
}

/** Waits until the first page responds with a status below 500. */
async function smoke(server: SandboxPort, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + smokeMs;
  let last = "It does not respond.";
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    try {
      const response = await fetchPort(server, "/", {
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
