import type { ApplyChanges, ChangeSet } from "@tesslate/contract";
import { badRequest, conflict, notFound } from "../../../platform/errors.ts";
import type { Queries } from "../../../platform/database.ts";
import type { Announce } from "../../projects/files/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Redactor } from "../../projects/secrets/index.ts";
import type { TreeAccess } from "../snapshots/index.ts";
import { changesBetween, shownFile } from "./change-set.ts";
import type { ChangesStore } from "./changes.store.ts";
import type { ChangeSetRow } from "../../../db/schema/source.ts";
import { turnOver, turnoversOf } from "./reject.ts";
import type { Turns } from "./run-change-sets.ts";

export type ChangeSets = ReturnType<typeof createChangeSets>;

/** What runs did to the files, and what of it people do not want (agent-git-deploy 10). */
export function createChangeSets({
  store,
  turns,
  trees,
  projects,
  redactorOf,
  announce,
  refuseWhileRestoring,
}: {
  store: ChangesStore;
  turns: Turns;
  trees: TreeAccess;
  projects: { require(userId: string, ref: string): Promise<ProjectRow> };
  redactorOf: (projectId: string) => Promise<Redactor>;
  announce: Announce;
  /** Takes the tree's lock: neither a run nor a restore begins before the transaction ends. */
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
        isRunning ? "The files are being kept. Try again in a moment." : "The files before this run are not kept any more.",
        "snapshot_not_ready",
      );
    return { run, row, isRunning, project: await projects.require(userId, row.project_id) };
  };
  /** What the change set ends with: the point after the run, the next one there is, or the files as they are. */
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
    /** Throws `run_active`, `project_busy`, `hunks_do_not_fit`, 404 for what the change set does not have. */
    apply: async (userId: string, taskId: string, wish: ApplyChanges, signal: AbortSignal) => {
      const { run, row: found, project } = await locate(userId, taskId);
      const { written, rejected } = await store.transaction(async (tx) => {
        await refuseWhileRestoring(tx, project.id);
        if (await store.hasActiveRun(tx, project.id))
          throw conflict("run_active", "The agent works in this project. Stop it, or wait until it is done.");
        let row = (await store.find(taskId, tx)) ?? found;
        if (row.after_id === null) {
          // From now on the change set is what it is at this moment, whatever is written later.
          const { id } = await endOf(row, run?.completed_at, false);
          row = await turns.seal(project, row, { tx, afterId: id ?? (await turns.keepEnd(project, row)).id, isOver: true });
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
