import type { ApplyChanges, ChangeSet, List, RunSummary } from "@tesslate/contract";
import { conflict } from "../../../platform/errors.ts";
import type { Queries } from "../../../platform/database.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { TaskRow } from "../../../db/schema/core.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Announce } from "../../projects/files/index.ts";
import type { Redactor } from "../../projects/secrets/index.ts";
import { titleOfCheckpoint, type ProjectTreeAccess } from "../snapshots/index.ts";
import { changesBetween, shownFile } from "./change-set.ts";
import { pointName, type ChangeSetLookup } from "./change-set-lookup.ts";
import type { ChangesStore } from "./changes.store.ts";
import { applyReview, standingRejections, transitionsOf } from "./reject.ts";
import type { RunChangeSets } from "./run-change-sets.ts";

/** The id of the message in which a run answers. */
const answerOf = (task: TaskRow | null): string | undefined => (task?.input as { message_id?: string } | undefined)?.message_id;

export type ListRuns = ReturnType<typeof createListRuns>;
/** The runs in the files of a project. */
export const createListRuns =
  ({
    store,
    projects,
    redactorOf,
  }: {
    store: ChangesStore;
    projects: { require(userId: string, ref: string): Promise<ProjectRow> };
    redactorOf: (projectId: string) => Promise<Redactor>;
  }) =>
  async (userId: string, ref: string, query: PageQuery): Promise<List<RunSummary>> => {
    const project = await projects.require(userId, ref);
    const page = pageOf(query);
    const { rows, total } = await store.listRuns(project.id, page);
    const messageIds = rows.map(({ set }) => set.message_id);
    const chatIds = rows.map(({ set }) => set.chat_id);
    const [costs, durations, pictures, rewound, redactor] = await Promise.all([
      store.costsOf(messageIds),
      store.durationsOf(
        chatIds,
        rows.flatMap(({ task }) => answerOf(task) ?? []),
      ),
      store.picturesOf(rows.map(({ set }) => set.task_id)),
      store.rewoundOf(chatIds, messageIds),
      redactorOf(project.id),
    ]);
    const runs = rows.map(({ set, started_at, message, task }): RunSummary => {
      const canRedo = rewound.get(set.message_id);
      return {
        task_id: set.task_id,
        chat_id: set.chat_id,
        message_id: set.message_id,
        message: redactor.redact(message),
        // Tasks are deleted before checkpoints are.
        status: task?.status ?? "completed",
        before_id: set.before_id,
        after_id: set.after_id,
        files: set.files,
        additions: set.additions,
        deletions: set.deletions,
        cost_cents: costs.get(set.message_id) ?? 0,
        picture_id: pictures.get(set.task_id) ?? null,
        started_at,
        ended_at: task?.completed_at ?? null,
        duration_ms: (task?.completed_at && durations.get(answerOf(task) ?? "")) || null,
        visibility: canRedo === undefined ? "shown" : canRedo ? "hidden" : "discarded",
      };
    });
    return page.envelope(runs, total);
  };

export type DiffChangeSet = ReturnType<typeof createDiffChangeSet>;
/** What a run changed. */
export const createDiffChangeSet =
  ({
    lookup: { locate, endOf },
    store,
    trees,
    redactorOf,
  }: {
    lookup: ChangeSetLookup;
    store: ChangesStore;
    trees: ProjectTreeAccess;
    redactorOf: (projectId: string) => Promise<Redactor>;
  }) =>
  async (userId: string, taskId: string, signal: AbortSignal): Promise<ChangeSet> => {
    const { run, row, isRunning, project } = await locate(userId, taskId);
    const end = await endOf(row, run?.completed_at, isRunning);
    const sandbox = await trees.open(project);
    const points = { before: pointName(row.before_id), after: pointName(end.id) };
    const [found, redactor, before, byUser] = await Promise.all([
      changesBetween(sandbox.history, points.before, points.after, { signal }),
      redactorOf(project.id),
      store.findCheckpoint(row.before_id),
      row.after_id === null ? store.filesByUser(project.id, taskId, { isOpen: isRunning }) : row.by_person,
    ]);
    const rejected = await standingRejections(sandbox, points, found.files, row.rejected, signal);
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
      files: found.files.map((file) => shownFile(file, { redactor, byUser, rejection: rejected.find((one) => one.path === file.path) })),
      total: found.total,
      additions: found.additions,
      deletions: found.deletions,
    };
  };

export type ApplyChangeSet = ReturnType<typeof createApplyChangeSet>;
/**
 * Rejects parts of what a run changed, or applies them again; where runs are committed, that is a commit too. Throws `run_active`, `project_busy`, `hunks_do_not_fit`, or 404 for files and hunks
 * that are not in the change set.
 */
export const createApplyChangeSet =
  ({
    lookup: { locate, endOf },
    store,
    runChangeSets,
    trees,
    announce,
    commit,
    refuseWhileRestoring,
  }: {
    lookup: ChangeSetLookup;
    store: ChangesStore;
    runChangeSets: RunChangeSets;
    trees: ProjectTreeAccess;
    announce: Announce;
    /** Commits files of the project. Never throws. */
    commit(project: ProjectRow, userId: string, change: { paths: readonly string[]; subject: string }): Promise<unknown>;
    /** Takes the tree's lock: no run or restore starts before the transaction ends. */
    refuseWhileRestoring: (tx: Queries, projectId: string) => Promise<void>;
  }) =>
  async (userId: string, taskId: string, request: ApplyChanges, signal: AbortSignal) => {
    const { run, row: found, project } = await locate(userId, taskId);
    const { written, rejected } = await store.transaction(async (tx) => {
      await refuseWhileRestoring(tx, project.id);
      if (await store.hasActiveRun(tx, project.id))
        throw conflict("run_active", "The agent is working in this project. Stop it, or wait until it is done.");
      let row = (await store.find(taskId, tx)) ?? found;
      if (row.after_id === null) {
        // Fix the change set now, so that later writes do not change it.
        const { id } = await endOf(row, run?.completed_at, false);
        row = await runChangeSets.close(project, row, { tx, afterId: id ?? (await runChangeSets.keepEnd(project, row)).id, isOver: true });
      }
      const sandbox = await trees.open(project);
      const points = { before: pointName(row.before_id), after: pointName(row.after_id ?? undefined) };
      const { files } = await changesBetween(sandbox.history, points.before, points.after, { signal });
      const standing = await standingRejections(sandbox, points, files, row.rejected, signal);
      const { transitions, rejected } = transitionsOf(files, standing, request);
      const written = await applyReview(sandbox, points, transitions, signal);
      await store.setRejected(tx, taskId, rejected);
      return { written, rejected };
    });
    if (written.length > 0) {
      await announce(project, written);
      const before = await store.findCheckpoint(found.before_id);
      const name = before ? ` of “${titleOfCheckpoint(before)}”` : "";
      await commit(project, userId, {
        paths: written.flatMap(({ path, new_path }) => (new_path === undefined ? [path] : [path, new_path])),
        subject: (request.reject ?? []).length > 0 ? `Reject changes${name}` : `Apply rejected changes${name}`,
      });
    }
    return {
      written: written.map(({ path, op, new_path, etag }) => ({
        path,
        op,
        ...(new_path !== undefined && { new_path }),
        ...(etag !== undefined && { etag }),
      })),
      rejected,
    };
  };
