import type { ProviderErrorKind } from "@tesslate/contract";
import type { DeploymentRow } from "../../../db/schema/delivery.ts";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { isLeftToProvider } from "./deployment-rules.ts";
import type { DeploymentReporter } from "./deployment-reporter.ts";
import type { DeploymentsStore } from "./deployments.store.ts";
import type { RequireDeployment } from "./require-deployment.ts";
import type { ProviderAccess } from "./providers/provider.ts";
import { providerTitle } from "./providers/capabilities.ts";
import { ProviderError } from "./providers/client.ts";

const requestEverySeconds = 5;

/** Asks providers for the status of deployments. */
export function createDeploymentStatus({
  store,
  providers: { find: findProvider, getCredential },
  reporter,
  requireDeployment,
  log,
}: {
  store: DeploymentsStore;
  providers: Pick<ProviderAccess, "find" | "getCredential">;
  reporter: DeploymentReporter;
  requireDeployment: RequireDeployment;
  log: Logger;
}) {
  const complete = async (
    row: DeploymentRow,
    state: { state: "success" | "failed" | "deploying"; url?: string; error?: string },
  ): Promise<void> => {
    const isSuccess = state.state === "success";
    const values = {
      status: isSuccess ? ("success" as const) : ("failed" as const),
      error: isSuccess ? null : await reporter.redact(row.project_id, state.error ?? "The provider gave no reason."),
      completed_at: new Date().toISOString(),
      ...(state.url !== undefined && { deployment_url: state.url }),
    };
    const becomesLive = isSuccess && row.environment === "production";
    const after = becomesLive ? await store.makeLive(row, values, { unlessLater: true }) : await store.update(row.id, values);
    if (after && becomesLive && !after.is_live) await restoreNewer(after);
    if (after) await reporter.announce(after);
    await reporter.notify(row.id);
  };
  /** A late deployment may have replaced a newer one at the provider: promote the newer one again. */
  const restoreNewer = async (late: DeploymentRow): Promise<void> => {
    const adapter = findProvider(late.provider);
    const live =
      late.container_id === null ? undefined : await store.findLive({ container_id: late.container_id, provider: late.provider });
    if (!adapter?.promote || !live || live.remote_id === null || live.site_id === null) return;
    try {
      const credential = await getCredential(live.user_id, live.project_id, adapter.provider);
      if (credential) await adapter.promote(credential, { id: live.site_id, name: live.site_name ?? "" }, live.remote_id);
    } catch (err) {
      log.warn({ err, deployment_id: live.id }, "live version not restored at its provider");
    }
  };

  /** Asks the provider at most once every five seconds, for all callers together. */
  return async (userId: string, id: string) => {
    const row = await requireDeployment(userId, id);
    const statusOf = (now: DeploymentRow, error?: string, code?: ProviderErrorKind) => ({
      status: now.status,
      deployment_url: now.deployment_url,
      provider_status: error === undefined ? recordOf(now.provider_status) : null,
      ...(error !== undefined && { provider_error: error }),
      ...(code !== undefined && { provider_error_code: code }),
      updated_at: now.updated_at,
    });
    const adapter = findProvider(row.provider);
    if (!adapter || row.remote_id === null) return statusOf(row);
    if (!(await store.claimStatusRequest(id, requestEverySeconds))) return statusOf((await store.find(id)) ?? row);
    try {
      const credential = await getCredential(row.user_id, row.project_id, adapter.provider);
      if (!credential)
        return statusOf(row, `Your ${providerTitle(row.provider)} account is not connected. Connect it to see the provider's status.`);
      const state = await adapter.state(
        credential,
        row.remote_id,
        row.site_id === null ? undefined : { id: row.site_id, name: row.site_name ?? "" },
      );
      await store.update(id, { provider_status: state.raw });
      if (isLeftToProvider(row) && state.state !== "deploying") await complete(row, state);
      return statusOf((await store.find(id)) ?? row);
    } catch (err) {
      log.info({ err, deployment_id: id }, "provider status request failed");
      return statusOf(
        (await store.find(id)) ?? row,
        err instanceof AppError || err instanceof ProviderError
          ? err.message
          : "The provider is not reachable right now. Try again in a minute.",
        err instanceof ProviderError ? err.kind : undefined,
      );
    }
  };
}

const recordOf = (value: unknown): Record<string, unknown> | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
