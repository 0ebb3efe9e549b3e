import type { RuntimeDriver } from "@tesslate/runtime";
import type { Bus } from "../../../../platform/bus.ts";
import type { Logger } from "../../../../platform/logger.ts";
import type { PreviewAddress } from "../../../runtime/containers/index.ts";
import type { BuildSandboxes } from "../build/build-sandbox.ts";
import type { DeploymentRecords } from "../deployment-records.ts";
import { createLocalHosts } from "./local-hosts.ts";
import { createLocalServers } from "./local-servers.ts";
import { createLocalSites } from "./local-sites.ts";
import { createLocalVersions } from "./local-versions.ts";
import { createSiteCache } from "./site-cache.ts";

export type LocalReleases = ReturnType<typeof createLocalReleases>;
/** Versions that this server hosts: their programs, the sites that lead to them, and their host names. */
export function createLocalReleases({
  records: { store, vault, artifacts },
  buildSandboxes,
  platform: { runtime, bus, log, address },
  settings: { appOrigin, trustProxy },
}: {
  records: DeploymentRecords;
  buildSandboxes: BuildSandboxes;
  platform: { runtime: RuntimeDriver; bus: Bus; log: Logger; address: PreviewAddress };
  /** `trustProxy`: the client's IP comes from `X-Forwarded-For`. */
  settings: { appOrigin: string; trustProxy: boolean };
}) {
  const servers = createLocalServers({ runtime, log });
  const siteCache = createSiteCache({ store, artifacts, bus });
  const sites = createLocalSites({ cache: siteCache, servers, settings: { address, appOrigin, trustProxy }, log });
  return {
    servers,
    siteCache,
    sites,
    hosts: createLocalHosts({ store, address }),
    versions: createLocalVersions({ store, vault, buildSandboxes, servers, sites: siteCache, log }),
    close: (): void => {
      sites.close();
      servers.close();
    },
  };
}
