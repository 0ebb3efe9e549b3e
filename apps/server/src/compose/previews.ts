import {
  createIdentifySender,
  createPodAccess,
  createPodAccessStore,
  createPreviewLookup,
  createPreviews,
  createPreviewSite,
  createPreviewsStore,
  createPreviewTargets,
  createReporting,
  createShareLinks,
  createShares,
  createSharesStore,
  createVisitors,
  mountPodAccess,
  mountPreviews,
  type Previews,
  type PreviewsStore,
  type Visitors,
} from "../features/runtime/previews/index.ts";
import { createActiveAccounts } from "../features/accounts/auth/index.ts";
import type { AccountsArea } from "./accounts.ts";
import type { Area } from "./area.ts";
import type { ContainersArea } from "./containers.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";
import type { SecretsArea } from "./secrets.ts";

/** Previews of projects: hosts, access and error reports. */
export interface PreviewsArea extends Area {
  previewsStore: PreviewsStore;
  previews: Previews;
  visitors: Visitors;
  previewSite: ReturnType<typeof createPreviewSite>;
}

export function composePreviews(
  { config, log, db, box, bus, events, address, measurements, runtime, several, traces }: Platform,
  { redactions }: Pick<SecretsArea, "redactions">,
  { users, sessions, auth, authStore }: AccountsArea,
  { projects }: ProjectsArea,
  { containers, lifecycle, services, statusWriter, idle }: ContainersArea,
  /** Called after errors of a project's previews were reported. */
  { onPreviewErrors }: { onPreviewErrors: (projectId: string) => void },
): PreviewsArea {
  const previewsStore = createPreviewsStore(db);
  const sharesStore = createSharesStore(db);
  const shareLinks = createShareLinks({ store: sharesStore, box, address, bus, accounts: sessions, log });
  const previews = createPreviews({
    store: previewsStore,
    projects,
    containers,
    events,
    address,
    linksEnded: shareLinks.ended,
  });
  const shares = createShares({ store: sharesStore, previews, containers, links: shareLinks, address });
  const mayAct = createActiveAccounts({ users, sessions, bus });
  const visitors = createVisitors({ tickets: authStore, sessions: { ...sessions, mayAct }, shares: shareLinks, box, address });
  const podAccess = createPodAccess({
    store: createPodAccessStore(db),
    identify: createIdentifySender({ authenticate: auth.authenticator.authenticate, visitors }),
    containers,
    projects,
    address,
    log,
  });
  const previewSite = createPreviewSite({
    lookup: createPreviewLookup({ containers, projects, events, bus }),
    targets: createPreviewTargets({ projects, containers, lifecycle, services, statusWriter, idle, measurements }),
    visitors,
    reporting: createReporting({ events, redactions, onErrors: onPreviewErrors }),
    settings: { address, appOrigin: new URL(config.http.appBaseUrl).origin, trustProxy: config.http.trustProxy },
    measurements,
    traces,
    forwarding: several?.forwarding,
    runtime,
    log,
  });

  return {
    previewsStore,
    previews,
    visitors,
    previewSite,
    jobs: podAccess.jobHandlers,
    cron: { prune_pod_access: "41 3 * * *" },
    mount(mount) {
      mountPodAccess(mount, {
        podAccess,
        secret: config.auth.ingressSecret?.reveal(),
        emailOf: async (userId) => (await users.find(userId))?.email,
      });
      mountPreviews(mount, { projects, containers, previews, shares, visitors, address });
    },
  };
}
