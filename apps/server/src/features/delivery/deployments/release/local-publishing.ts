import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import { proposedName } from "../deployment-request.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import type { LocalVersions } from "./local-versions.ts";
import type { LocalHosts } from "./local-hosts.ts";
import type { DeploymentRun } from "./deployment-run.ts";
import { siteNames } from "./site-names.ts";

export type PublishLocally = ReturnType<typeof createPublishLocally>;
/** Publishes deployments on this server. */
export const createPublishLocally =
  ({
    store,
    localVersions,
    hosts,
  }: {
    store: DeploymentsStore;
    localVersions: Pick<LocalVersions, "start" | "makeLive">;
    hosts: LocalHosts;
  }) =>
  async (run: DeploymentRun): Promise<DeploymentRow | undefined> => {
    await run.step("upload");
    const { row, project, signal } = run;
    if (row.environment === "preview") {
      const address = hosts.assignPreviewHost(row, await proposedName(store, project, row.container_name));
      await localVersions.start(await run.update(address), signal);
      return store.finish(row.id, { status: "success", error: null, failure: null, remote_id: row.id });
    }
    const chosen = run.request.site_name;
    const site = await hosts.claimSite(row, [...(chosen === undefined ? [] : [chosen]), ...siteNames(project, row.container_name)]);
    const published = await run.update({ site_id: site.site_id, site_name: site.name, deployment_url: site.url });
    await localVersions.makeLive(published, signal);
    return store.finish(row.id, { status: "success", error: null, failure: null, remote_id: row.id });
  };
