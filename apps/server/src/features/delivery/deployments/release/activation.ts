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

/**
 * Versions of one place whose files are kept, so that each can be brought back. Programs lie there with all their packages; those of previews
 * also run.
 */
const keptVersions = {
  production: { files: 10, servers: 4 },
  preview: { files: 5, servers: 1 },
};
/** Of the address of a preview: nobody comes upon it by chance. */
const previewCode = 12;
const smokeMs = 10_000;

/** How a version becomes what visitors of this server see, and what becomes of the ones before it. */
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
  /** The host of a container on this server: its own for as long as it is there. */
  const claimSite = async (row: DeploymentRow, name: string): Promise<SiteRow> => {
    const place = { container_id: row.container_id ?? "", provider: "local" as const };
    for (let attempt = 0; attempt < 8; attempt++) {
      const known = await store.findSite(place);
      if (known) return known;
      const tail = attempt === 0 ? "" : `-${randomCode(4)}`;
      const label = `${siteName(name, maxSiteName.production - tail.length)}${tail}`;
      await store.claimSiteHere({
        ...place,
        project_id: row.project_id,
        site_id: label,
        name: label,
        url: siteUrl(address, "production", label),
      });
    }
    throw new Error("no name is left for a site");
  };
  /** A preview has a host of its own, beside that of what is live. */
  const assignPreviewHost = (row: DeploymentRow, name: string): { site_name: string; deployment_url: string } => {
    const code = randomCode(previewCode);
    const site_name = row.site_name ?? `${siteName(name, maxSiteName.preview - code.length - 1)}-${code}`;
    return { site_name, deployment_url: siteUrl(address, "preview", site_name) };
  };
  const programOf = (row: Parameters<typeof start>[0]) =>
    row.program && { deployment_id: row.id, spec: row.program, env: vault.open(row).env };

  /** Starts it, if it is a program, and asks for its first page. */
  const start = async (
    row: Pick<DeploymentRow, "id" | "program" | "sealed_request">,
    signal: AbortSignal,
  ): Promise<{ host: string; port: number } | undefined> => {
    const program = programOf(row);
    if (!program) return undefined;
    if (!servers.has(row.id)) await servers.start(program, signal);
    const answer = await servers.address(row.id);
    if (!answer) throw new StepError("smoke", "What was built started, and ended at once.");
    await smoke(answer, signal);
    return answer;
  };
  /** Rooms and files of versions that nobody can bring back any more. */
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
    /** It was started to be looked at alone. */
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
    /** Visitors see it from here on. A program is up before the one before it is stopped. */
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
        await servers.retire(before.id).catch((err: unknown) => log.warn({ err, deployment_id: before.id }, "former version not stopped"));
      return live;
    },
    /** Nothing of somebody who may not act any more runs on. */
    rest: async (ownerId: string): Promise<void> => {
      for (const row of await store.listShownHere({ ownerId, isOfAll: true })) if (row.program) await servers.stop(row.id);
    },
    /** At boot, and for somebody who may act again: what could be seen is there again. */
    resume: async (ownerId?: string): Promise<void> => {
      for (const row of await store.listShownHere(ownerId === undefined ? {} : { ownerId }))
        try {
          const program = programOf(row);
          if (program && (await buildSandboxes.find(row.id))) await servers.resume(program);
        } catch (err) {
          log.error({ err, deployment_id: row.id }, "deployed program not started");
        }
    },
  };
}

/** Whether it answers a person who comes to its first page. */
async function smoke({ host, port }: { host: string; port: number }, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + smokeMs;
  let last = "It does not answer.";
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
      last = `Its first page answers ${response.status}.`;
      throw new StepError("smoke", `What was built does not work: ${last}`);
    } catch (error) {
      if (error instanceof StepError) throw error;
      signal.throwIfAborted();
      await sleep(200);
    }
  }
  throw new StepError("smoke", `What was built does not work: ${last}`);
}
