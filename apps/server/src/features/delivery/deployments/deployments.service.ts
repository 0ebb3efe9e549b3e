import { emitDeploymentChanged, type DeploymentContext } from "./context.ts";
import type { DeployProvider, Deployment, DeploymentStatus, List, ProviderFault } from "@tesslate/contract";
import type { Bus } from "../../../platform/bus.ts";
import { AppError, conflict, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { Tasks } from "../../core/tasks/index.ts";
import type { Activation } from "./release/activation.ts";
import { bundleOf } from "./release/bundle.ts";
import type { DeploymentCreation } from "./create-deployment.ts";
import { presentDeployment } from "./present.ts";
import type { DeploymentRow } from "../../../db/schema/delivery.ts";
import type { LocalSites } from "./release/local-sites.ts";
import type { Pipeline } from "./release/pipeline.ts";
import type { Promotions } from "./release/promotions.ts";
import { ProviderError } from "./providers/client.ts";
import type { Rollbacks } from "./release/rollbacks.ts";
import type { Cutovers } from "./release/cutover.ts";

const askEverySeconds = 5;
const cancelChannel = "deployment_cancel";
const cancelWaitMs = 5000;

/** Creates, inspects, cancels and deletes deployments. */
export type Deployments = ReturnType<typeof createDeployments>;
export function createDeployments(
  context: DeploymentContext,
  {
    activation,
    pipeline,
    creation,
    rollbacks,
    promotions,
    cutovers,
    sites,
    tasks,
    bus,
  }: {
    activation: Activation;
    pipeline: Pipeline;
    creation: DeploymentCreation;
    rollbacks: Rollbacks;
    promotions: Promotions;
    cutovers: Pick<Cutovers, "end">;
    sites: LocalSites;
    tasks: Pick<Tasks, "requestCancel">;
    bus: Bus;
  },
) {
  const { store, artifacts, logs, projects, redactions, findProvider, getCredential, log } = context;
  bus.listen<{ id: string }>(cancelChannel, ({ id }) => pipeline.abort(id));

  const requireRow = async (userId: string, id: string): Promise<DeploymentRow> => {
    const row = await store.find(id);
    if (!row) throw notFound("Deployment");
    // Access follows the project's current owner, not the user who deployed.
    await projects.require(userId, row.project_id).catch((error: unknown) => {
      throw error instanceof AppError && error.code === "not_found" ? notFound("Deployment") : error;
    });
    return row;
  };

  /** Cancels a running deployment on whichever server runs it, and waits up to `cancelWaitMs` for its end. */
  const end = async (row: DeploymentRow): Promise<void> => {
    if (!(await store.requestCancel(row.id))) return;
    await bus.notify(cancelChannel, { id: row.id });
    pipeline.abort(row.id);
    const siblings = (await store.listOfProject(row.project_id)).filter((other) => other.is_active && other.task_id === row.task_id);
    if (row.task_id !== null && siblings.length <= 1 && !pipeline.isRunningHere(row.id)) await tasks.requestCancel(row.task_id);
    const ended = logs.follow(row.id, AbortSignal.timeout(cancelWaitMs));
    try {
      for (const deadline = Date.now() + cancelWaitMs; Date.now() < deadline; await ended.wait()) {
        const now = await store.find(row.id);
        if (!now?.is_active) return;
      }
    } finally {
      ended.end();
    }
  };

  return {
    begin: creation.begin,
    deployAll: creation.deployAll,
    plan: creation.plan,
    /** Makes an earlier version live again. */
    rollback: async (userId: string, id: string) => {
      const row = await requireRow(userId, id);
      return rollbacks.begin(userId, await projects.require(userId, row.project_id), row);
    },
    /** Makes a preview the live version. */
    promote: async (userId: string, id: string, options: Parameters<Promotions["begin"]>[3]) => {
      const row = await requireRow(userId, id);
      return promotions.begin(userId, await projects.require(userId, row.project_id), row, options);
    },
    list: async (
      userId: string,
      ref: string,
      query: PageQuery & { provider?: DeployProvider; status?: DeploymentStatus; container_id?: string; include_logs?: boolean },
    ): Promise<List<Deployment>> => {
      const project = await projects.require(userId, ref);
      const page = pageOf(query);
      const { provider, status, container_id } = query;
      const { rows, total } = await store.list(
        {
          project_id: project.id,
          ...(provider && { provider }),
          ...(status && { status }),
          ...(container_id !== undefined && { container_id }),
        },
        page,
      );
      const lines = query.include_logs ? await store.linesOfAll(rows.map(({ id }) => id)) : undefined;
      return page.envelope(
        rows.map((row) => presentDeployment(row, lines ? (lines.get(row.id) ?? []) : null)),
        total,
      );
    },
    get: async (userId: string, id: string): Promise<Deployment> => presentDeployment(await requireRow(userId, id)),
    /** Asks the provider at most once every five seconds, for all callers together. */
    status: async (userId: string, id: string) => {
      const row = await requireRow(userId, id);
      const answer = (now: DeploymentRow, error?: string, code?: ProviderFault) => ({
        status: now.status,
        deployment_url: now.deployment_url,
        provider_status: error === undefined ? recordOf(now.provider_status) : null,
        ...(error !== undefined && { provider_error: error }),
        ...(code !== undefined && { provider_error_code: code }),
        updated_at: now.updated_at,
      });
      const target = findProvider(row.provider);
      if (!target || row.remote_id === null) return answer(row);
      if (!(await store.claimStatusRequest(id, askEverySeconds))) return answer((await store.find(id)) ?? row);
      try {
        const credential = await getCredential(row.user_id, row.project_id, target.provider);
        if (!credential) return answer(row, `Your ${row.provider} account is not connected. Connect it to see the provider's status.`);
        const state = await target.state(
          credential,
          row.remote_id,
          row.site_id === null ? undefined : { id: row.site_id, name: row.site_name ?? "" },
        );
        await store.update(id, { provider_status: state.raw });
        // The pipeline stopped waiting for the provider: settle the row on the next status request.
        if (!row.is_active && row.status === "deploying" && state.state !== "deploying") await settle(row, state);
        return answer((await store.find(id)) ?? row);
      } catch (err) {
        log.info({ err, deployment_id: id }, "provider status request failed");
        return answer(
          (await store.find(id)) ?? row,
          err instanceof AppError || err instanceof ProviderError
            ? err.message
            : "The provider is not reachable right now. Try again in a minute.",
          err instanceof ProviderError ? err.kind : undefined,
        );
      }
    },
    bundle: async (userId: string, id: string) => bundleOf(artifacts, await requireRow(userId, id)),
    lastLines: async (userId: string, id: string, lines: number): Promise<string[]> => {
      const row = await requireRow(userId, id);
      const { lines: total } = await store.countLines(row.id);
      return store.pageOfLines(row.id, { offset: Math.max(0, total - lines), limit: lines });
    },
    logs: async (userId: string, id: string, query: PageQuery): Promise<List<string>> => {
      const row = await requireRow(userId, id);
      const page = pageOf(query);
      const size = await store.countLines(row.id);
      return page.envelope(await store.pageOfLines(row.id, page), size.lines);
    },
    /** Stored lines first, then new ones until the deployment ends. */
    /** `lastSeq`: the last event the client received. Undefined: the client has already received the end. */
    stream: async (userId: string, id: string, signal: AbortSignal, lastSeq = 0) => {
      const row = await requireRow(userId, id);
      if (endSeqOf(row) <= lastSeq) return undefined;
      return follow(row, AbortSignal.any([signal, projects.lifetime(row.project_id)]), lastSeq);
    },
    cancel: async (userId: string, id: string): Promise<Deployment> => {
      const row = await requireRow(userId, id);
      await end(row);
      return presentDeployment((await store.find(row.id)) ?? row);
    },
    /**
     * When a container is deleted: cancels its running deployments and takes down local versions. Without `containerId`: for the whole
     * project.
     */
    release: async (projectId: string, containerId?: string): Promise<void> => {
      const rows = (await store.listOfProject(projectId)).filter(
        (row) => containerId === undefined || row.container_id === containerId || row.container_id === null,
      );
      await cutovers.end(rows);
      await Promise.all(rows.filter(({ is_active }) => is_active).map(end));
      for (const row of rows) {
        await activation.discard(row);
        await store.update(row.id, { has_artefact: false, ...(row.provider === "local" && { is_live: false }) });
        await sites.changed(row);
      }
    },
    remove: async (userId: string, id: string, { delete_remote }: { delete_remote?: boolean }): Promise<void> => {
      const row = await requireRow(userId, id);
      if (row.is_active) throw conflict("deployment_running", "This deployment is still running. Cancel it first.");
      if ((await store.listCutovers([id])).length > 0)
        throw conflict("deployment_running", "This version is being made live. Wait until that is done.");
      const target = findProvider(row.provider);
      // At Cloudflare a script is the whole site, so it is deleted only on explicit request.
      const isWanted = delete_remote ?? row.provider !== "cloudflare";
      if (target && row.remote_id !== null && isWanted)
        try {
          const credential = await getCredential(row.user_id, row.project_id, target.provider);
          if (credential) await target.remove(credential, row.remote_id, row.environment);
        } catch (err) {
          log.warn({ err, deployment_id: id }, "deployment not deleted at the provider");
        }
      await store.remove(row.id);
      await sites.changed(row);
      await activation.discard(row);
      await emitDeploymentChanged(context, row, { op: "delete" });
    },
  };

  async function settle(
    row: DeploymentRow,
    state: { state: "success" | "failed" | "deploying"; url?: string; error?: string },
  ): Promise<void> {
    const isGood = state.state === "success";
    const values = {
      status: isGood ? ("success" as const) : ("failed" as const),
      error: isGood ? null : await redactions.redact(row.project_id, state.error ?? "The provider gave no reason."),
      completed_at: new Date().toISOString(),
      ...(state.url !== undefined && { deployment_url: state.url }),
    };
    const isForAll = isGood && row.environment === "production";
    const after = isForAll ? await store.makeLive(row, values, { unlessLater: true }) : await store.update(row.id, values);
    if (after && isForAll && !after.is_live) await restoreNewer(after);
    if (after) await emitDeploymentChanged(context, after);
    await logs.notify(row.id);
  }
  /** A late deployment may have replaced a newer one at the provider: promote the newer one again. */
  async function restoreNewer(late: DeploymentRow): Promise<void> {
    const target = findProvider(late.provider);
    const live =
      late.container_id === null ? undefined : await store.findLive({ container_id: late.container_id, provider: late.provider });
    if (!target?.promote || !live || live.remote_id === null || live.site_id === null) return;
    try {
      const credential = await getCredential(live.user_id, live.project_id, target.provider);
      if (credential) await target.promote(credential, { id: live.site_id, name: live.site_name ?? "" }, live.remote_id);
    } catch (err) {
      log.warn({ err, deployment_id: live.id }, "live version not restored at its provider");
    }
  }
  async function* follow(row: DeploymentRow, signal: AbortSignal, lastSeq: number) {
    const follower = logs.follow(row.id, signal);
    let seq = lastSeq;
    let status: DeploymentStatus | undefined;
    try {
      while (!signal.aborted) {
        // Read the row before its lines, so that an ended deployment has all of its lines.
        const now = await store.find(row.id);
        if (!now) return;
        for (let page = await store.linesOf(row.id, seq, 500); page.length > 0; page = await store.linesOf(row.id, seq, 500))
          for (const { seq: at, line } of page) {
            seq = at;
            yield { seq, type: "log" as const, data: { line } };
          }
        if (now.status !== status) {
          status = now.status;
          yield { type: "status" as const, data: { status } };
        }
        if (!now.is_active) {
          yield { seq: endSeqOf(now), type: "done" as const, data: { status: now.status, error: now.error } };
          return;
        }
        await follower.wait();
      }
    } finally {
      follower.end();
    }
  }
}

/**
 * The `seq` of the `done` event: the end time in milliseconds, which is larger than any line number. A client that resumes with it has
 * received everything.
 */
const endSeqOf = ({ is_active, completed_at, updated_at }: DeploymentRow): number =>
  is_active ? Infinity : Date.parse(completed_at ?? updated_at);
const recordOf = (value: unknown): Record<string, unknown> | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
