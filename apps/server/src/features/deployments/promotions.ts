import { setTimeout as sleep } from "node:timers/promises";
import type { LaunchRule } from "@tesslate/contract";
import { AppError, conflict, notFound } from "../../platform/errors.ts";
import type { EventLog } from "../../platform/events.ts";
import type { Projects } from "../projects/index.ts";
import type { ProjectRow } from "../projects/projects.table.ts";
import type { Redactions } from "../secrets/index.ts";
import { taskLinks, type Tasks } from "../tasks/index.ts";
import type { Activation } from "./activation.ts";
import type { Beginning } from "./beginning.ts";
import { StepFailed } from "./clean-room.ts";
import type { DeploymentLogs } from "./deployment-log.ts";
import { proposedName, type RequestVault } from "./deployment-request.ts";
import { canPromote, wireOf } from "./deployment-shape.ts";
import type { DeploymentsStore } from "./deployments.store.ts";
import type { DeploymentRow } from "./deployments.table.ts";
import { refusalOf, type Judging } from "./judging.ts";
import type { CredentialFor, FindTarget } from "./outside.ts";
import type { Credential, DeployTarget } from "./target.ts";
import { TargetError } from "./targets/client.ts";

const promotionType = "deployment_promotion";
/** A provider may build it once more. */
const promotionMs = 12 * 60_000;
const firstPollMs = 250;
const lastPollMs = 5000;

const isPassing = ({ kind }: TargetError): boolean => kind === "busy" || kind === "down" || kind === "unreachable";

interface Input {
  id: string;
  ignore_rules: LaunchRule[];
}

/** How a preview becomes what visitors see: the launch gate looks at the very same files anew, then its place is switched to them. */
export type Promotions = ReturnType<typeof createPromotions>;
export function createPromotions({
  store,
  vault,
  logs,
  activation,
  beginning,
  judging,
  projects,
  redactions,
  findTarget,
  credentialFor,
  events,
  tasks,
}: {
  store: DeploymentsStore;
  vault: RequestVault;
  logs: DeploymentLogs;
  activation: Activation;
  beginning: Beginning;
  judging: Judging;
  projects: Pick<Projects, "find">;
  redactions: Redactions;
  findTarget: FindTarget;
  credentialFor: CredentialFor;
  events: EventLog;
  tasks: Pick<Tasks, "define" | "createOnce">;
}) {
  const { isConnected, missing, busy } = beginning;
  const changed = (row: DeploymentRow, step?: string) =>
    events.append(row.project_id, {
      type: "deployment_changed",
      data: { id: row.id, op: "update", status: row.status, ...(step !== undefined && { step }) },
    });

  const look = async (
    row: DeploymentRow,
    project: ProjectRow,
    ignoreRules: LaunchRule[],
    log: (line: string) => void,
    signal: AbortSignal,
  ) => {
    const address = row.provider === "local" ? await activation.start(row, signal) : undefined;
    const report = await judging({ row, project, request: vault.open(row), address, warnings: [], ignoreRules, log, signal });
    await store.update(row.id, { report });
    const refusal = refusalOf(report);
    if (refusal) throw refusal;
  };
  const switchPlace = async (
    row: DeploymentRow,
    project: ProjectRow,
    log: (line: string) => void,
    signal: AbortSignal,
  ): Promise<DeploymentRow | undefined> => {
    const values = { environment: "production", error: null } as const;
    if (row.provider === "local") {
      const site = await activation.claimSite(row, await proposedName(store, project, row.container_name));
      return activation.switchTo(row, signal, { ...values, site_id: site.site_id, site_name: site.name, deployment_url: site.url });
    }
    const target = findTarget(row.provider);
    const credential = target && (await credentialFor(project.owner_id, project.id, target.provider));
    if (!target || !credential) throw missing(row.provider);
    const site = { id: row.site_id ?? "", name: row.site_name ?? "" };
    const { env } = vault.open(row);
    const done = await target.promote?.(credential, site, row.deployment_id ?? "", { env, log, signal });
    if (!done) throw new StepFailed("provider", "This preview is not at the connected account. Deploy it again.");
    const { url, remoteId } = done;
    if (remoteId !== undefined) await untilThere(target, credential, remoteId, signal);
    else if (url !== undefined) await store.keepSiteUrl({ container_id: row.container_id ?? "", provider: row.provider }, url);
    return store.makeLive(row, {
      ...values,
      ...(url !== undefined && { deployment_url: url }),
      ...(remoteId !== undefined && { deployment_id: remoteId }),
    });
  };
  const untilThere = async (target: DeployTarget, credential: Credential, remoteId: string, signal: AbortSignal): Promise<void> => {
    for (let wait = firstPollMs; ; wait = Math.min(2 * wait, lastPollMs)) {
      const state = await target.state(credential, remoteId).catch((error: unknown) => {
        // One that cannot be asked for a while goes on all the same.
        if (error instanceof TargetError && isPassing(error)) return { state: "deploying" as const, retryAfterMs: error.retryAfterMs };
        throw error;
      });
      if (state.state === "success") return;
      if (state.state === "failed") throw new StepFailed("provider", state.error ?? "The provider gave no reason.");
      await sleep(Math.max(wait, state.retryAfterMs ?? 0), undefined, { signal });
    }
  };

  tasks.define<Input>(promotionType, {
    timeoutMs: promotionMs,
    run: async ({ input, signal, progress }) => {
      const row = await store.find(input.id);
      const project = row && (await projects.find(row.project_id));
      if (!row || !project) throw notFound("Deployment");
      const redaction = await redactions.live(project.id);
      const redact = (text: string) => redaction.current.redact(text);
      const lines = await logs.open(row.id, redact);
      try {
        // A server that ended between the two goes on here.
        if (row.is_live) return { deployment_id: row.id, version: row.version, deployment_url: row.deployment_url };
        await progress(20, `Looking at version ${row.version} anew`);
        lines.line("== Check ==");
        await changed(row, "Check");
        await look(row, project, input.ignore_rules, (line) => lines.line(line), signal);
        await progress(70, `Making version ${row.version} live`);
        const live = await switchPlace(row, project, (line) => lines.line(line), signal);
        if (!live) throw notFound("Deployment");
        lines.line(
          `Version ${live.version} was promoted: it is what visitors see${live.deployment_url ? ` at ${live.deployment_url}` : ""}`,
        );
        await changed(live);
        return { deployment_id: live.id, version: live.version, deployment_url: live.deployment_url };
      } catch (error) {
        // The next start goes on.
        if (signal.reason === "shutdown") throw error;
        const isForPeople = error instanceof AppError || error instanceof TargetError;
        const sentence = redact(isForPeople ? error.message : "Something went wrong on our side. It has been logged.").slice(0, 2000);
        lines.line(`It was not promoted. ${sentence}`);
        const after = await store.update(row.id, { error: `It was not promoted. ${sentence}` });
        if (after) await changed(after);
        throw isForPeople ? new AppError("not_deployable", sentence) : error;
      } finally {
        await lines.settle();
        await logs.ring(row.id);
      }
    },
    interrupted: async (task) => {
      const { user_id, project_id, type, unique_key, input, metadata } = task;
      await tasks.createOnce({
        user_id,
        type,
        unique_key: unique_key ?? type,
        input,
        metadata,
        ...(project_id !== null && { project_id }),
      });
    },
  });

  return {
    begin: async (userId: string, project: ProjectRow, row: DeploymentRow, { ignore_rules = [] }: { ignore_rules?: LaunchRule[] }) => {
      if (!canPromote(row))
        throw conflict(
          "not_deployable",
          row.environment === "production"
            ? "This version is no preview."
            : "Only a preview that is there, and whose files are kept, can be promoted.",
        );
      const container = (await store.containersOf(project.id)).find((each) => each.id === row.container_id);
      if (!container) throw conflict("not_deployable", "The container of this version was removed.");
      if (!(await isConnected(userId, project.id, row.provider))) throw missing(row.provider);
      await store.transaction(async (tx) => {
        const place = { container_id: container.id, provider: row.provider };
        await store.lock(tx, place);
        if (await store.isBusy(tx, place)) throw busy(container, row.provider);
      });
      const task = await tasks.createOnce({
        user_id: userId,
        project_id: project.id,
        type: promotionType,
        unique_key: `${promotionType}:${container.id}:${row.provider}`,
        metadata: {
          project_id: project.id,
          project_slug: project.slug,
          deployment_id: row.id,
          version: row.version,
          provider: row.provider,
        },
        input: { id: row.id, ignore_rules } satisfies Input,
        message: `Waiting to promote version ${row.version}`,
      });
      if ((task.row.input as Input).id !== row.id) throw busy(container, row.provider);
      return { ...taskLinks(task.row), deployment: wireOf(row) };
    },
  };
}
