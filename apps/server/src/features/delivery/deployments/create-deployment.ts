import { emitDeploymentChanged, type DeploymentContext } from "./context.ts";
import {
  DeployProvider,
  type BuildMode,
  type DeployAllResult,
  type DeployEnvironment,
  type DeploymentPlan,
  type DeploymentRequest,
} from "@tesslate/contract";
import { Value } from "typebox/value";
import { AppError, badRequest, conflict, invalid, notFound } from "../../../platform/errors.ts";
import type { EnvironmentVault, ConnectionEnvironment } from "../../runtime/containers/index.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { SecretVault } from "../../projects/secrets/index.ts";
import { taskLinks } from "../../core/tasks/index.ts";
import { composeEnv, defaultMode, proposedName, type StoredRequest, type Variable } from "./deployment-request.ts";
import { presentDeployment } from "./present.ts";
import type { DeploymentsStore } from "./deployments.store.ts";
import type { DeploymentRow } from "../../../db/schema/delivery.ts";
import type { DeploymentTasks } from "./release/deployment-task.ts";
import { maxSiteName, siteUrl } from "./release/local-sites.ts";
import { mayNeedServer } from "./build/server-command.ts";
import { buildPlanOf, defaultOutputOf, serverOnly } from "./build/plan.ts";

const outsideProviders = ["vercel", "netlify", "cloudflare"] as const satisfies readonly DeployProvider[];

/** A validated deployment request, ready to be inserted. */
export interface PreparedDeployment {
  container: ContainerRow;
  provider: DeployProvider;
  environment: DeployEnvironment;
  mode: BuildMode;
  request: StoredRequest;
  env_names: string[];
  custom_domain: string | null;
  target_id?: string;
}

/** Creates deployments: validates everything first, then inserts row and task in one transaction. */
export type DeploymentCreation = ReturnType<typeof createDeploymentCreation>;
export function createDeploymentCreation(
  context: DeploymentContext,
  {
    deploymentTasks,
    secrets,
    environments,
    connectionEnvironment,
  }: {
    deploymentTasks: DeploymentTasks;
    secrets: SecretVault;
    environments: EnvironmentVault;
    connectionEnvironment: ConnectionEnvironment;
  },
) {
  const { store, vault, projects, startCommandOf, hasCredential, address } = context;
  const providerOf = (name: string): DeployProvider => {
    const lower = name.trim().toLowerCase();
    if (Value.Check(DeployProvider, lower)) return lower;
    throw badRequest("Unknown provider. Use vercel, netlify, cloudflare or local.", "unknown_provider", {
      available: ["vercel", "netlify", "cloudflare", "local"],
    });
  };
  const containerOf = async (project: ProjectRow, id: string | null | undefined): Promise<ContainerRow> => {
    if (id === null || id === undefined) {
      const [first] = await store.baseContainers(project.id);
      if (!first) throw badRequest("This project has no app to deploy.", "no_containers");
      return first;
    }
    const row = (await store.containersOf(project.id)).find((container) => container.id === id);
    if (!row) throw notFound("Container");
    if (row.container_type !== "base") throw badRequest(`${row.name} is a service. Deploy the app that uses it.`, "not_supported");
    return row;
  };
  const modeOf = (provider: DeployProvider, asked: BuildMode | null | undefined): BuildMode => {
    const mode = asked ?? defaultMode(provider);
    if (mode === "source" && provider !== "vercel")
      throw badRequest("Only Vercel builds from source. Use pre-built for other providers.", "not_supported");
    return mode;
  };
  const isConnected = async (userId: string, projectId: string, provider: DeployProvider): Promise<boolean> =>
    provider === "local" || hasCredential(userId, projectId, provider);
  /** The default provider of a project without a target: the one connected account, otherwise this server. */
  const defaultProvider = async (userId: string, projectId: string): Promise<DeployProvider> => {
    const accounts = await Promise.all(
      outsideProviders.map(async (provider) => ((await hasCredential(userId, projectId, provider)) ? [provider] : [])),
    );
    const [only, ...others] = accounts.flat();
    return only !== undefined && others.length === 0 ? only : "local";
  };
  const variablesOf = async (project: ProjectRow, container: ContainerRow, exclude: readonly string[] | undefined): Promise<Variable[]> =>
    composeEnv(
      {
        secrets: await secrets.open(project.id),
        container: environments.open(container),
        connections: await connectionEnvironment.variablesOf(project.id, container.id),
      },
      { exclude },
    );
  const outputDirectory = (path: string | null | undefined): string | null => {
    if (path === null || path === undefined) return null;
    const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
    if (segments.includes("..") || path.includes("\\") || path.includes("\0"))
      throw invalid(["body", "output_directory"], "A folder inside the container's folder");
    return segments.join("/") || ".";
  };
  const domainOf = (domain: string | null | undefined, provider: DeployProvider, environment: DeployEnvironment): string | null => {
    if (domain === null || domain === undefined) return null;
    if (environment === "preview")
      throw badRequest("Custom domains point to the live version, so a preview cannot have one.", "custom_domain_not_supported");
    if (provider === "local")
      throw badRequest(
        "Sites on this server have their own URL. To use another domain, point a reverse proxy at it.",
        "custom_domain_not_supported",
      );
    const name = domain.trim().toLowerCase();
    if (!/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(name))
      throw invalid(["body", "custom_domain"], "A domain name, such as app.example.com");
    return name;
  };
  const missing = (provider: DeployProvider) =>
    badRequest(`Connect a ${provider} account first.`, "deployment_credentials_missing", { provider });

  const prepare = async (userId: string, project: ProjectRow, body: DeploymentRequest): Promise<PreparedDeployment> => {
    const provider = providerOf(body.provider);
    const container = await containerOf(project, body.container_id);
    const mode = modeOf(provider, body.deployment_mode);
    const environment = body.environment ?? "production";
    const custom_domain = domainOf(body.custom_domain, provider, environment);
    for (const [name, value] of Object.entries(body.env_vars ?? {}))
      if (value.includes("\0")) throw invalid(["body", "env_vars", name], "A value cannot contain a NUL character");
    const output_directory = outputDirectory(body.output_directory);
    if (!(await isConnected(userId, project.id, provider))) throw missing(provider);
    await projects.sandboxOf(project);
    const own = await variablesOf(project, container, body.exclude_env);
    const env = { ...Object.fromEntries(own.map(({ name, value }) => [name, value])), ...body.env_vars };
    return {
      container,
      provider,
      environment,
      mode,
      custom_domain,
      env_names: Object.keys(env).sort(),
      request: {
        build_command: body.build_command ?? null,
        output_directory,
        framework: body.framework ?? null,
        ignore_rules: body.ignore_rules ?? [],
        env,
      },
    };
  };
  const busy = (container: ContainerRow, provider: DeployProvider) =>
    conflict("deployment_running", `${container.name} is already being deployed to ${provider}.`);
  const insert = async (
    tx: Parameters<DeploymentsStore["insert"]>[0],
    userId: string,
    project: ProjectRow,
    { container, provider, environment, mode, request, env_names, custom_domain, target_id }: PreparedDeployment,
    more: Partial<DeploymentRow> = {},
  ): Promise<DeploymentRow> => {
    const place = { container_id: container.id, provider };
    await store.lock(tx, place);
    if (await store.isBusy(tx, place, { except: more.task_id ?? null })) throw busy(container, provider);
    const id = crypto.randomUUID();
    return store.insert(tx, {
      id,
      project_id: project.id,
      user_id: userId,
      ...place,
      environment,
      container_name: container.name,
      version: await store.nextVersion(tx, place),
      mode,
      env_names,
      custom_domain,
      sealed_request: vault.seal(id, request),
      ...(target_id !== undefined && { target_id }),
      ...more,
    });
  };

  const begin = async (userId: string, body: DeploymentRequest) => {
    const project = await projects.require(userId, body.project_id);
    const prepared = await prepare(userId, project, body);
    const { row, task } = await store.transaction(async (tx) => {
      const made = await insert(tx, userId, project, prepared);
      const task = await deploymentTasks.create(tx, [made], { project, userId });
      return { row: { ...made, task_id: task.id }, task: task };
    });
    await emitDeploymentChanged(context, row, { op: "add" });
    return { ...taskLinks(task), deployment: presentDeployment(row) };
  };

  /** Creates several deployments as one task. One that is invalid is reported in the results and does not stop the others. */
  const createAll = async (
    userId: string,
    project: ProjectRow,
    chosen: readonly { container: ContainerRow; provider: DeployProvider }[],
    options: { env_vars?: Record<string, string> | null | undefined; target_id?: string; environment?: DeployEnvironment },
  ) => {
    const results: DeployAllResult[] = [];
    const ready: { prepared: PreparedDeployment; result: DeployAllResult }[] = [];
    for (const { container, provider } of chosen) {
      const result: DeployAllResult = {
        container_id: container.id,
        container_name: container.name,
        provider,
        status: "pending",
        deployment_id: null,
        error: null,
      };
      results.push(result);
      if (container.container_type !== "base") {
        Object.assign(result, { status: "skipped", error: `${container.name} is a service.` });
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
    for (const row of rows) await emitDeploymentChanged(context, row, { op: "add" });
    return {
      ...(task ? taskLinks(task) : { task_id: null, status_url: null }),
      total: results.length,
      results,
    };
  };

  return {
    begin,
    createAll,
    insert,
    isConnected,
    missing,
    busy,
    deployAll: async (
      userId: string,
      {
        project_id,
        provider,
        env_vars,
      }: { project_id: string; provider?: DeployProvider | null; env_vars?: Record<string, string> | null },
    ) => {
      const project = await projects.require(userId, project_id);
      const containers = await store.containersOf(project.id);
      const hasTarget = containers.some(({ deployment_provider }) => deployment_provider !== null);
      const usual = provider ?? (hasTarget ? undefined : await defaultProvider(userId, project.id));
      const chosen = containers
        .flatMap((container) => {
          const to = container.deployment_provider ?? usual;
          return to === undefined ? [] : [{ container, provider: to }];
        })
        .sort((a, b) => (a.container.id < b.container.id ? -1 : 1));
      return createAll(userId, project, chosen, { env_vars });
    },
    /** Shows what a deployment would contain, without creating it. */
    plan: async (userId: string, body: DeploymentRequest): Promise<DeploymentPlan> => {
      const project = await projects.require(userId, body.project_id);
      const provider = providerOf(body.provider);
      const container = await containerOf(project, body.container_id);
      const mode = modeOf(provider, body.deployment_mode);
      const place = { container_id: container.id, provider };
      const request = { framework: body.framework ?? null, build_command: body.build_command ?? null };
      const output = { output_directory: outputDirectory(body.output_directory) };
      const { files } = await projects.sandboxOf(project);
      const warnings: string[] = [];
      const full = await buildPlanOf({ tree: files, container, project, provider, mode, request, startCommandOf }).catch(
        (error: unknown) => {
          if (!(error instanceof AppError)) throw error;
          warnings.push(error.message);
        },
      );
      const [variables, last, live, site] = await Promise.all([
        variablesOf(project, container, body.exclude_env),
        store.findLast(place, body.environment ?? "production"),
        store.findLive(place),
        store.findSite(place),
      ]);
      const before = new Set(last?.env_names);
      const names = new Set(variables.map(({ name }) => name));
      const asked = new Set(Object.keys(body.env_vars ?? {}));
      if (full?.isStaticExport)
        warnings.push("This Next.js app is deployed as a static export: server actions and dynamic routes will not work.");
      if (variables.some(({ source }) => source === "connection"))
        warnings.push(
          "Connection variables name containers of this project, which the deployed app cannot reach unless they are external.",
        );
      if (provider === "netlify" && names.size + asked.size > 0)
        warnings.push("Variables apply at build time only: a static site has none at run time.");
      const framework = full?.framework ?? "unknown";
      const isProgram =
        provider === "local" && mayNeedServer(framework, full?.command ?? null) && (framework !== "unknown" || full?.startCommand !== null);
      const base = site?.name ?? (await nameFor(project, container, provider));
      return {
        container_id: container.id,
        container_name: container.name,
        provider,
        framework,
        mode,
        build_command: full?.command ?? null,
        output_directory:
          isProgram || serverOnly.has(framework) || mode === "source" ? output.output_directory : defaultOutputOf(framework, output),
        is_connected: await isConnected(userId, project.id, provider),
        env: [
          ...variables.map(({ name, source }) => ({ name, source, change: before.has(name) ? ("kept" as const) : ("added" as const) })),
          ...[...before]
            .filter((name) => !names.has(name) && !asked.has(name))
            .map((name) => ({ name, source: "secret" as const, change: "removed" as const })),
        ],
        // A local preview gets its host when it is deployed.
        site_name: provider === "local" && body.environment === "preview" ? null : base,
        live: live ? { id: live.id, version: live.version, url: live.deployment_url } : null,
        warnings,
      };
    },
  };

  async function nameFor(project: ProjectRow, container: ContainerRow, provider: DeployProvider): Promise<string> {
    const name = await proposedName(store, project, container.name, provider === "local" ? maxSiteName.production : undefined);
    return provider === "local" ? new URL(siteUrl(address, "production", name)).host : name;
  }
}
