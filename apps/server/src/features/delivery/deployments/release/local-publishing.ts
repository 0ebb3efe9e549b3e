import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import { proposedName } from "../deployment-request.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import type { LocalVersions } from "./local-versions.ts";
import type { LocalHosts } from "./local-hosts.ts";
import type { PipelineState } from "./pipeline-state.ts";

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
  async (current: PipelineState): Promise<DeploymentRow | undefined> => {
    await current.step("upload");
    const { row, project, signal } = current;
    const name = await proposedName(store, project, row.container_name);
    if (row.environment === "preview") {
      const address = hosts.assignPreviewHost(row, name);
      current.row = (await store.update(row.id, address)) ?? row;
      await localVersions.start(current.row, signal);
      return store.finish(row.id, { status: "success", error: null, failure: null, remote_id: row.id });
    }
    const site = await hosts.claimSite(row, name);
    current.row =
      (await store.update(current.row.id, { site_id: site.site_id, site_name: site.name, deployment_url: site.url })) ?? current.row;
    await localVersions.makeLive(current.row, signal);
    return store.finish(current.row.id, { status: "success", error: null, failure: null, remote_id: current.row.id });
  };
