import { conflict } from "../../../../platform/errors.ts";
import type { ProjectRow } from "../../../../db/schema/projects.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import { canRollBack } from "../deployment-rules.ts";
import type { CutoverInput, Cutovers } from "./cutover.ts";
import { deploymentMs } from "./deployment-task.ts";
import type { Redeploy, RestoreAtProvider, RestoreLocally } from "./rollback-steps.ts";

export type Rollbacks = ReturnType<typeof createRollbacks>;
/** Makes an earlier version live again: from local files, with the provider's own rollback, or by deploying the stored files again. */
export function createRollbacks({
  restoreLocally,
  restoreAtProvider,
  redeploy,
  cutovers,
}: {
  restoreLocally: RestoreLocally;
  restoreAtProvider: RestoreAtProvider;
  redeploy: Redeploy;
  cutovers: Cutovers;
}) {
  const startCutover = cutovers.define<CutoverInput>({
    type: "deployment_rollback",
    timeoutMs: deploymentMs,
    waiting: ({ version }) => `Waiting to roll back to version ${version}`,
    run: async (run) => {
      await run.progress(5, `Rolling back to version ${run.row.version}`);
      return run.row.provider === "local" ? restoreLocally(run) : ((await restoreAtProvider(run)) ?? redeploy(run));
    },
    done: (live, { id, version }) => `Version ${version} was made live again${live.id === id ? "" : ` as version ${live.version}`}`,
    failed: "The rollback failed.",
  });

  return {
    /** Makes a version live again, as the fastest of the three ways allows. */
    start: async (userId: string, project: ProjectRow, row: DeploymentRow) => {
      if (!canRollBack(row))
        throw conflict("not_deployable", row.is_live ? "This version is already live." : "The files of this version were pruned.");
      return startCutover(userId, project, row, { id: row.id });
    },
  };
}
