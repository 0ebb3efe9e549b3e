import type { DeploymentLimits } from "@tesslate/contract";
import type { Config } from "../../../config.ts";
import { AppError, conflict, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Power } from "../containers/index.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { HostingStore } from "./hosting.store.ts";

/** Keep-alive hosting (accounts-projects 9): hosted projects never fall asleep and are started again after a crash or a reboot. */
export type Hosting = ReturnType<typeof createHosting>;

export function createHosting({
  store,
  projects,
  power,
  limits,
  log,
}: {
  store: HostingStore;
  projects: Projects;
  power: Power;
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
    /** Hosts the project and starts it. What cannot be started is not hosted either. */
    deploy: async (userId: string, ref: string) => {
      const project = await projects.require(userId, ref);
      if (project.environment_status === "provisioning" || project.environment_status === "setup_failed")
        throw conflict("project_busy", "This project is not set up yet.");
      const { row, isNew, limit, deployed } = await store.deploy(project, limits.maxDeploys);
      if (!row) {
        if (deployed.length < limit) throw notFound("Project");
        throw new AppError(
          "deploy_limit_reached",
          limit === 0
            ? "Your plan does not include hosting."
            : `Your plan keeps ${limit === 1 ? "one project" : `${limit} projects`} running, and ${deployed.map(({ name }) => name).join(", ")} ${deployed.length === 1 ? "is" : "are"} hosted already.`,
          {
            details: {
              limit,
              current_deployed: deployed.length,
              max_deploys: limit,
              deployed: deployed.map(({ id, name, slug }) => ({ id, name, slug })),
            },
          },
        );
      }
      try {
        const { containers: _, ...started } = await power.startProject(row);
        if (isNew) await projects.publishStatus(row);
        return { ...started, project_slug: row.slug, is_deployed: true as const, deployed_at: row.deployed_at ?? "" };
      } catch (error) {
        if (isNew) await undeploy(row.id);
        throw error;
      }
    },
    undeploy: async (userId: string, ref: string): Promise<void> => undeploy((await projects.require(userId, ref)).id),
    /** At boot: starts what is hosted and was not stopped by its owner. */
    resume: async (): Promise<void> => {
      for (const project of await store.listDown())
        try {
          await power.wakeProject(project);
          log.info({ project_id: project.id }, "hosted project starts");
        } catch (err) {
          log.warn({ err, project_id: project.id }, "hosted project not started");
        }
    },
  };
}
