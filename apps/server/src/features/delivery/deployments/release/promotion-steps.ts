import { setTimeout as sleep } from "node:timers/promises";
import type { LaunchCheck } from "@tesslate/contract";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import { StepError } from "../build/build-errors.ts";
import type { RequestVault } from "../deployment-request.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import { siteNames } from "./site-names.ts";
import { ProviderError } from "../providers/client.ts";
import type { Credential, ProviderAccess, ProviderAdapter } from "../providers/provider.ts";
import { notConnected } from "../deployment-rules.ts";
import type { LocalVersions } from "./local-versions.ts";
import type { CutoverInput, CutoverRun } from "./cutover.ts";
import { launchErrorOf, type CheckLaunch } from "./launch-gate.ts";
import type { LocalHosts } from "./local-hosts.ts";

const firstPollMs = 250;
const lastPollMs = 5000;

const isTemporary = ({ kind }: ProviderError): boolean => kind === "busy" || kind === "down" || kind === "unreachable";

export interface PromotionInput extends CutoverInput {
  ignore_rules: LaunchCheck[];
}
/** Columns of a version that became live. */
const promoted = { environment: "production", error: null } as const;

export type CheckPromotion = ReturnType<typeof createCheckPromotion>;
/** Runs the launch gate on the stored files again. */
export const createCheckPromotion =
  ({
    store,
    vault,
    localVersions,
    checkLaunch,
  }: {
    store: Pick<DeploymentsStore, "update">;
    vault: Pick<RequestVault, "open">;
    localVersions: Pick<LocalVersions, "start">;
    checkLaunch: CheckLaunch;
  }) =>
  async ({ row, project, input, log, signal }: CutoverRun<PromotionInput>): Promise<void> => {
    const server = row.provider === "local" ? await localVersions.start(row, signal) : undefined;
    const report = await checkLaunch({
      row,
      project,
      request: vault.open(row),
      server,
      warnings: [],
      ignoredChecks: input.ignore_rules,
      log: (line) => log.line(line),
      signal,
    });
    await store.update(row.id, { report });
    const refusal = launchErrorOf(report);
    if (refusal) throw refusal;
  };

export type PromoteLocally = ReturnType<typeof createPromoteLocally>;
/** Makes a preview deployment of this server live. */
export const createPromoteLocally =
  ({ localVersions, hosts }: { localVersions: Pick<LocalVersions, "makeLive">; hosts: Pick<LocalHosts, "claimSite"> }) =>
  async ({ row, project, signal }: CutoverRun<PromotionInput>): Promise<DeploymentRow> => {
    const site = await hosts.claimSite(row, siteNames(project, row.container_name));
    return localVersions.makeLive(row, signal, { ...promoted, site_id: site.site_id, site_name: site.name, deployment_url: site.url });
  };

export type PromoteAtProvider = ReturnType<typeof createPromoteAtProvider>;
/** Makes a preview deployment live at its provider. */
export function createPromoteAtProvider({
  store,
  vault,
  providers: { find: findProvider, getCredential },
}: {
  store: Pick<DeploymentsStore, "makeLive" | "saveSiteUrl">;
  vault: Pick<RequestVault, "open">;
  providers: Pick<ProviderAccess, "find" | "getCredential">;
}) {
  const waitForProvider = async (
    adapter: ProviderAdapter,
    credential: Credential,
    remoteId: string,
    signal: AbortSignal,
  ): Promise<void> => {
    for (let wait = firstPollMs; ; wait = Math.min(2 * wait, lastPollMs)) {
      const state = await adapter.state(credential, remoteId).catch((error: unknown) => {
        // Keep polling while the provider is unavailable.
        if (error instanceof ProviderError && isTemporary(error)) return { state: "deploying" as const, retryAfterMs: error.retryAfterMs };
        throw error;
      });
      if (state.state === "success") return;
      if (state.state === "failed") throw new StepError("provider", state.error ?? "The provider gave no reason.");
      await sleep(Math.max(wait, state.retryAfterMs ?? 0), undefined, { signal });
    }
  };

  return async ({ row, project, log, signal }: CutoverRun<PromotionInput>): Promise<DeploymentRow | undefined> => {
    const adapter = findProvider(row.provider);
    const credential = adapter && (await getCredential(project.owner_id, project.id, adapter.provider));
    if (!adapter || !credential) throw notConnected(row.provider);
    const site = { id: row.site_id ?? "", name: row.site_name ?? "" };
    const { env } = vault.open(row);
    const done = await adapter.promote?.(credential, site, row.remote_id ?? "", { env, log: (line) => log.line(line), signal });
    if (!done) throw new StepError("provider", "The connected account does not have this preview. Deploy it again.");
    const { url, remoteId } = done;
    if (remoteId !== undefined) await waitForProvider(adapter, credential, remoteId, signal);
    else if (url !== undefined) await store.saveSiteUrl({ container_id: row.container_id ?? "", provider: row.provider }, url);
    return store.makeLive(row, {
      ...promoted,
      ...(url !== undefined && { deployment_url: url }),
      ...(remoteId !== undefined && { remote_id: remoteId }),
    });
  };
}
