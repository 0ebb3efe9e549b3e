import type { ApplyChanges, ChangeSet } from "@tesslate/contract";
import { badRequest, conflict, notFound } from "../../../platform/errors.ts";
import type { Queries } from "../../../platform/database.ts";
import type { Announce } from "../../projects/files/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Redactor } from "../../projects/secrets/index.ts";
import type { ProjectTreeAccess } from "../snapshots/index.ts";
import { changesBetween, shownFile } from "./change-set.ts";
import type { ChangesStore } from "./changes.store.ts";
import type { ChangeSetRow } from "../../../db/schema/source.ts";
import { turnOver, turnoversOf } from "./reject.ts";
import type { RunChangeSets } from "./run-change-sets.ts";

export type ChangeSets = ReturnType<typeof createChangeSets>;

/** Change sets of runs, and rejecting parts of them. */
export function createChangeSets({
  store,
  runChangeSets,
  trees,
  projects,
  redactorOf,
  announce,
  refuseWhileRestoring,
}: {
  store: ChangesStore;
  runChangeSets: RunChangeSets;
  trees: ProjectTreeAccess;
  projects: { require(userId: string, ref: string): Promise<ProjectRow> };
  redactorOf: (projectId: string) => Promise<Redactor>;
  announce: Announce;
  /** Takes the tree's lock: no run or restore starts before the transaction ends. */
  refuseWhileRestoring: (tx: Queries, projectId: string) => Promise<void>;
}) {
  const locate = async (userId: string, taskId: string) => {
    const run = await store.findRun(taskId);
    const isRunning = run?.status === "queued" || run?.status === "running";
    let row = await store.find(taskId);
    if ((run ?? row)?.user_id !== userId) throw notFound("Run");
    if (!row && run && (run.input as { resumes: string | null }).resumes !== null) {
      const first = await store.findFirstOf((run.input as { user_message_id: string }).user_message_id);
      if (first) row = { ...first, task_id: taskId, after_id: null, rejected: [], by_person: [] };
    }
    if (!row)
      throw badRequest(
        isRunning ? "The files are being saved. Try again in a moment." : "The files before this run are no longer available.",
        "snapshot_not_ready",
      );
    return { run, row, isRunning, project: await projects.require(userId, row.project_id) };
  };
  /** The end of the change set: the checkpoint after the run, the next one, or the current files. */
  const endOf = async (row: ChangeSetRow, completedAt: string | null | undefined, isRunning: boolean) => {
    if (row.after_id !== null) return { compared_with: "after" as const, id: row.after_id };
    const next = !isRunning && completedAt ? await store.findNextPoint(row, completedAt) : undefined;
    return next === undefined ? { compared_with: "now" as const, id: undefined } : { compared_with: "next" as const, id: next };
  };
  const pointName = (id: string | undefined) => (id === undefined ? "now" : `checkpoint/${id}`);

  return {
    diff: async (userId: string, taskId: string, signal: AbortSignal): Promise<ChangeSet> => {
      const { run, row, isRunning, project } = await locate(userId, taskId);
      const end = await endOf(row, run?.completed_at, isRunning);
      const { history } = await trees.open(project);
      const [found, redactor, before, byPerson] = await Promise.all([
        changesBetween(history, pointName(row.before_id), pointName(end.id), signal),
        redactorOf(project.id),
        store.findCheckpoint(row.before_id),
        row.after_id === null ? store.filesByPerson(project.id, taskId, { isOpen: isRunning }) : row.by_person,
      ]);
      return {
        task_id: taskId,
        project_id: project.id,
        chat_id: row.chat_id,
        message_id: row.message_id,
        message: redactor.redact(before?.label ?? ""),
        is_running: isRunning,
        compared_with: end.compared_with,
        before_id: row.before_id,
        after_id: row.after_id,
        started_at: row.created_at,
        files: found.files.map((file) =>
          shownFile(file, { redactor, byPerson, rejection: row.rejected.find((one) => one.path === file.path) }),
        ),
        total: found.total,
        additions: found.additions,
        deletions: found.deletions,
      };
    },
    /** Throws `run_active`, `project_busy`, `hunks_do_not_fit`, or 404 for files and hunks that are not in the change set. */
    apply: async (userId: string, taskId: string, wish: ApplyChanges, signal: AbortSignal) => {
      const { run, row: found, project } = await locate(userId, taskId);
      const { written, rejected } = await store.transaction(async (tx) => {
        await refuseWhileRestoring(tx, project.id);
        if (await store.hasActiveRun(tx, project.id))
          throw conflict("run_active", "The agent is working in this project. Stop it, or wait until it is done.");
        let row = (await store.find(taskId, tx)) ?? found;
        if (row.after_id === null) {
          // Fix the change set now, so that later writes do not change it.
          const { id } = await endOf(row, run?.completed_at, false);
          row = await runChangeSets.seal(project, row, { tx, afterId: id ?? (await runChangeSets.keepEnd(project, row)).id, isOver: true });
        }
        const sandbox = await trees.open(project);
        const points = { before: pointName(row.before_id), after: pointName(row.after_id ?? undefined) };
        const { files } = await changesBetween(sandbox.history, points.before, points.after, signal);
        const { turnovers, rejected } = turnoversOf(files, row.rejected, wish);
        const written = await turnOver(sandbox, points, turnovers, signal);
        await store.setRejected(tx, taskId, rejected);
        return { written, rejected };
      });
      if (written.length > 0) await announce(project, written);
      return {
        written: written.map(({ path, op, new_path, etag }) => ({
          path,
          op,
          ...(new_path !== undefined && { new_path }),
          ...(etag !== undefined && { etag }),
        })),
        rejected,
      };
    },
  };
}
