import type { DeployProvider, Deployment, DeploymentTarget, List } from "@tesslate/contract";
import { AppError, badRequest, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { DeploymentTargetsStore } from "./targets.store.ts";
import { presentDeployment as deploymentOf } from "./present.ts";
import type { DeploymentCreation } from "./create-deployment.ts";
import type { DeploymentChoices } from "./prepare-deployment.ts";
import type { DeploymentsStore } from "./deployments.store.ts";
import type { TargetRow } from "../../../db/schema/delivery.ts";
import { detectFramework } from "./build/framework.ts";
import { notConnected } from "./deployment-rules.ts";
import { capabilitiesOf, providerTitle } from "./providers/capabilities.ts";

export type DeploymentTargets = ReturnType<typeof createDeploymentTargets>;
/** Deployment targets on the canvas: a provider with the containers that are deployed to it. */
export function createDeploymentTargets({
  store,
  creation,
  deploymentsStore,
  projects,
  events,
}: {
  store: DeploymentTargetsStore;
  creation: Pick<DeploymentCreation, "createAll"> & Pick<DeploymentChoices, "isConnected">;
  deploymentsStore: Pick<DeploymentsStore, "list" | "containersOf">;
  projects: Pick<Projects, "require" | "sandboxOf">;
  events: EventLog;
}) {
  const changed = (projectId: string, id: string, op: "add" | "update" | "delete") =>
    events.append(projectId, { type: "target_changed", data: { id, op } });
  const find = async (userId: string, ref: string, id: string): Promise<{ project: ProjectRow; row: TargetRow }> => {
    const project = await projects.require(userId, ref);
    const row = await store.find(project.id, id);
    if (!row) throw notFound("Target");
    return { project, row };
  };
  const present = async (userId: string, rows: readonly TargetRow[]): Promise<DeploymentTarget[]> => {
    const containers = await store.containersOf(rows.map(({ id }) => id));
    const connected = new Map<DeployProvider, Promise<boolean>>();
    const isConnected = ({ project_id, provider }: TargetRow) => {
      const known = connected.get(provider) ?? creation.isConnected(userId, project_id, provider);
      connected.set(provider, known);
      return known;
    };
    return Promise.all(
      rows.map(async (row) => ({ ...row, container_ids: containers.get(row.id) ?? [], is_connected: await isConnected(row) })),
    );
  };
  const presentOne = async (userId: string, row: TargetRow): Promise<DeploymentTarget> =>
    (await present(userId, [row]))[0] as DeploymentTarget;
  const containerOf = async (project: ProjectRow, id: string): Promise<ContainerRow> => {
    const container = (await deploymentsStore.containersOf(project.id)).find((each) => each.id === id);
    if (!container) throw notFound("Container");
    return container;
  };
  /** Throws `target_incompatible` with the reason. A project without files is checked when it is deployed. */
  const requireSupported = async (project: ProjectRow, container: ContainerRow, provider: DeployProvider) => {
    const refuse = (text: string) => new AppError("target_incompatible", text, { details: { provider } });
    if (container.container_type !== "base") throw refuse(`${container.name} is a service. Only apps are deployed.`);
    const { frameworks } = capabilitiesOf(provider);
    if (!frameworks) return;
    const sandbox = await projects.sandboxOf(project).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
    });
    if (!sandbox) return;
    const { framework } = await detectFramework(sandbox.files, container.directory);
    if (!frameworks.has(framework)) throw refuse(`${providerTitle(provider)} does not support ${framework} apps.`);
  };

  return {
    list: async (userId: string, ref: string, query: PageQuery): Promise<List<DeploymentTarget>> => {
      const project = await projects.require(userId, ref);
      const page = pageOf(query);
      const { rows, total } = await store.list(project.id, page);
      return page.envelope(await present(userId, rows), total);
    },
    create: async (
      userId: string,
      ref: string,
      {
        provider,
        name,
        ...more
      }: { provider: DeployProvider; name?: string } & Partial<Pick<TargetRow, "environment" | "position_x" | "position_y">>,
    ): Promise<DeploymentTarget> => {
      const project = await projects.require(userId, ref);
      const row = await store.insert({ project_id: project.id, provider, name: name ?? capabilitiesOf(provider).title, ...more });
      await changed(project.id, row.id, "add");
      return presentOne(userId, row);
    },
    update: async (
      userId: string,
      ref: string,
      id: string,
      change: Partial<Pick<TargetRow, "name" | "environment" | "position_x" | "position_y">>,
    ): Promise<DeploymentTarget> => {
      const { project, row } = await find(userId, ref, id);
      const after = await store.update(row.id, change);
      if (!after) throw notFound("Target");
      await changed(project.id, row.id, "update");
      return presentOne(userId, after);
    },
    remove: async (userId: string, ref: string, id: string): Promise<void> => {
      const { project, row } = await find(userId, ref, id);
      await store.remove(row.id);
      await changed(project.id, row.id, "delete");
    },
    attach: async (userId: string, ref: string, id: string, containerId: string): Promise<DeploymentTarget> => {
      const { project, row } = await find(userId, ref, id);
      const container = await containerOf(project, containerId);
      await requireSupported(project, container, row.provider);
      await store.attach(row.id, container.id);
      await changed(project.id, row.id, "update");
      return presentOne(userId, row);
    },
    detach: async (userId: string, ref: string, id: string, containerId: string): Promise<void> => {
      const { project, row } = await find(userId, ref, id);
      if (!(await store.detach(row.id, containerId))) throw notFound("Container");
      await changed(project.id, row.id, "update");
    },
    deploy: async (userId: string, ref: string, id: string, { env_vars }: { env_vars?: Record<string, string> | null }) => {
      const { project, row } = await find(userId, ref, id);
      const ids = (await store.containersOf([row.id])).get(row.id) ?? [];
      const chosen = (await deploymentsStore.containersOf(project.id)).filter((container) => ids.includes(container.id));
      if (chosen.length === 0) throw badRequest("Attach a container to this target first.", "no_containers");
      if (!(await creation.isConnected(userId, project.id, row.provider))) throw notConnected(row.provider);
      return creation.createAll(
        userId,
        project,
        chosen.sort((a, b) => (a.id < b.id ? -1 : 1)).map((container) => ({ container, provider: row.provider })),
        { env_vars, target_id: row.id, environment: row.environment },
      );
    },
    history: async (userId: string, ref: string, id: string, query: PageQuery): Promise<List<Deployment>> => {
      const { row } = await find(userId, ref, id);
      const page = pageOf(query);
      const { rows, total } = await deploymentsStore.list({ target_id: row.id }, page);
      return page.envelope(
        rows.map((each) => deploymentOf(each)),
        total,
      );
    },
  };
}
