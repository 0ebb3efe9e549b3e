import type { DeploymentContext } from "../context.ts";
import { StepError } from "../build/build-errors.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { deploymentSteps, type LaunchRule } from "@tesslate/contract";
import { conflict } from "../../../../platform/errors.ts";
import type { ProjectRow } from "../../../../db/schema/projects.ts";
import type { Activation } from "./activation.ts";
import type { DeploymentCreation } from "../create-deployment.ts";
import { proposedName } from "../deployment-request.ts";
import { canPromote } from "../present.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import { launchErrorOf, type LaunchCheck } from "./launch-gate.ts";
import type { CutoverInput, Cutovers, CutoverRun } from "./cutover.ts";
import type { Credential, ProviderAdapter } from "../providers/provider.ts";
import { ProviderError } from "../providers/client.ts";

/** The provider may build again. */
const promotionMs = 12 * 60_000;
const firstPollMs = 250;
const lastPollMs = 5000;

const isTemporary = ({ kind }: ProviderError): boolean => kind === "busy" || kind === "down" || kind === "unreachable";

interface Input extends CutoverInput {
  ignore_rules: LaunchRule[];
}

/** Promotes a preview: runs the launch gate on the same files again, then makes it live. */
export type Promotions = ReturnType<typeof createPromotions>;
export function createPromotions(
  context: DeploymentContext,
  {
    activation,
    creation,
    checkLaunch,
    cutovers,
  }: {
    activation: Activation;
    creation: Pick<DeploymentCreation, "missing">;
    checkLaunch: LaunchCheck;
    cutovers: Cutovers;
  },
) {
  const { store, vault, findProvider, getCredential } = context;
  const check = async ({ row, project, input, log, signal }: CutoverRun<Input>) => {
    const address = row.provider === "local" ? await activation.start(row, signal) : undefined;
    const report = await checkLaunch({
      row,
      project,
      request: vault.open(row),
      address,
      warnings: [],
      ignoreRules: input.ignore_rules,
      log: (line) => log.line(line),
      signal,
    });
    await store.update(row.id, { report });
    const refusal = launchErrorOf(report);
    if (refusal) throw refusal;
  };
  const cutOver = async ({ row, project, log, signal }: CutoverRun<Input>): Promise<DeploymentRow | undefined> => {
    const values = { environment: "production", error: null } as const;
    if (row.provider === "local") {
      const site = await activation.claimSite(row, await proposedName(store, project, row.container_name));
      return activation.makeLive(row, signal, { ...values, site_id: site.site_id, site_name: site.name, deployment_url: site.url });
    }
    const target = findProvider(row.provider);
    const credential = target && (await getCredential(project.owner_id, project.id, target.provider));
    if (!target || !credential) throw creation.missing(row.provider);
    const site = { id: row.site_id ?? "", name: row.site_name ?? "" };
    const { env } = vault.open(row);
    const done = await target.promote?.(credential, site, row.remote_id ?? "", { env, log: (line) => log.line(line), signal });
    if (!done) throw new StepError("provider", "The connected account does not have this preview. Deploy it again.");
    const { url, remoteId } = done;
    if (remoteId !== undefined) await waitForProvider(target, credential, remoteId, signal);
    else if (url !== undefined) await store.saveSiteUrl({ container_id: row.container_id ?? "", provider: row.provider }, url);
    return store.makeLive(row, {
      ...values,
      ...(url !== undefined && { deployment_url: url }),
      ...(remoteId !== undefined && { remote_id: remoteId }),
    });
  };
  const waitForProvider = async (target: ProviderAdapter, credential: Credential, remoteId: string, signal: AbortSignal): Promise<void> => {
    for (let wait = firstPollMs; ; wait = Math.min(2 * wait, lastPollMs)) {
      const state = await target.state(credential, remoteId).catch((error: unknown) => {
        // Keep polling while the provider is unavailable.
        if (error instanceof ProviderError && isTemporary(error)) return { state: "deploying" as const, retryAfterMs: error.retryAfterMs };
        throw error;
      });
      if (state.state === "success") return;
      if (state.state === "failed") throw new StepError("provider", state.error ?? "The provider gave no reason.");
      await sleep(Math.max(wait, state.retryAfterMs ?? 0), undefined, { signal });
    }
  };

  const begin = cutovers.define<Input>({
    type: "deployment_promotion",
    timeoutMs: promotionMs,
    waiting: ({ version }) => `Waiting to promote version ${version}`,
    run: async (run) => {
      const { row, log, progress, step } = run;
      await progress(20, `Checking version ${row.version}`);
      log.line(`== ${deploymentSteps.gate} ==`);
      await step(deploymentSteps.gate);
      await check(run);
      await progress(70, `Making version ${row.version} live`);
      return cutOver(run);
    },
    done: ({ version, deployment_url }) =>
      `Version ${version} was promoted: it is what visitors see${deployment_url ? ` at ${deployment_url}` : ""}`,
    failed: "It was not promoted.",
    keepFailure: (row, error) => store.update(row.id, { error }),
  });

  return {
    begin: async (userId: string, project: ProjectRow, row: DeploymentRow, { ignore_rules = [] }: { ignore_rules?: LaunchRule[] }) => {
      if (!canPromote(row))
        throw conflict(
          "not_deployable",
          row.environment === "production"
            ? "This version is not a preview."
            : "Only a successful preview whose files are stored can be promoted.",
        );
      return begin(userId, project, row, { id: row.id, ignore_rules });
    },
  };
}
