import { AppError } from "../../../platform/errors.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Tasks } from "../../core/tasks/index.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { setUpKey } from "./container-setup.ts";
import { isOurs, type Report, type Services } from "./services.ts";
import type { StatusKeeper } from "./status.ts";
import type { Wiring } from "./wiring.ts";

/** It was not its own fault. */
class NotBegun extends AppError {
  constructor(message: string) {
    super("start_failed", message);
  }
}

/** Starts containers in the order of their connections: a target waits until its sources can be used, the rest goes side by side. */
export type Starting = ReturnType<typeof createStarting>;

export function createStarting({
  store,
  services,
  wiring,
  keeper,
  tasks,
}: {
  store: ContainersStore;
  services: Services;
  wiring: Wiring;
  keeper: StatusKeeper;
  tasks: Pick<Tasks, "findUnfinished" | "follow">;
}) {
  /** Nothing runs without its files: one that is being set up is waited for. */
  const untilSetUp = async (row: ContainerRow, signal: AbortSignal, report: Report): Promise<void> => {
    const task = await tasks.findUnfinished(setUpKey(row.id));
    if (!task) return;
    await report(5, `Waiting until ${row.name} is set up`);
    for await (const { data } of tasks.follow(task.id, signal))
      if (data.completed_at && data.status !== "completed")
        throw new AppError("start_failed", `${row.name} could not be set up: ${data.error ?? "it was interrupted."}`);
    signal.throwIfAborted();
  };
  /** The first that is still there: what was removed while everything started is nothing that failed. */
  const firstOf = async (rows: readonly ContainerRow[]): Promise<ContainerRow | undefined> => {
    for (const row of rows) if (await store.find(row.project_id, row.id)) return row;
    return undefined;
  };
  /** Starts all of them. Throws the first reason why one did not start, once nothing is under way any more. */
  const startAll = async (
    project: ProjectRow,
    rows: readonly ContainerRow[],
    signal: AbortSignal,
    report: Report,
    use: { isUse?: boolean } = {},
  ): Promise<void> => {
    const sources = await wiring.sourcesOf(project.id);
    const byId = new Map(rows.map((row) => [row.id, row]));
    const percents = new Map<string, number>();
    const told = async (row: ContainerRow, percent: number, message: string) => {
      percents.set(row.id, percent);
      await report([...percents.values()].reduce((sum, each) => sum + each, 0) / rows.length, message);
    };
    const begun = new Map<string, Promise<void>>();
    const begin = (row: ContainerRow): Promise<void> => {
      const known = begun.get(row.id);
      if (known) return known;
      const started = startAfter(
        row,
        (sources.get(row.id) ?? []).flatMap((id) => byId.get(id) ?? []),
      );
      begun.set(row.id, started);
      return started;
    };
    const startAfter = async (row: ContainerRow, first: readonly ContainerRow[]) => {
      const outcomes = await Promise.allSettled(first.map(begin));
      const missing = await firstOf(first.filter((_, i) => outcomes[i]?.status === "rejected"));
      if (missing) {
        const message = `${row.name} was not started, because ${missing.name} did not start.`;
        if (!signal.aborted) await keeper.fail(row, message);
        throw new NotBegun(message);
      }
      signal.throwIfAborted();
      await untilSetUp(row, signal, (percent, message) => told(row, percent, message));
      await services.start(project, row, signal, (percent, message) => told(row, percent, message), use);
      percents.set(row.id, 100);
    };
    const outcomes = await Promise.allSettled(rows.map(begin));
    const failed = rows.flatMap((row, i) => (outcomes[i]?.status === "rejected" ? [{ row, reason: outcomes[i].reason as unknown }] : []));
    const culprit = (await firstOf(failed.filter(({ reason }) => !(reason instanceof NotBegun)).map(({ row }) => row))) ?? failed[0]?.row;
    const left = failed.find(({ row }) => row.id === culprit?.id);
    if (left && (await firstOf([left.row]))) throw left.reason;
  };

  return {
    startAll,
    /** Starts one container, after those of its sources, and of theirs, that do not run. */
    startOne: async (
      project: ProjectRow,
      row: ContainerRow,
      signal: AbortSignal,
      report: Report,
      use: { isUse?: boolean } = {},
    ): Promise<void> => {
      const [sources, rows] = await Promise.all([wiring.sourcesOf(project.id), store.listAll(project.id)]);
      const byId = new Map(rows.map((each) => [each.id, each]));
      const needed = new Map([[row.id, row]]);
      const open = [row.id];
      for (let id = open.pop(); id !== undefined; id = open.pop())
        for (const source of (sources.get(id) ?? []).flatMap((each) => byId.get(each) ?? [])) {
          if (needed.has(source.id) || !isOurs(source) || (await services.isRunning(project, source))) continue;
          needed.set(source.id, source);
          open.push(source.id);
        }
      await startAll(project, [...needed.values()], signal, report, use);
    },
  };
}
