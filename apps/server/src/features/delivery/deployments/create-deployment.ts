import type { DeployAllResult, DeployEnvironment, DeploymentRequest, DeployProvider } from "@tesslate/contract";
import { AppError } from "../../../platform/errors.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { DeploymentRow } from "../../../db/schema/delivery.ts";
import { taskLinks } from "../../core/tasks/index.ts";
import type { Projects } from "../../projects/projects/index.ts";
import { findOuterApp } from "./build/included-apps.ts";
import type { DeploymentReporter } from "./deployment-reporter.ts";
import type { DeploymentsStore } from "./deployments.store.ts";
import type { DeploymentChoices, PreparedDeployment, PrepareDeployment } from "./prepare-deployment.ts";
import { alreadyDeploying, deployedWith } from "./deployment-rules.ts";
import type { RequestVault } from "./deployment-request.ts";
import { presentDeployment } from "./present.ts";
import type { DeploymentTasks } from "./release/deployment-task.ts";

export type InsertDeployment = ReturnType<typeof createInsertDeployment>;
/** Inserts the row of a deployment. Throws `deployment_running`. */
export const createInsertDeployment =
  ({ store, vault }: { store: DeploymentsStore; vault: Pick<RequestVault, "seal"> }) =>
  async (
    tx: Parameters<DeploymentsStore["insert"]>[0],
    userId: string,
    project: ProjectRow,
    { container, provider, environment, mode, request, env_names, custom_domain, target_id }: PreparedDeployment,
    more: Partial<DeploymentRow> = {},
  ): Promise<DeploymentRow> => {
    const key = { container_id: container.id, provider };
    await store.lock(tx, key);
    if (await store.isBusy(tx, key, { except: more.task_id ?? null })) throw alreadyDeploying(container, provider);
    const id = crypto.randomUUID();
    return store.insert(tx, {
      id,
      project_id: project.id,
      user_id: userId,
      ...key,
      environment,
      container_name: container.name,
      version: await store.nextVersion(tx, key),
      mode,
      env_names,
      custom_domain,
      encrypted_request: vault.seal(id, request),
      ...(target_id !== undefined && { target_id }),
      ...more,
    });
  };

export type DeploymentCreation = ReturnType<typeof createDeploymentCreation>;
/** Creates deployments: validates everything first, then inserts row and task in one transaction. */
export function createDeploymentCreation({
  store,
  projects,
  prepare,
  insert,
  deploymentTasks,
  announce,
}: {
  store: Pick<DeploymentsStore, "transaction">;
  projects: Pick<Projects, "requireDeployable">;
  prepare: PrepareDeployment;
  insert: InsertDeployment;
  deploymentTasks: Pick<DeploymentTasks, "create">;
  announce: DeploymentReporter["announce"];
}) {
  return {
    create: async (userId: string, body: DeploymentRequest) => {
      const project = await projects.requireDeployable(userId, body.project_id);
      const prepared = await prepare(userId, project, body);
      const { row, task } = await store.transaction(async (tx) => {
        const made = await insert(tx, userId, project, prepared);
        const task = await deploymentTasks.create(tx, [made], { project, userId });
        return { row: { ...made, task_id: task.id }, task: task };
      });
      await announce(row, { op: "add" });
      return { ...taskLinks(task), deployment: presentDeployment(row) };
    },

    /** Creates several deployments as one task. One that is invalid is reported in the results and does not stop the others. */
    createAll: async (
      userId: string,
      project: ProjectRow,
      chosen: readonly { container: ContainerRow; provider: DeployProvider; /** Why it is not deployed. */ skipped?: string }[],
      options: { env_vars?: Record<string, string> | null | undefined; target_id?: string; environment?: DeployEnvironment },
    ) => {
      const results: DeployAllResult[] = [];
      const ready: { prepared: PreparedDeployment; result: DeployAllResult }[] = [];
      for (const { container, provider, skipped } of chosen) {
        const result: DeployAllResult = {
          container_id: container.id,
          container_name: container.name,
          provider,
          status: "pending",
          deployment_id: null,
          error: null,
        };
        results.push(result);
        const reason = container.container_type === "base" ? skipped : `${container.name} is a service.`;
        if (reason !== undefined) {
          Object.assign(result, { status: "skipped", error: reason });
          continue;
        }
        try {
          const prepared = await prepare(userId, project, {
            project_id: project.id,
            provider,
            container_id: container.id,
            ...(options.env_vars && { env_vars: options.env_vars }),
            ...(options.environment && { environment: options.environment }),
          });
          ready.push({ prepared: { ...prepared, ...(options.target_id !== undefined && { target_id: options.target_id }) }, result });
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          Object.assign(result, { status: "failed", error: error.message });
        }
      }
      const { rows, task } = await store.transaction(async (tx) => {
        const made: DeploymentRow[] = [];
        for (const { prepared, result } of ready) {
          // Always in the same order, so that two concurrent requests cannot deadlock.
          const row = await insert(tx, userId, project, prepared).catch((error: unknown) => {
            if (!(error instanceof AppError) || error.code !== "deployment_running") throw error;
            Object.assign(result, { status: "failed", error: error.message });
          });
          if (!row) continue;
          result.deployment_id = row.id;
          made.push(row);
        }
        return {
          rows: made,
          task: made.length === 0 ? undefined : await deploymentTasks.create(tx, made, { project, userId, all: results }),
        };
      });
      for (const row of rows) await announce(row, { op: "add" });
      return {
        ...(task ? taskLinks(task) : { task_id: null, status_url: null }),
        total: results.length,
        results,
      };
    },
  };
}

export type DeployAll = ReturnType<typeof createDeployAll>;
/** Deploys all containers of a project to their targets. */
export const createDeployAll =
  ({
    store,
    projects,
    choices: { defaultProvider },
    createAll,
  }: {
    store: Pick<DeploymentsStore, "containersOf">;
    projects: Pick<Projects, "requireDeployable" | "sandboxOf">;
    choices: Pick<DeploymentChoices, "defaultProvider">;
    createAll: DeploymentCreation["createAll"];
  }) =>
  async (
    userId: string,
    { project_id, provider, env_vars }: { project_id: string; provider?: DeployProvider | null; env_vars?: Record<string, string> | null },
  ) => {
    const project = await projects.requireDeployable(userId, project_id);
    const containers = await store.containersOf(project.id);
    const hasTarget = containers.some(({ deployment_provider }) => deployment_provider !== null);
    const fallbackProvider = provider ?? (hasTarget ? undefined : await defaultProvider(userId, project.id));
    const { files } = await projects.sandboxOf(project);
    const apps = containers.filter(({ container_type }) => container_type === "base");
    const outers = await Promise.all(containers.map((container) => findOuterApp(files, container, apps)));
    const chosen = containers
      .flatMap((container, i) => {
        const to = container.deployment_provider ?? fallbackProvider;
        const outer = outers[i];
        return to === undefined ? [] : [{ container, provider: to, ...(outer && { skipped: deployedWith(container, outer) }) }];
      })
      .sort((a, b) => (a.container.id < b.container.id ? -1 : 1));
    return createAll(userId, project, chosen, { env_vars });
  };
