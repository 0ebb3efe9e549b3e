import { randomCode } from "../../../../platform/crypto.ts";
import type { DeploymentRow, SiteRow } from "../../../../db/schema/delivery.ts";
import type { PreviewAddress } from "../../../runtime/containers/index.ts";
import { siteName } from "../../domains/index.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import { maxSiteName, siteUrl } from "./site-urls.ts";

/** Random characters in a preview host, so that it cannot be guessed. */
const previewCode = 12;

export type LocalHosts = ReturnType<typeof createLocalHosts>;
/** The hosts of deployments on this server. */
export function createLocalHosts({
  store,
  address,
}: {
  store: Pick<DeploymentsStore, "findSite" | "claimLocalSite">;
  address: PreviewAddress;
}) {
  return {
    /** The site of a container on this server, kept for the life of the container. A new one gets the first of the names that is free. */
    claimSite: async (row: DeploymentRow, names: readonly string[]): Promise<SiteRow> => {
      const key = { container_id: row.container_id ?? "", provider: "local" as const };
      const tails = Array.from({ length: 7 }, () => `-${randomCode(4)}`);
      const labels = [...names, ...tails.map((tail) => `${siteName(names[0] ?? "app", maxSiteName.production - tail.length)}${tail}`)];
      for (const label of labels) {
        const known = await store.findSite(key);
        if (known) return known;
        await store.claimLocalSite({
          ...key,
          project_id: row.project_id,
          site_id: label,
          name: label,
          url: siteUrl(address, "production", label),
        });
      }
      const known = await store.findSite(key);
      if (known) return known;
      throw new Error("no free site name");
    },
    /** A preview deployment gets a host of its own. */
    assignPreviewHost: (row: DeploymentRow, name: string): { site_name: string; deployment_url: string } => {
      const code = randomCode(previewCode);
      const site_name = row.site_name ?? `${siteName(name, maxSiteName.preview - code.length - 1)}-${code}`;
      return { site_name, deployment_url: siteUrl(address, "preview", site_name) };
    },
  };
}
