import { RuntimeError } from "@tesslate/runtime";
import { AppError } from "../../../platform/errors.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { Redactions } from "../../projects/secrets/index.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { IdlePolicy } from "./idle-policy.ts";
import type { SpecOf } from "./service-spec.ts";
import { isActive, stateOf } from "./service-state.ts";
import type { ContainerStatusWriter } from "./status.ts";

/** How long a service may take until a port is open. */
const readyMs = 120_000;

/** Progress of one start in percent. */
export type Report = (percent: number, message: string) => Promise<void>;

export type StartService = ReturnType<typeof createStartService>;
export function createStartService({
  store,
  projects,
  specOf,
  statusWriter,
  redactions,
  idle,
}: {
  store: Pick<ContainersStore, "update" | "find">;
  projects: Pick<Projects, "sandboxOf">;
  specOf: SpecOf;
  statusWriter: Pick<ContainerStatusWriter, "fail" | "written">;
  redactions: Pick<Redactions, "changed" | "redact">;
  idle: Pick<IdlePolicy, "keepAwake">;
}) {
  const startError = async (row: ContainerRow, error: unknown): Promise<unknown> => {
    if (!(error instanceof RuntimeError)) return error;
    // The driver's message quotes program output: redact it for users and keep it out of the log.
    return new AppError("start_failed", await redactions.redact(row.project_id, error.message), { cause: error.cause });
  };

  const reasonOf = async (row: ContainerRow, error: unknown): Promise<string> => {
    if (error instanceof AppError) return error.message;
    return error instanceof RuntimeError ? redactions.redact(row.project_id, error.message) : "The container could not be started.";
  };

  /**
   * Starts one service and waits until it is ready. Throws `start_failed` with the last lines, or `not_supported` when this machine cannot
   * run it. `isUse`: a user asked for it, so the project counts as used.
   */
  return async (
    project: ProjectRow,
    row: ContainerRow,
    signal: AbortSignal,
    report: Report,
    { isUse = true }: { isUse?: boolean } = {},
  ): Promise<void> => {
    await report(10, `Checking ${row.name}`);
    await report(25, "Opening the project");
    const sandbox = await projects.sandboxOf(project);
    // A slow start is not idleness.
    const release = await idle.keepAwake(project.id, { isUse });
    try {
      await report(40, "Reading the configuration");
      const spec = await specOf(project, row, sandbox);
      // The program can print these values from now on: refresh redaction.
      await redactions.changed(project.id);
      await report(55, `Starting ${row.name}`);
      if (!isActive(await stateOf(sandbox, row))) await store.update(row.id, { needs_restart: false });
      await sandbox.start(spec);
      // Deleted in between: the deletion stopped it before it was started, or will do so after this.
      if (!(await store.find(project.id, row.id))) {
        await sandbox.stop(row.service_key);
        throw new AppError("not_found", `${row.name} was deleted.`);
      }
      await report(70, `${row.name} is reachable at its URL`);
      await report(85, `Waiting for ${row.name} to respond`);
      await sandbox.ready(row.service_key, { timeoutMs: readyMs, signal });
      // A read of the container after its start must not find it starting.
      await statusWriter.written(project.id);
    } catch (error) {
      if (signal.aborted) {
        // At shutdown it keeps running, for the next process to adopt.
        if (signal.reason !== "shutdown") await sandbox.stop(row.service_key);
      } else if (error instanceof RuntimeError && error.code === "start_timeout") {
        const lines = (await stateOf(sandbox, row))?.lastLines ?? [];
        await sandbox.stop(row.service_key);
        await statusWriter.fail(row, `No port was open within ${readyMs / 1000} s, so it was stopped.`, lines);
      } else {
        await statusWriter.written(project.id);
        const state = await stateOf(sandbox, row);
        // A service that never started emitted no state.
        if (state?.status !== "failed") await statusWriter.fail(row, await reasonOf(row, error));
      }
      throw await startError(row, error);
    } finally {
      release();
    }
  };
}
