import type { RuntimeDriver } from "@tesslate/runtime";
import type { CryptoBox } from "../../../../platform/crypto.ts";
import type { Forwarding } from "../../../../http/forwarding.ts";
import type { Bus } from "../../../../platform/bus.ts";
import type { Logger } from "../../../../platform/logger.ts";
import type { PreviewAddress } from "../../../runtime/containers/index.ts";
import type { BuildSandboxes } from "../build/build-sandbox.ts";
import type { DeploymentRecords } from "../deployment-records.ts";
import { createDeployedServices } from "./deployed-services.ts";
import { createLocalHosts } from "./local-hosts.ts";
import { createLocalServers } from "./local-servers.ts";
import { createLocalSites, type OtherHosts } from "./local-sites.ts";
import { createLocalVersions } from "./local-versions.ts";
import type { SiteAccess } from "./site-access.ts";
import { createSiteCache } from "./site-cache.ts";

export type LocalReleases = ReturnType<typeof createLocalReleases>;
/** Versions that this server hosts: their programs, the sites that lead to them, and their host names. */
export function createLocalReleases({
  records: { store, vault, artifacts },
  buildSandboxes,
  platform: { runtime, box, bus, log, address, several },
  diskBytesOf,
  settings: { appOrigin, trustProxy },
  siteHosts,
  siteAccess,
}: {
  records: DeploymentRecords;
  buildSandboxes: BuildSandboxes;
  platform: {
    runtime: RuntimeDriver;
    box: CryptoBox;
    bus: Bus;
    log: Logger;
    address: PreviewAddress;
    several: { forwarding: Forwarding } | undefined;
  };
  /** The disk quota of a user. */
  diskBytesOf: (userId: string) => Promise<number>;
  /** `trustProxy`: the client's IP comes from `X-Forwarded-For`. */
  settings: { appOrigin: string; trustProxy: boolean };
  siteHosts: OtherHosts;
  siteAccess: SiteAccess;
}) {
  const servers = createLocalServers({ runtime, log });
  const services = createDeployedServices({ runtime, box, diskBytesOf, log });
  const siteCache = createSiteCache({ store, artifacts, bus });
  const sites = createLocalSites({
    cache: siteCache,
    hosts: siteHosts,
    access: siteAccess,
    servers,
    settings: { address, appOrigin, trustProxy },
    forwarding: several?.forwarding,
    log,
  });
  return {
    servers,
    services,
    siteCache,
    sites,
    hosts: createLocalHosts({ store, address }),
    versions: createLocalVersions({ store, vault, buildSandboxes, servers, services, sites: siteCache, log }),
    close: (): void => {
      sites.close();
      servers.close();
      services.close();
    },
  };
}
