import { isDeepStrictEqual } from "node:util";
import { RuntimeError, type RuntimeDriver } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { SnapshotContent, SnapshotRow } from "../../../db/schema/source.ts";
import type { Bus } from "../../../platform/bus.ts";
import { createTurns } from "../../../platform/concurrency.ts";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ProjectOwners } from "../../../platform/servers/index.ts";
import { isRunnerAway } from "../../../platform/when-reachable.ts";
import type { BackgroundCaptures } from "./background-captures.ts";
import { nameOf, type SnapshotCapture } from "./capture.ts";
import type { DueCopiesStore } from "./due-copies.store.ts";
import type { SnapshotsStore } from "./snapshots.store.ts";
import type { ProjectTreeAccess } from "./tree-access.ts";

const channel = "project_copy_due";
/** How many a server captures at the same time. */
const concurrency = 2;
/** How many wait at a server. The others are dispatched a minute later. */
const maxWaiting = 50;
/** A larger tree or database is not captured within this time. */
const timeoutMs = 15 * 60_000;

/**
 * Takes a snapshot of each project that changed since its last copy, so that the copy is made. People do not see these snapshots, and only the newest
 * one of a project is kept. One server finds what is due; the owner of each project captures it.
 */
export function createScheduledCopies({
  due,
  store,
  trees,
  projects,
  runtime,
  snapshotCapture,
  background,
  owners,
  bus,
  schedule,
  log,
}: {
  due: DueCopiesStore;
  store: Pick<SnapshotsStore, "transaction" | "lockTree" | "insert" | "remove">;
  trees: Pick<ProjectTreeAccess, "open">;
  projects: { find(projectId: string): Promise<ProjectRow | undefined> };
  runtime: Pick<RuntimeDriver, "isConnected">;
  snapshotCapture: Pick<SnapshotCapture, "savePoint" | "markReady" | "changed">;
  background: BackgroundCaptures;
  owners: Pick<ProjectOwners, "isOneOfSeveral" | "owns" | "use" | "onReleased">;
  bus: Pick<Bus, "listen" | "notify">;
  /** `undefined`: copies are made of snapshots that people take. `readQuietMs`: after that time without use, a project that is not kept running changes nothing. */
  schedule: { everyMs: number; readQuietMs: () => number | undefined } | undefined;
  log: Logger;
}) {
  const turns = createTurns(concurrency);
  const waiting = new Set<string>();
  const closing = new AbortController();

  /** The row of a new snapshot; undefined while something else replaces or saves the project. */
  const begin = (project: ProjectRow): Promise<SnapshotRow | undefined> =>
    store.transaction(async (tx) => {
      await store.lockTree(tx, project.id);
      if (await due.isBusy(tx, project.id)) return undefined;
      // Of an attempt that ended with its server.
      await due.removeUnfinished(tx, project.id);
      return store.insert(tx, {
        project_id: project.id,
        user_id: null,
        storage_key: project.id,
        snapshot_name: nameOf(project, "scheduled"),
        snapshot_type: "scheduled",
        label: "Automatic copy",
      });
    });
  const capture = async (project: ProjectRow, signal: AbortSignal): Promise<void> => {
    const started = Date.now();
    const { history } = await trees.open(project);
    const previous = await due.findNewestCopied(project.id);
    const row = await begin(project);
    if (!row) return;
    const point = `snapshot/${row.id}`;
    const drop = async () => {
      await store.transaction((tx) => store.remove(tx, [row.id]));
      await history.remove([point]).catch((err: unknown) => log.debug({ err, project_id: project.id }, "point not removed yet"));
    };
    try {
      const saved = await snapshotCapture.savePoint(project, row, {
        signal,
        note: async () => undefined,
        isUse: false,
        ...(previous?.content && { previous: { history, point: `snapshot/${previous.id}`, dumps: previous.content.dumps } }),
      });
      if (!previous || !hasSameContent(previous.content, saved.content)) {
        await snapshotCapture.markReady(project, row, saved);
        const facts = { project_id: project.id, snapshot_id: row.id, bytes: saved.volume_size_bytes, duration_ms: Date.now() - started };
        log.info(facts, "changes of a project saved for their copy");
        return;
      }
      await due.markUnchanged(project.id, { copied: previous.id, since: row.created_at, unneeded: row.id });
      await drop();
      log.debug({ project_id: project.id, duration_ms: Date.now() - started }, "project unchanged since its copy");
      await snapshotCapture.changed(project.id, "update", previous.id);
    } catch (error) {
      await drop();
      throw error;
    }
  };
  const attempt = async (projectId: string): Promise<void> => {
    // It may have waited for its turn.
    if (!(await owners.owns(projectId)) || !(await due.isDue(projectId))) return;
    const leave = owners.use(projectId);
    try {
      const project = await projects.find(projectId);
      if (!project || background.isRunning(projectId)) return;
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]);
      await background.run(projectId, signal, async (limited) => {
        try {
          await capture(project, limited);
        } catch (error) {
          // What stopped it comes first; the project stays due.
          if (limited.aborted && !signal.aborted) return;
          signal.throwIfAborted();
          throw error;
        }
      });
    } catch (error) {
      if (closing.signal.aborted) return;
      log.warn({ err: error, project_id: projectId }, "changes of a project not saved for their copy");
      await due.markFailed(projectId, error instanceof Error && error.name === "TimeoutError" ? tookTooLong : reasonOf(error));
    } finally {
      leave();
    }
  };
  const enqueue = (projectId: string): void => {
    if (waiting.has(projectId) || waiting.size >= maxWaiting || closing.signal.aborted) return;
    waiting.add(projectId);
    turns
      .take(closing.signal, () => attempt(projectId))
      .catch((err: unknown) => {
        if (!closing.signal.aborted) log.error({ err, project_id: projectId }, "scheduled copy failed");
      })
      .finally(() => waiting.delete(projectId));
  };

  if (schedule && owners.isOneOfSeveral) {
    bus.listen<{ ids: string[] }>(channel, ({ ids }) => {
      for (const id of ids)
        owners.owns(id).then(
          (isHere) => isHere && enqueue(id),
          (err: unknown) => log.warn({ err, project_id: id }, "owner of a due copy not found"),
        );
    });
    owners.onReleased(async (ids) => {
      for (const id of ids) await background.stop(id);
    });
  }

  return {
    schedule,
    jobHandlers: {
      copy_changed_projects: async () => {
        if (!schedule || isRunnerAway(runtime)) return;
        const ids = await due.update({ everyMs: schedule.everyMs, quietMs: schedule.readQuietMs() }, maxWaiting);
        const elsewhere: string[] = [];
        for (const id of ids)
          if (await owners.owns(id)) enqueue(id);
          else elsewhere.push(id);
        if (elsewhere.length > 0) await bus.notify(channel, { ids: elsewhere });
      },
    },
    close: async (): Promise<void> => closing.abort(),
  };
}

const hasSameContent = (a: SnapshotContent | null, b: SnapshotContent): boolean =>
  a !== null &&
  b.tree !== null &&
  a.tree === b.tree &&
  isDeepStrictEqual(
    ...([a, b].map(({ dumps }) => dumps.map(({ path, digest }) => `${path} ${digest}`).toSorted()) as [string[], string[]]),
  );

const tookTooLong = `Saving files and databases took longer than ${timeoutMs / 60_000} minutes.`;
/** For administrators. */
const reasonOf = (error: unknown): string =>
  error instanceof AppError || error instanceof RuntimeError
    ? error.message
    : "An unexpected error, which the log has in a line “changes of a project not saved for their copy”.";
