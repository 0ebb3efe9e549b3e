import type { SandboxPort } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { IdlePolicy } from "./idle-policy.ts";
import type { Services } from "./services.ts";
import { isManaged } from "./service-state.ts";

/** Where a running PostgreSQL is, and its administrator. */
export interface PostgresTarget {
  at: SandboxPort;
  user: string;
  password: string;
  database: string;
}
/** A PostgreSQL container of the project. */
export interface PostgresContainer {
  service_key: string;
  name: string;
  /** It runs or ran before; otherwise there is no data. */
  hasData: boolean;
  isRunning: boolean;
  /** Since when it is stopped: when it was last started. Null: it runs, or never ran. */
  readStoppedSince(): Promise<string | null>;
  /**
   * Calls `work` with a running server; starts a stopped one for that time, unless `isRunningOnly`. Without `isUse`, the idle time of the project
   * continues to count. Throws `start_failed`.
   */
  use<T>(
    signal: AbortSignal,
    work: (target: PostgresTarget) => Promise<T>,
    options?: { isRunningOnly?: boolean; isUse?: boolean },
  ): Promise<T>;
}

export type PostgresAccess = ReturnType<typeof createPostgresAccess>;

/** Access to the data of a project's databases, for snapshots and restores. */
export function createPostgresAccess({
  store,
  services,
  idle,
}: {
  store: ContainersStore;
  services: Pick<Services, "reach" | "start" | "stop" | "updateEnvironmentStatus" | "environmentOf">;
  idle: Pick<IdlePolicy, "keepAwake">;
}) {
  return async (project: ProjectRow): Promise<PostgresContainer[]> => {
    const rows = (await store.listAll(project.id)).filter((row) => isManaged(row) && row.service_slug === "postgres");
    return rows.map((row) => ({
      service_key: row.service_key,
      name: row.name,
      hasData: row.last_started_at !== null,
      isRunning: row.status === "running",
      readStoppedSince: async () => {
        const now = await store.find(project.id, row.id);
        return now && !["running", "starting", "frozen"].includes(now.status) ? now.last_started_at : null;
      },
      use: async (signal, work, { isRunningOnly = false, isUse = true } = {}) => {
        await using held = new AsyncDisposableStack();
        held.defer(await idle.keepAwake(project.id, { isUse }));
        let found = await services.reach(project, row, { mayWake: true, isUse });
        const wasStopped = "status" in found && !isRunningOnly;
        if (wasStopped) {
          await services.start(project, row, signal, async () => undefined, { isUse });
          found = await services.reach(project, row, { mayWake: true, isUse });
        }
        try {
          if ("status" in found) throw new Error(found.message);
          const env = await services.environmentOf(project, row);
          const user = env["POSTGRES_USER"] ?? "postgres";
          return await work({ at: found, user, password: env["POSTGRES_PASSWORD"] ?? "", database: env["POSTGRES_DB"] ?? user });
        } finally {
          if (wasStopped) {
            await services.stop(project, row);
            await services.updateEnvironmentStatus(project, project.stop_reason ?? undefined);
          }
        }
      },
    }));
  };
}
