import { AppError } from "../../../platform/errors.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { Tasks } from "../../core/tasks/index.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { ConnectionEnvironment } from "./environment.ts";
import type { Report } from "./service-start.ts";
import { isManaged } from "./service-state.ts";
import type { Services } from "./services.ts";
import { setupTaskKey } from "./names.ts";
import type { ContainerStatusWriter } from "./status.ts";

/** A dependency failed, not this container. */
class NotStarted extends AppError {
  constructor(message: string) {
    super("start_failed", message);
  }
}

/** Starts containers in dependency order: a target waits for its sources, independent ones start in parallel. */
export type ContainerStartup = ReturnType<typeof createContainerStartup>;

export function createContainerStartup({
  store,
  connectionEnvironment,
  tasks,
  services,
  statusWriter,
}: {
  store: Pick<ContainersStore, "find" | "listAll">;
  connectionEnvironment: Pick<ConnectionEnvironment, "sourcesOf">;
  tasks: Pick<Tasks, "findUnfinished" | "follow">;
  services: Pick<Services, "start" | "stop" | "isRunning">;
  statusWriter: Pick<ContainerStatusWriter, "fail">;
}) {
  /** Waits for a container that is still being set up. */
  const untilSetUp = async (row: ContainerRow, signal: AbortSignal, report: Report): Promise<void> => {
    const task = await tasks.findUnfinished(setupTaskKey(row.id));
    if (!task) return;
    await report(5, `Waiting until ${row.name} is set up`);
    for await (const { data } of tasks.follow(task.id, signal))
      if (data.completed_at && data.status !== "completed")
        throw new AppError("start_failed", `${row.name} could not be set up: ${data.error ?? "it was interrupted."}`);
    signal.throwIfAborted();
  };
  /** The first that still exists: a container deleted during the start is not a failure. */
  const firstOf = async (rows: readonly ContainerRow[]): Promise<ContainerRow | undefined> => {
    for (const row of rows) if (await store.find(row.project_id, row.id)) return row;
    return undefined;
  };
  /** Starts all. Throws the first failure after everything has ended. */
  const startAll = async (
    project: ProjectRow,
    rows: readonly ContainerRow[],
    signal: AbortSignal,
    report: Report,
    use: { isUse?: boolean } = {},
  ): Promise<void> => {
    const sources = await connectionEnvironment.sourcesOf(project.id);
    const byId = new Map(rows.map((row) => [row.id, row]));
    const percents = new Map<string, number>();
    const reportFor = async (row: ContainerRow, percent: number, message: string) => {
      percents.set(row.id, percent);
      await report([...percents.values()].reduce((sum, each) => sum + each, 0) / rows.length, message);
    };
    const starts = new Map<string, Promise<void>>();
    const begin = (row: ContainerRow): Promise<void> => {
      const known = starts.get(row.id);
      if (known) return known;
      const started = startAfter(
        row,
        (sources.get(row.id) ?? []).flatMap((id) => byId.get(id) ?? []),
      );
      starts.set(row.id, started);
      return started;
    };
    const startAfter = async (row: ContainerRow, first: readonly ContainerRow[]) => {
      const outcomes = await Promise.allSettled(first.map(begin));
      const missing = await firstOf(first.filter((_, i) => outcomes[i]?.status === "rejected"));
      if (missing) {
        const message = `${row.name} was not started because ${missing.name} failed to start.`;
        if (!signal.aborted) await statusWriter.fail(row, message);
        throw new NotStarted(message);
      }
      signal.throwIfAborted();
      await untilSetUp(row, signal, (percent, message) => reportFor(row, percent, message));
      await services.start(project, row, signal, (percent, message) => reportFor(row, percent, message), use);
      percents.set(row.id, 100);
    };
    const outcomes = await Promise.allSettled(rows.map(begin));
    const failed = rows.flatMap((row, i) => (outcomes[i]?.status === "rejected" ? [{ row, reason: outcomes[i].reason as unknown }] : []));
    const culprit = (await firstOf(failed.filter(({ reason }) => !(reason instanceof NotStarted)).map(({ row }) => row))) ?? failed[0]?.row;
    const left = failed.find(({ row }) => row.id === culprit?.id);
    if (left && (await firstOf([left.row]))) throw left.reason;
  };

  return {
    stop: services.stop,
    startAll,
    /** Starts one container after its direct and indirect sources. */
    startOne: async (
      project: ProjectRow,
      row: ContainerRow,
      signal: AbortSignal,
      report: Report,
      use: { isUse?: boolean } = {},
    ): Promise<void> => {
      const [sources, rows] = await Promise.all([connectionEnvironment.sourcesOf(project.id), store.listAll(project.id)]);
      const byId = new Map(rows.map((each) => [each.id, each]));
      const needed = new Map([[row.id, row]]);
      const open = [row.id];
      for (let id = open.pop(); id !== undefined; id = open.pop())
        for (const source of (sources.get(id) ?? []).flatMap((each) => byId.get(each) ?? [])) {
          if (needed.has(source.id) || !isManaged(source) || (await services.isRunning(project, source))) continue;
          needed.set(source.id, source);
          open.push(source.id);
        }
      await startAll(project, [...needed.values()], signal, report, use);
    },
  };
}
