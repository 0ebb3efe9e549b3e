import type { LaunchCheck } from "@tesslate/contract";
import { conflict } from "../../../../platform/errors.ts";
import type { ProjectRow } from "../../../../db/schema/projects.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import { canPromote } from "../deployment-rules.ts";
import type { Cutovers } from "./cutover.ts";
import type { CheckPromotion, PromoteAtProvider, PromoteLocally, PromotionInput } from "./promotion-steps.ts";

/** The provider may build again. */
const promotionMs = 12 * 60_000;

export type Promotions = ReturnType<typeof createPromotions>;
/** Promotes a preview deployment: runs the launch gate on the same files again, then makes it live. */
export function createPromotions({
  store,
  check,
  promoteLocally,
  promoteAtProvider,
  cutovers,
}: {
  store: Pick<DeploymentsStore, "update">;
  check: CheckPromotion;
  promoteLocally: PromoteLocally;
  promoteAtProvider: PromoteAtProvider;
  cutovers: Cutovers;
}) {
  const startCutover = cutovers.define<PromotionInput>({
    type: "deployment_promotion",
    timeoutMs: promotionMs,
    waiting: ({ version }) => `Waiting to promote version ${version}`,
    run: async (run) => {
      const { row, log, progress, step } = run;
      await progress(20, `Checking version ${row.version}`);
      log.step("gate");
      await step("gate");
      await check(run);
      await progress(70, `Making version ${row.version} live`);
      return row.provider === "local" ? promoteLocally(run) : promoteAtProvider(run);
    },
    done: ({ version, deployment_url }) =>
      `Version ${version} was promoted: it is what visitors see${deployment_url ? ` at ${deployment_url}` : ""}`,
    failed: "It was not promoted.",
    keepFailure: (row, error) => store.update(row.id, { error }),
  });

  return {
    start: async (userId: string, project: ProjectRow, row: DeploymentRow, { ignore_rules = [] }: { ignore_rules?: LaunchCheck[] }) => {
      if (!canPromote(row))
        throw conflict(
          "not_deployable",
          row.environment === "production"
            ? "This version is not a preview."
            : "Only a successful preview whose files are stored can be promoted.",
        );
      return startCutover(userId, project, row, { id: row.id, ignore_rules });
    },
  };
}
