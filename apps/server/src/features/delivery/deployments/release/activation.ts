import { setTimeout as sleep } from "node:timers/promises";
import { randomCode } from "../../../../platform/crypto.ts";
import type { Logger } from "../../../../platform/logger.ts";
import type { PreviewAddress } from "../../../runtime/containers/index.ts";
import type { Artefacts } from "../build/artifacts.ts";
import { StepFailed, type CleanRooms } from "../build/build-sandbox.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import type { DeploymentRow, SiteRow } from "../../../../db/schema/delivery.ts";
import { siteName, type RequestVault } from "../deployment-request.ts";
import { maxSiteName, siteUrl, type LiveSites } from "./local-sites.ts";
import type { Programs } from "./local-servers.ts";

/**
 * Versions of one place whose files are kept, so that each can be brought back. Programs lie there with all their packages; those of previews
 * also run.
 */
const keptVersions = {
  production: { files: 10, programs: 4 },
  preview: { files: 5, programs: 1 },
};
/** Of the address of a preview: nobody comes upon it by chance. */
const previewCode = 12;
const smokeMs = 10_000;

/** How a version becomes what visitors of this server see, and what becomes of the ones before it. */
export type Activation = ReturnType<typeof createActivation>;
export function createActivation({
  store,
  vault,
  rooms,
  artefacts,
  programs,
  sites,
  address,
  log,
}: {
  store: DeploymentsStore;
  vault: RequestVault;
  rooms: CleanRooms;
  artefacts: Artefacts;
  programs: Programs;
  sites: LiveSites;
  address: PreviewAddress;
  log: Logger;
}) {
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
  const placePreview = (row: DeploymentRow, name: string): { site_name: string; deployment_url: string } => {
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
    if (!programs.has(row.id)) await programs.start(program, signal);
    const answer = await programs.address(row.id);
    if (!answer) throw new StepFailed("smoke", "What was built started, and ended at once.");
    await smoke(answer, signal);
    return answer;
  };
  /** Rooms and files of versions that nobody can bring back any more. */
  const prune = async (row: DeploymentRow): Promise<void> => {
    if (row.container_id === null) return;
    const all = await store.listOfPlace({ container_id: row.container_id, provider: row.provider });
    const counts = { production: { files: 0, programs: 0 }, preview: { files: 0, programs: 0 } };
    for (const each of all) {
      if (each.is_active || !each.has_artefact) continue;
      const kind = each.program ? "programs" : "files";
      if (++counts[each.environment][kind] <= keptVersions[each.environment][kind] || each.is_live) continue;
      await store.update(each.id, { has_artefact: false });
      await forget(each);
      await sites.changed(each);
    }
  };
  const forget = async (row: DeploymentRow): Promise<void> => {
    if (row.program) await programs.stop(row.id);
    await rooms.remove(row.id);
    await artefacts.remove(row);
  };

  return {
    claimSite,
    placePreview,
    start,
    /** It was started to be looked at alone. */
    stop: (id: string): Promise<void> => programs.stop(id),
    forget,
    prune,
    /** Visitors see it from here on. A program is up before the one before it is stopped. */
    switchTo: async (
      row: DeploymentRow,
      signal: AbortSignal,
      values: Parameters<DeploymentsStore["makeLive"]>[1] = {},
    ): Promise<DeploymentRow> => {
      await start(row, signal);
      const place = { container_id: row.container_id ?? "", provider: row.provider };
      const before = await store.findLive(place);
      const live = await store.makeLive(row, values);
      if (!live) throw new StepFailed("upload", "This deployment was deleted.");
      for (const shown of [row, live]) await sites.changed(shown);
      if (before?.program && before.id !== row.id)
        await programs.retire(before.id).catch((err: unknown) => log.warn({ err, deployment_id: before.id }, "former version not stopped"));
      return live;
    },
    /** Nothing of somebody who may not act any more runs on. */
    rest: async (ownerId: string): Promise<void> => {
      for (const row of await store.listShownHere({ ownerId, isOfAll: true })) if (row.program) await programs.stop(row.id);
    },
    /** At boot, and for somebody who may act again: what could be seen is there again. */
    resume: async (ownerId?: string): Promise<void> => {
      for (const row of await store.listShownHere(ownerId === undefined ? {} : { ownerId }))
        try {
          const program = programOf(row);
          if (program && (await rooms.find(row.id))) await programs.resume(program);
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
      throw new StepFailed("smoke", `What was built does not work: ${last}`);
    } catch (error) {
      if (error instanceof StepFailed) throw error;
      signal.throwIfAborted();
      await sleep(200);
    }
  }
  throw new StepFailed("smoke", `What was built does not work: ${last}`);
}
