import type { Bus } from "../../../platform/bus.ts";
import type { CryptoBox } from "../../../platform/crypto.ts";
import type { Database } from "../../../platform/database.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ObjectStore } from "../../../platform/objects/index.ts";
import type { Redactions } from "../../projects/secrets/index.ts";
import { createArtifactStore } from "./build/artifacts.ts";
import { createInsertDeployment } from "./create-deployment.ts";
import { createDeploymentLogs } from "./deployment-log.ts";
import { createDeploymentReporter } from "./deployment-reporter.ts";
import { createRequestVault } from "./deployment-request.ts";
import { createDeploymentsStore } from "./deployments.store.ts";

export type DeploymentRecords = ReturnType<typeof createDeploymentRecords>;
/** What is kept of deployments: rows, encrypted requests, logs and artifacts. And what is reported about them. */
export function createDeploymentRecords({
  platform: { db, box, bus, events, objects, isShared, log },
  redactions,
}: {
  platform: { db: Database; box: CryptoBox; bus: Bus; events: EventLog; objects: ObjectStore; isShared: boolean; log: Logger };
  redactions: Redactions;
}) {
  const store = createDeploymentsStore(db);
  const vault = createRequestVault({ box });
  const logs = createDeploymentLogs({ store, bus, isShared, log });
  return {
    store,
    insert: createInsertDeployment({ store, vault }),
    vault,
    logs,
    reporter: createDeploymentReporter({ vault, logs, redactions, events }),
    artifacts: createArtifactStore({ objects }),
  };
}
