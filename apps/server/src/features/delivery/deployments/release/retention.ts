import type { RuntimeDriver } from "@tesslate/runtime";
import type { Logger } from "../../../../platform/logger.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import type { ArtifactStore } from "../build/artifacts.ts";
import { deploymentOfSandbox, type BuildSandboxes } from "../build/build-sandbox.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import type { LocalServers } from "./local-servers.ts";
import type { SiteCache } from "./site-cache.ts";

/** How many versions keep their files for rollbacks. Servers include all their packages, and preview servers also run. */
const keptVersions = {
  production: { static: 10, server: 4 },
  preview: { static: 5, server: 1 },
};

/** No deployment takes longer from its files to its row. */
const orphanAfterMs = 3_600_000;

export type DeploymentRetention = ReturnType<typeof createDeploymentRetention>;
/** Removes the files and servers of versions that are no longer kept. */
export function createDeploymentRetention({
  store,
  buildSandboxes,
  artifacts,
  servers,
  sites,
  log,
}: {
  store: DeploymentsStore;
  buildSandboxes: BuildSandboxes;
  artifacts: ArtifactStore;
  servers: Pick<LocalServers, "stop">;
  sites: Pick<SiteCache, "changed">;
  log: Logger;
}) {
  /** Deletes build sandboxes and files of versions beyond the retention limit. */
  const prune = async (row: DeploymentRow): Promise<void> => {
    if (row.container_id === null) return;
    const all = await store.listVersions({ container_id: row.container_id, provider: row.provider });
    const counts = { production: { static: 0, server: 0 }, preview: { static: 0, server: 0 } };
    for (const each of all) {
      if (each.is_active || !each.has_artifact) continue;
      const kind = each.program ? "server" : "static";
      if (++counts[each.environment][kind] <= keptVersions[each.environment][kind] || each.is_live) continue;
      await store.update(each.id, { has_artifact: false });
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
    discard,
    prune,
    /** At boot: removes build sandboxes and artifacts whose deployment row no longer exists. */
    removeOrphans: async ({ runtime, isShared }: { runtime: Pick<RuntimeDriver, "list">; isShared: boolean }): Promise<void> => {
      const sandboxIds = (await runtime.list({ isBrief: true })).flatMap(({ id }) => deploymentOfSandbox(id) ?? []);
      const stored = await artifacts.list();
      const known = await store.known([...sandboxIds, ...stored.map(({ id }) => id)]);
      // On a shared database another server may be about to insert the row, and a wrong database has no rows at all.
      if (isShared && known.size === 0) return;
      for (const id of sandboxIds)
        if (!known.has(id))
          await buildSandboxes
            .remove(id)
            .catch((err: unknown) => log.warn({ err, deployment_id: id }, "orphaned build sandbox not removed"));
      for (const ref of stored) {
        if (known.has(ref.id)) continue;
        // Another server that shares the store may be about to insert the row.
        const storedAt = await artifacts.lastStoredAt(ref);
        if (storedAt && Date.now() - storedAt.getTime() < orphanAfterMs) continue;
        await artifacts.remove(ref).catch((err: unknown) => log.warn({ err, deployment_id: ref.id }, "orphaned artifact not removed"));
      }
    },
  };
}
