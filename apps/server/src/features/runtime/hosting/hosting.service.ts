import type { DeploymentLimits } from "@tesslate/contract";
import type { Config } from "../../../config.ts";
import { conflict, limitReached, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ContainerLifecycle } from "../containers/index.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { HostingStore } from "./hosting.store.ts";

/** Always-on projects: they are never frozen or stopped when idle, and restart after a crash or reboot. */
export type Hosting = ReturnType<typeof createHosting>;

export function createHosting({
  store,
  projects,
  lifecycle,
  limits,
  log,
}: {
  store: HostingStore;
  projects: Projects;
  lifecycle: ContainerLifecycle;
  limits: Pick<Config["projects"], "maxDeploys" | "maxRunning">;
  log: Logger;
}) {
  const undeploy = async (projectId: string): Promise<void> => {
    const row = await store.undeploy(projectId);
    if (row) await projects.publishStatus(row);
  };
  return {
    limits: async (userId: string): Promise<DeploymentLimits> => {
      const [{ tier, slots }, deployed, running] = await Promise.all([
        store.planOf(userId),
        store.deployedOf(userId),
        store.countRunning(userId),
      ]);
      const limit = limits.maxDeploys[tier] + slots;
      return {
        subscription_tier: tier,
        deploys: { used: deployed.length, limit: Number.isFinite(limit) ? limit : null },
        running: { used: running, limit: limits.maxRunning[tier] },
        deployed: deployed.map((row) => ({ ...row, deployed_at: row.deployed_at ?? "" })),
      };
    },
    /** Marks the project always-on and starts it; reverts when it cannot start. */
    deploy: async (userId: string, ref: string) => {
      const project = await projects.requireDeployable(userId, ref);
      if (project.environment_status === "provisioning" || project.environment_status === "setup_failed")
        throw conflict("project_busy", "This project is not set up yet. Try again when setup is done.");
      const { row, isNew, limit, deployed } = await store.deploy(project, limits.maxDeploys);
      if (!row) {
        if (deployed.length < limit) throw notFound("Project");
        throw limitReached(
          "deploy_limit_reached",
          limit === 0
            ? "Your plan does not include always-on projects."
            : `Your plan keeps ${limit === 1 ? "one project" : `${limit} projects`} always on, and ${deployed.map(({ name }) => name).join(", ")} already ${deployed.length === 1 ? "is" : "are"}. Turn one off first.`,
          {
            used: deployed.length,
            limit,
            current_deployed: deployed.length,
            max_deploys: limit,
            deployed: deployed.map(({ id, name, slug }) => ({ id, name, slug })),
          },
        );
      }
      try {
        const { containers: _, ...started } = await lifecycle.startProject(row);
        if (isNew) await projects.publishStatus(row);
        return { ...started, project_slug: row.slug, is_deployed: true as const, deployed_at: row.deployed_at ?? "" };
      } catch (error) {
        if (isNew) await undeploy(row.id);
        throw error;
      }
    },
    undeploy: async (userId: string, ref: string): Promise<void> => undeploy((await projects.require(userId, ref)).id),
    /** At boot: starts always-on projects that were not stopped by hand. */
    resume: async (among?: readonly string[]): Promise<void> => {
      for (const project of await store.listDown())
        try {
          if (among && !among.includes(project.id)) continue;
          await lifecycle.wakeProject(project);
          log.info({ project_id: project.id }, "starting always-on project");
        } catch (err) {
          log.warn({ err, project_id: project.id }, "always-on project not started");
        }
    },
  };
}
