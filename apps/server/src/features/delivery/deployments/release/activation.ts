import type { DeploymentContext } from "../context.ts";
import { StepError } from "../build/build-errors.ts";
import { setTimeout as sleep } from "node:timers/promises";
import type { RuntimeDriver } from "@tesslate/runtime";
import { randomCode } from "../../../../platform/crypto.ts";
import { deploymentOfSandbox } from "../build/build-sandbox.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import type { DeploymentRow, SiteRow } from "../../../../db/schema/delivery.ts";
import { siteName } from "../deployment-request.ts";
import { maxSiteName, siteUrl, type LocalSites } from "./local-sites.ts";
import type { LocalServers } from "./local-servers.ts";

/** How many versions keep their files for rollbacks. Servers include all their packages, and preview servers also run. */
const keptVersions = {
  production: { files: 10, servers: 4 },
  preview: { files: 5, servers: 1 },
};
/** Random characters in a preview host, so that it cannot be guessed. */
const previewCode = 12;
const smokeMs = 10_000;

/** Makes local versions live, and stops, prunes and resumes them. */
export type Activation = ReturnType<typeof createActivation>;
export function createActivation(
  context: DeploymentContext,
  {
    servers,
    sites,
  }: {
    servers: LocalServers;
    sites: LocalSites;
  },
) {
  const { store, vault, buildSandboxes, artifacts, address, log } = context;
  /** The host name of a container on this server; stable for the life of the container. */
  const claimSite = async (row: DeploymentRow, name: string): Promise<SiteRow> => {
    const place = { container_id: row.container_id ?? "", provider: "local" as const };
    for (let attempt = 0; attempt < 8; attempt++) {
      const known = await store.findSite(place);
      if (known) return known;
      const tail = attempt === 0 ? "" : `-${randomCode(4)}`;
      const label = `${siteName(name, maxSiteName.production - tail.length)}${tail}`;
      await store.claimLocalSite({
        ...place,
        project_id: row.project_id,
        site_id: label,
        name: label,
        url: siteUrl(address, "production", label),
      });
    }
    throw new Error("no free site name");
  };
  /** A preview gets a host of its own. */
  const assignPreviewHost = (row: DeploymentRow, name: string): { site_name: string; deployment_url: string } => {
    const code = randomCode(previewCode);
    const site_name = row.site_name ?? `${siteName(name, maxSiteName.preview - code.length - 1)}-${code}`;
    return { site_name, deployment_url: siteUrl(address, "preview", site_name) };
  };
  const programOf = (row: Parameters<typeof start>[0]) =>
    row.program && { deployment_id: row.id, spec: row.program, env: vault.open(row).env };

  /** Starts the server of a version, if it has one, and requests its first page. */
  const start = async (
    row: Pick<DeploymentRow, "id" | "program" | "sealed_request">,
    signal: AbortSignal,
  ): Promise<{ host: string; port: number } | undefined> => {
    const program = programOf(row);
    if (!program) return undefined;
    if (!servers.has(row.id)) await servers.start(program, signal);
    const answer = await servers.address(row.id);
    if (!answer) throw new StepError("smoke", "The server started and exited immediately.");
    await smoke(answer, signal);
    return answer;
  };
  /** Deletes build sandboxes and files of versions beyond the retention limit. */
  const prune = async (row: DeploymentRow): Promise<void> => {
    if (row.container_id === null) return;
    const all = await store.listOfPlace({ container_id: row.container_id, provider: row.provider });
    const counts = { production: { files: 0, servers: 0 }, preview: { files: 0, servers: 0 } };
    for (const each of all) {
      if (each.is_active || !each.has_artefact) continue;
      const kind = each.program ? "servers" : "files";
      if (++counts[each.environment][kind] <= keptVersions[each.environment][kind] || each.is_live) continue;
      await store.update(each.id, { has_artefact: false });
      await discard(each);
      await sites.changed(each);
    }
  };
  const discard = async (row: DeploymentRow): Promise<void> => {
    if (row.program) await servers.stop(row.id);
    await buildSandboxes.remove(row.id);
    await artifacts.remove(row);
  };

  return {
    claimSite,
    assignPreviewHost,
    start,
    /** Stops a server that was started only for checks. */
    stop: (id: string): Promise<void> => servers.stop(id),
    discard,
    prune,
    /** At boot: removes build sandboxes and artifacts whose deployment row no longer exists. */
    removeOrphans: async ({ runtime, isShared }: { runtime: Pick<RuntimeDriver, "list">; isShared: boolean }): Promise<void> => {
      const sandboxIds = (await runtime.list()).flatMap(({ id }) => deploymentOfSandbox(id) ?? []);
      const stored = await artifacts.list();
      const known = await store.known([...sandboxIds, ...stored.map(({ id }) => id)]);
      // On a shared database another server may be about to insert the row, and a wrong database has no rows at all.
      if (isShared && known.size === 0) return;
      for (const id of sandboxIds)
        if (!known.has(id))
          await buildSandboxes
            .remove(id)
            .catch((err: unknown) => log.warn({ err, deployment_id: id }, "orphaned build sandbox not removed"));
      for (const ref of stored)
        if (!known.has(ref.id))
          await artifacts.remove(ref).catch((err: unknown) => log.warn({ err, deployment_id: ref.id }, "orphaned artifact not removed"));
    },
    /** Switches visitors to this version. A new server is up before the old one stops. */
    makeLive: async (
      row: DeploymentRow,
      signal: AbortSignal,
      values: Parameters<DeploymentsStore["makeLive"]>[1] = {},
    ): Promise<DeploymentRow> => {
      await start(row, signal);
      const place = { container_id: row.container_id ?? "", provider: row.provider };
      const before = await store.findLive(place);
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
          const program = programOf(row);
          if (program && (await buildSandboxes.find(row.id))) await servers.resume(program);
        } catch (err) {
          log.error({ err, deployment_id: row.id }, "deployed program not started");
        }
    },
  };
}

/** Waits until the first page answers with a status below 500. */
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
