import { RuntimeError, sandboxPort, type SandboxPort } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { Redactions } from "../../projects/secrets/index.ts";
import type { EarlyServices } from "./early-services.ts";
import type { IdlePolicy } from "./idle-policy.ts";
import type { Restarts } from "./restarts.ts";
import { isServiceUp, portOf, stateOf } from "./service-state.ts";
import { describeFailure } from "./status.ts";

/** The port of a service that runs, or why it cannot be reached. */
export type PreviewTarget =
  | SandboxPort
  | { status: "stopped" | "starting" | "failed" | "frozen"; message: string; lastLines: string[]; restartAt?: number };

export type ServiceReach = ReturnType<typeof createServiceReach>;
/** Finds where services listen. */
export function createServiceReach({
  projects,
  redactions,
  idle,
  restarts,
  early,
}: {
  projects: Pick<Projects, "sandboxOf">;
  redactions: Pick<Redactions, "of">;
  idle: Pick<IdlePolicy, "watch" | "awake">;
  restarts: Pick<Restarts, "planOf">;
  early: Pick<EarlyServices, "has">;
}) {
  return {
    isRunning: async (project: ProjectRow, row: ContainerRow): Promise<boolean> =>
      isServiceUp(await stateOf(await projects.sandboxOf(project), row)),
    /** The port was refused: detect which port it listens on now. */
    refreshPort: async (project: ProjectRow, row: ContainerRow): Promise<void> => {
      const sandbox = await projects.sandboxOf(project);
      const state = await stateOf(sandbox, row);
      if (sandbox && state?.status === "running")
        await sandbox.ready(row.service_key, { timeoutMs: 1_000 }).catch((error: unknown) => {
          if (!(error instanceof RuntimeError)) throw error;
        });
    },
    /** Where a preview is served, or why not. Wakes a frozen project if `mayWake`, which counts as use unless `isUse` is false. */
    reach: async (
      project: ProjectRow,
      row: ContainerRow,
      { mayWake, isUse = true }: { mayWake: boolean; isUse?: boolean },
    ): Promise<PreviewTarget> => {
      if (project.environment_status === "provisioning")
        return { status: "starting", message: "The project is being set up.", lastLines: [] };
      const sandbox = await projects.sandboxOf(project);
      const state = early.has(project.id) ? undefined : await stateOf(sandbox, row);
      if (state && isServiceUp(state)) {
        const isFrozen = state.status === "frozen";
        if (isFrozen && !mayWake) return { status: "frozen", message: "The project is asleep.", lastLines: [] };
        // Another server process may have frozen it.
        if (isFrozen) idle.watch(project.id, true);
        if (mayWake) await idle.awake(project.id, { isUse });
        return sandboxPort(sandbox, state.port ?? portOf(row));
      }
      if (state?.status === "starting") return { status: "starting", message: "It is starting.", lastLines: [] };
      if (state?.status === "failed" || (row.status === "failed" && state?.status !== "stopped")) {
        const { redact } = await redactions.of(project.id);
        const { at } = restarts.planOf(project.id, row.service_key);
        return {
          status: "failed",
          ...(at !== undefined && { restartAt: at }),
          message: state ? describeFailure(state) : (row.status_message ?? "The container could not be started."),
          lastLines: (state?.lastLines ?? []).map(redact),
        };
      }
      return { status: "stopped", message: "It is stopped.", lastLines: [] };
    },
  };
}
