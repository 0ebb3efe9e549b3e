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

/**
 * Starts containers in dependency order: a target waits for its sources, unless its TESSLATE.md says that it need not; independent ones start
 * in parallel.
 */
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
  services: Pick<Services, "start" | "stop" | "isRunning" | "waitsForSources">;
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
    const start = async (row: ContainerRow, until: AbortSignal) => {
      await untilSetUp(row, until, (percent, message) => reportFor(row, percent, message));
      await services.start(project, row, until, (percent, message) => reportFor(row, percent, message), use);
    };
    const startAfter = async (row: ContainerRow, first: readonly ContainerRow[]) => {
      const failing = Promise.allSettled(first.map(begin)).then((outcomes) =>
        firstOf(first.filter((_, i) => outcomes[i]?.status === "rejected")),
      );
      failing.catch(() => undefined); // awaited below, unless something else throws before
      const failBecauseOf = async (missing: ContainerRow, what: "not started" | "stopped"): Promise<never> => {
        const message = `${row.name} was ${what} because ${missing.name} failed to start.`;
        if (!signal.aborted) await statusWriter.fail(row, message);
        throw new NotStarted(message);
      };
      if (first.length === 0 || (await services.waitsForSources(project, row))) {
        const missing = await failing;
        if (missing) await failBecauseOf(missing, "not started");
        signal.throwIfAborted();
        await start(row, signal);
      } else {
        const sourceFailed = new AbortController();
        const [[starting], missing] = await Promise.all([
          Promise.allSettled([start(row, AbortSignal.any([signal, sourceFailed.signal]))]),
          failing.then((found) => {
            if (found) sourceFailed.abort();
            return found;
          }),
        ]);
        if (missing) {
          if (!signal.aborted) await services.stop(project, row);
          await failBecauseOf(missing, "stopped");
        }
        if (starting.status === "rejected") throw starting.reason;
      }
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
