import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../../../../platform/errors.ts";
import type { Logger } from "../../../../platform/logger.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import type { ArtifactStore } from "../build/artifacts.ts";
import { findErrorLocation, StepError } from "../build/build-errors.ts";
import { proposedName, secretNamesOf } from "../deployment-request.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import { capabilitiesOf, providerTitle } from "../providers/capabilities.ts";
import { ProviderError } from "../providers/client.ts";
import type { Artifact, ProviderAccess, ProviderAdapter, RemoteState } from "../providers/provider.ts";
import type { DeploymentRun } from "./deployment-run.ts";

/** How long to wait for the provider. */
const providerMs = 600_000;
const pollMs = [250, 1000, 2000, 3000, 5000];

export type ProviderPublishing = ReturnType<typeof createProviderPublishing>;
/** Publishes deployments at providers. */
export function createProviderPublishing({
  store,
  artifacts,
  providers: { find: findProvider, getCredential },
  log,
}: {
  store: DeploymentsStore;
  artifacts: Pick<ArtifactStore, "find">;
  providers: Pick<ProviderAccess, "find" | "getCredential">;
  log: Logger;
}) {
  /** Uploads to the provider once; resumes with an id that the provider returned earlier. */
  const submit = async (run: DeploymentRun, adapter: ProviderAdapter, artifact: Artifact): Promise<void> => {
    const { row, project, request, log: lines, signal, step } = run;
    await step("upload");
    const credential = await getCredential(project.owner_id, project.id, adapter.provider);
    if (!credential)
      throw new StepError("upload", `The ${providerTitle(adapter.provider)} account is no longer connected. Connect it and deploy again.`);
    const key = { container_id: row.container_id ?? "", provider: row.provider };
    const known = await store.findSite(key);
    const keep = async (given: { remoteId?: string; site?: { id: string; name: string; url?: string }; url?: string }) => {
      await run.update({
        ...(given.remoteId !== undefined && { remote_id: given.remoteId }),
        ...(given.url !== undefined && given.url !== "" && { deployment_url: given.url }),
        ...(given.site && { site_id: given.site.id, site_name: given.site.name }),
      });
      if (given.site)
        await store.saveSite({
          ...key,
          project_id: project.id,
          site_id: given.site.id,
          name: given.site.name,
          // A preview deployment's URL is not the site's URL.
          url: given.site.url ?? (known?.site_id === given.site.id ? known.url : null),
        });
    };
    const sent = await adapter.submit({
      projectId: project.id,
      containerId: key.container_id,
      deploymentId: row.id,
      environment: row.environment,
      name: await proposedName(store, project, row.container_name),
      ...(known && { site: { id: known.site_id, name: known.name, ...(known.url !== null && { url: known.url }) } }),
      ...(row.remote_id !== null && { remoteId: row.remote_id }),
      mode: row.mode,
      framework: row.framework,
      ...(request.build_command !== null && { buildCommand: request.build_command }),
      ...(request.output_directory !== null && { outputDirectory: request.output_directory }),
      env: request.env,
      secretNames: secretNamesOf(request.env),
      ...(row.custom_domain !== null && { customDomain: row.custom_domain }),
      artifact,
      spaFallback: row.spa_fallback,
      credential,
      log: (line) => lines.line(line),
      signal,
      remember: keep,
    });
    await keep(sent);
  };

  /** Polls the provider until it reports an end; keeps polling while the provider is unavailable. */
  const waitFor = async (run: DeploymentRun, adapter: ProviderAdapter): Promise<RemoteState | undefined> => {
    const { row, project, signal, step, log: lines } = run;
    await step("provider");
    const deadline = Date.now() + providerMs;
    for (let round = 0; Date.now() < deadline; round++) {
      signal.throwIfAborted();
      let wait = pollMs[Math.min(round, pollMs.length - 1)] ?? 5000;
      try {
        const credential = await getCredential(project.owner_id, project.id, adapter.provider);
        if (!credential)
          throw new StepError(
            "provider",
            `The ${providerTitle(adapter.provider)} account is no longer connected. Connect it and deploy again.`,
          );
        const site = row.site_id === null ? undefined : { id: row.site_id, name: row.site_name ?? "" };
        const state = await adapter.state(credential, row.remote_id ?? "", site);
        await run.update({ provider_status: state.raw });
        if (state.state !== "deploying") return state;
        wait = Math.max(wait, state.retryAfterMs ?? 0);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof StepError) throw error;
        if (error instanceof AppError && error.code === "provider_token_expired") throw new StepError("provider", error.message);
        if (error instanceof ProviderError) wait = Math.max(wait, error.retryAfterMs ?? 0);
        if (round === 0)
          lines.line(`${error instanceof ProviderError ? error.message : "The provider is not reachable right now."} Retrying.`);
        log.warn({ err: error, deployment_id: row.id }, "provider status request failed");
      }
      await sleep(wait, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  };
  /** The provider's log of a failure. */
  const providerLines = async ({ row, project, log: lines }: DeploymentRun, adapter: ProviderAdapter): Promise<string[]> => {
    try {
      const credential = await getCredential(project.owner_id, project.id, adapter.provider);
      const logLines = credential && row.remote_id !== null ? await adapter.logs(credential, row.remote_id) : [];
      for (const line of logLines) lines.line(line);
      return logLines;
    } catch (err) {
      log.info({ err, deployment_id: row.id }, "provider log not available");
      return [];
    }
  };

  return {
    publishAtProvider: async (run: DeploymentRun): Promise<DeploymentRow | undefined> => {
      const adapter = findProvider(run.row.provider);
      if (!adapter) throw new StepError("upload", "This server cannot deploy to this provider.");
      const artifact = await artifacts.find(run.row);
      // With a remote id, wait for that deployment instead of creating a second one.
      if (artifact) await submit(run, adapter, artifact);
      else if (run.row.remote_id === null) throw new StepError("upload", "The build output no longer exists. Deploy again.");
      const state = await waitFor(run, adapter);
      if (!state) {
        run.log.line("The provider is still working. Its status is updated whenever someone opens this deployment.");
        // Ends the run without an outcome (`isLeftToProvider`).
        return store.finish(run.row.id, { status: "deploying", error: null });
      }
      if (state.state === "failed") {
        const logLines = await providerLines(run, adapter);
        const reason = state.error ?? "The provider gave no reason.";
        throw new StepError("provider", reason, findErrorLocation([reason, ...logLines]));
      }
      // A provider that builds also has a build log.
      if (run.row.mode === "source") await providerLines(run, adapter);
      const values = state.url === undefined ? {} : { deployment_url: state.url };
      if (run.row.environment === "production") await store.makeLive(run.row, values);
      else await run.update(values);
      return store.finish(run.row.id, { status: "success", error: null, failure: null });
    },
    /** Removes an unfinished deployment at the provider. */
    removeUnfinished: async ({ row, project }: DeploymentRun): Promise<void> => {
      const adapter = findProvider(row.provider);
      if (!adapter || row.remote_id === null || capabilitiesOf(row.provider).removesWholeSite) return;
      try {
        const credential = await getCredential(project.owner_id, project.id, adapter.provider);
        if (credential) await adapter.remove(credential, row.remote_id, row.environment);
      } catch (err) {
        log.info({ err, deployment_id: row.id }, "cancelled deployment not removed at the provider");
      }
    },
  };
}
