import type { Logger } from "../../../../platform/logger.ts";
import type { DeploymentRecords } from "../deployment-records.ts";
import type { ProviderAccess } from "../providers/provider.ts";
import type { Cutovers } from "./cutover.ts";
import type { DeploymentRuns } from "./deployment-runs.ts";
import type { LocalReleases } from "./local-releases.ts";
import { createCheckPromotion, createPromoteAtProvider, createPromoteLocally } from "./promotion-steps.ts";
import { createPromotions } from "./promotions.ts";
import { createRedeploy, createRestoreAtProvider, createRestoreLocally } from "./rollback-steps.ts";
import { createRollbacks } from "./rollbacks.ts";

/** The two kinds of cutovers, at providers and on this server. */
export function createPromotionsAndRollbacks({
  records: { store, insert, vault, artifacts, reporter },
  local: { versions: localVersions, hosts },
  runs: { pipeline, checkLaunch },
  providers,
  cutovers,
  log,
}: {
  records: DeploymentRecords;
  local: LocalReleases;
  runs: DeploymentRuns;
  providers: ProviderAccess;
  cutovers: Cutovers;
  log: Logger;
}) {
  return {
    promotions: createPromotions({
      store,
      check: createCheckPromotion({ store, vault, localVersions, checkLaunch }),
      promoteLocally: createPromoteLocally({ localVersions, hosts }),
      promoteAtProvider: createPromoteAtProvider({ store, vault, providers }),
      cutovers,
    }),
    rollbacks: createRollbacks({
      restoreLocally: createRestoreLocally({ store, localVersions }),
      restoreAtProvider: createRestoreAtProvider({ store, providers, log }),
      redeploy: createRedeploy({ store, vault, artifacts, insert, announce: reporter.announce, pipeline }),
      cutovers,
    }),
  };
}
