import {
  createDeployments,
  createSiteAccess,
  mountDeployments,
  siteUrl,
  type Deployments,
  type LocalVersions,
  type ProviderAccess,
} from "../features/delivery/deployments/index.ts";
import {
  createDns,
  createDomains,
  createDomainsStore,
  createSiteHosts,
  createTarget,
  mountDomains,
} from "../features/delivery/domains/index.ts";
import { createLaunchGate, createLaunchSettings } from "../features/delivery/launch/index.ts";
import type { OtherSites, PreviewSite } from "../http/preview-site.ts";
import type { AccountsArea } from "./accounts.ts";
import type { Area } from "./area.ts";
import type { ProvisioningArea } from "./provisioning.ts";
import type { ContainersArea } from "./containers.ts";
import type { DeployAccountsArea } from "./deploy-accounts.ts";
import type { Platform } from "./platform.ts";
import type { PreviewsArea } from "./previews.ts";
import type { ProjectsArea } from "./projects.ts";
import type { SecretsArea } from "./secrets.ts";
import type { ToolsArea } from "./tools.ts";

/** Deployments of containers, at providers and on this server. */
export interface DeploymentsArea extends Area {
  deployments: Deployments;
  /** Serves every host besides the app: deployed sites and previews. */
  otherSites: OtherSites;
  /** A user's local deployments: stopped when the account is disabled, started when it is enabled. */
  deployed: Pick<LocalVersions, "suspend" | "resume">;
  /** At boot: resumes deployments and local servers. */
  reconcile(): Promise<void>;
  /** When this server has become the owner of projects. */
  adopt(projectIds: string[]): Promise<void>;
}

export function composeDeployments(
  platform: Platform,
  { environmentVault, secretVault, redactions }: SecretsArea,
  { projects, templates, templateImages }: ProjectsArea,
  { connectionEnvironment }: ContainersArea,
  { passwords }: Pick<AccountsArea, "passwords">,
  { previewSite }: PreviewsArea,
  { diskBytesOf }: ProvisioningArea,
  { browsers, pictureTaker }: ToolsArea,
  { providers: adapters, getCredential, hasCredential }: DeployAccountsArea,
): DeploymentsArea {
  const { config, log, onClose, db, bus, events, limits, address } = platform;
  const domainsStore = createDomainsStore(db);
  const siteHosts = createSiteHosts({ store: domainsStore, bus, appsDomain: address.appsDomain, log });
  const providers: ProviderAccess = {
    find: (provider) => (provider === "local" ? undefined : adapters[provider]),
    getCredential,
    hasCredential,
  };
  const launchSettings = createLaunchSettings({ projects });
  const { deployments, targets, sites, localVersions, updateLocalSite, siteChanged, projectReleased, reconcile, adopt, close } =
    createDeployments({
      platform,
      sources: { projects, templates, templateImages, diskBytesOf },
      environment: { redactions, secrets: secretVault, variables: environmentVault, connectionEnvironment },
      providers,
      launch: { gate: createLaunchGate({ browsers, log }), settings: launchSettings },
      siteHosts,
      listTakenNames: domainsStore.listTakenNames,
      onLive: pictureTaker.request,
      siteAccess: createSiteAccess({ verify: passwords.verify, limits, isSecure: address.scheme === "https" }),
      settings: { appOrigin: new URL(config.http.appBaseUrl).origin, trustProxy: config.http.trustProxy },
    });
  onClose(async () => close());
  projects.onRelease(async ({ project_id, container_id, reason }) => {
    if (reason === "deleted") await projectReleased(project_id, container_id);
  });
  const dns = createDns(config.domains.dnsServers);
  const { appHost, previewDomain } = config.http;
  const ownNames = [appHost, previewDomain, address.appsDomain].filter((name) => name !== undefined);
  const domains = createDomains({
    store: domainsStore,
    projects,
    dns,
    targetOf: createTarget({ dns, given: config.domains.target, fallback: address.appsDomain ?? appHost }),
    urlOf: (name) => siteUrl(address, "production", name),
    originOf: (hostname) => `${address.scheme}://${hostname}${address.port === "" ? "" : `:${address.port}`}`,
    isReserved: (hostname) => ownNames.some((name) => hostname === name || hostname.endsWith(`.${name}`)),
    hashPassword: passwords.hash,
    updateSite: updateLocalSite,
    changed: async (site) => {
      await siteChanged(site.names);
      await siteHosts.changed(site);
    },
    events,
    log,
  });
  const siteFor = (host: string | undefined): PreviewSite => (sites.handles(host) ? sites : previewSite);

  return {
    deployments,
    deployed: localVersions,
    otherSites: {
      serves: siteHosts.serves,
      request: (request, response) => siteFor(request.headers.host).request(request, response),
      upgrade: (request, socket, head) => siteFor(request.headers.host).upgrade(request, socket, head),
    },
    adopt,
    reconcile: async () => {
      await siteHosts.load();
      await reconcile();
    },
    jobs: domains.jobHandlers,
    cron: { check_domains: "*/5 * * * *" },
    mount(mount) {
      mountDomains(mount, { domains, hosts: siteHosts });
      mountDeployments(mount, { deployments, targets, launchSettings });
    },
  };
}
