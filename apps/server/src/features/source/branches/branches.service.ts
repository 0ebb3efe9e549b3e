import {
  branchLifetime,
  maxBranches,
  type Branch,
  type BranchDiff,
  type List,
  type MergeBranch,
  type MergeConflict,
  type ProjectEventData,
} from "@tesslate/contract";
import type { Sandbox } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Queries } from "../../../platform/database.ts";
import { badRequest, conflict, invalid, limitReached, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import { taskLinks, type TaskRow } from "../../core/tasks/index.ts";
import type { Announce } from "../../projects/files/index.ts";
import { runStatusOf } from "../../projects/projects/index.ts";
import type { Redactor } from "../../projects/secrets/index.ts";
import { changesBetween, prepareMerge, shownFile } from "../changes/index.ts";
import type { Checkpoints } from "../snapshots/index.ts";
import { branchBase } from "../transfer/index.ts";
import type { BranchesStore, ListedBranch } from "./branches.store.ts";

/** More changed files cannot be merged. */
const maxMerged = 20_000;
/** Up to this size a project is copied in moments, with everything that is installed in it. */
const cheapBytes = 64 * 2 ** 20;
const dayMs = 86_400_000;

type Op = ProjectEventData<"branch_changed">["op"];

export interface BranchesOptions {
  store: BranchesStore;
  projects: {
    require(userId: string, ref: string): Promise<ProjectRow>;
    find(id: string): Promise<ProjectRow | undefined>;
    sandboxOf(project: ProjectRow): Promise<Sandbox>;
    /** The sandbox, if it is open. */
    peekSandbox(projectId: string): Promise<Sandbox> | undefined;
  };
  insertBranch(tx: Queries, project: ProjectRow): Promise<ProjectRow>;
  /** Whether dependencies come from a template's image and are not copied. */
  hasImage(project: ProjectRow): boolean;
  acceptDeletion(tx: Queries, projectId: string): Promise<{ task: TaskRow; accepted: () => Promise<void> }>;
  checkpoints: Pick<Checkpoints, "keep">;
  /** Takes the lock of a tree: no run or restore starts before the transaction ends. */
  refuseWhileRestoring(tx: Queries, projectId: string): Promise<void>;
  announce: Announce;
  redactorOf(projectId: string): Promise<Redactor>;
  /** Stores how much of the disk a project or branch uses. Returns bytes. */
  measure(sandbox: Sandbox): Promise<number>;
  events: EventLog;
  log: Logger;
}

export type Branches = ReturnType<typeof createBranches>;
/** Branches of projects: created by runs, listed, compared, merged, discarded, and deleted when nobody uses them. */
export function createBranches({
  store,
  projects,
  insertBranch,
  hasImage,
  acceptDeletion,
  checkpoints,
  refuseWhileRestoring,
  announce,
  redactorOf,
  measure,
  events,
  log,
}: BranchesOptions) {
  const locate = async (userId: string, ref: string, branchId: string) => {
    const project = await projects.require(userId, ref);
    const found = await store.find(project.id, branchId);
    if (!found) throw notFound("Branch");
    return { project, branch: found.project, chatId: found.branch.chat_id };
  };
  const changed = (projectId: string, op: Op, branch_id: string, chat_id: string | null) =>
    events.append(projectId, { type: "branch_changed", data: { branch_id, chat_id, op } });
  /** Throws `project_busy` while it is being copied, and when that failed. */
  const open = (branch: ProjectRow): Promise<Sandbox> => {
    if (branch.environment_status === "setup_failed")
      throw conflict("project_busy", "The files of this branch couldn't be copied. Discard it and send the message again.");
    if (branch.environment_status === "provisioning")
      throw conflict("project_busy", "The files of this branch are still being copied. Try again in a moment.");
    return projects.sandboxOf(branch);
  };
  /** Calls `work` with a point of the files as they are now, which is removed afterwards. */
  const withPoint = async <T>({ history }: Sandbox, signal: AbortSignal, work: (point: string) => Promise<T>): Promise<T> => {
    const point = `branch/${crypto.randomUUID()}`;
    await history.capture(point, { signal });
    try {
      return await work(point);
    } finally {
      await history.remove([point]);
    }
  };
  /** Throws `run_active`. The row first: a run that starts in the branch holds it. */
  const acceptUnlessActive = (branchId: string) =>
    store.transaction(async (tx) => {
      const deletion = await acceptDeletion(tx, branchId);
      if (await store.hasActiveRun(tx, branchId))
        throw conflict("run_active", "The agent is working on this branch. Stop it, or wait until it is done.");
      return deletion;
    });
  const resolutionsOf = ({ resolutions = [] }: MergeBranch) => new Map(resolutions.map(({ path, use }) => [path, use]));

  return {
    list: async (userId: string, ref: string): Promise<List<Branch>> => {
      const rows = await store.list((await projects.require(userId, ref)).id);
      return { items: rows.map(present), total: rows.length, page: 1, total_pages: rows.length === 0 ? 0 : 1 };
    },

    diff: async (userId: string, ref: string, branchId: string, signal: AbortSignal): Promise<BranchDiff> => {
      const { project, branch } = await locate(userId, ref, branchId);
      const [sandbox, main, redactor] = await Promise.all([open(branch), projects.sandboxOf(project), redactorOf(branch.id)]);
      return withPoint(sandbox, signal, async (after) => {
        const found = await changesBetween(sandbox.history, branchBase, after, { signal });
        const merge = await prepareMerge(
          { history: sandbox.history, files: main.files },
          { before: branchBase, after },
          found.files,
          new Map(),
          signal,
        );
        return {
          branch_id: branch.id,
          files: found.files.map((file) => shownFile(file, { redactor, rejection: undefined, byUser: [] })),
          total: found.total,
          additions: found.additions,
          deletions: found.deletions,
          conflicts: merge.conflicts,
        };
      });
    },

    /** Throws `merge_conflict`, `run_active`, `project_busy`; then nothing is changed. */
    merge: async (userId: string, ref: string, branchId: string, body: MergeBranch, signal: AbortSignal) => {
      const { project, branch, chatId } = await locate(userId, ref, branchId);
      const [sandbox, main] = await Promise.all([open(branch), projects.sandboxOf(project)]);
      const { written, checkpointId, accepted } = await store.transaction(async (tx) => {
        // First: a run that starts in the branch holds its row.
        const deletion = await acceptDeletion(tx, branch.id);
        await refuseWhileRestoring(tx, project.id);
        await refuseWhileRestoring(tx, branch.id);
        if (await store.hasActiveRun(tx, branch.id))
          throw conflict("run_active", "The agent is working on this branch. Stop it, or wait until it is done.");
        if (await store.hasActiveRun(tx, project.id))
          throw conflict("run_active", "The agent is changing the files of the project. Stop it, or wait until it is done.");
        const outcome = await withPoint(sandbox, signal, async (after) => {
          const { files, total } = await changesBetween(sandbox.history, branchBase, after, { signal, maxFiles: maxMerged });
          if (total > files.length) throw badRequest(`A merge is limited to ${maxMerged} changed files. This branch changed ${total}.`);
          const resolutions = resolutionsOf(body);
          const changedPaths = new Set(files.map(({ path }) => path));
          for (const path of resolutions.keys())
            if (!changedPaths.has(path)) throw invalid(["body", "resolutions"], `The branch did not change ${path}`, "unknown_path");
          const merge = await prepareMerge(
            { history: sandbox.history, files: main.files },
            { before: branchBase, after },
            files,
            resolutions,
            signal,
          );
          if (merge.conflicts.length > 0) throw mergeConflict(merge.conflicts);
          if (merge.isEmpty) return { written: [], checkpointId: null };
          const { id } = await checkpoints.keep(
            project,
            { kind: "replace", label: "Before merging a branch", chat_id: chatId },
            { isWhole: true },
          );
          return { written: await merge.apply(), checkpointId: id };
        });
        return { ...outcome, accepted: deletion.accepted };
      });
      if (written.length > 0) await announce(project, written);
      await changed(project.id, "merged", branch.id, chatId);
      await accepted();
      return {
        written: written.map(({ path, op, new_path }) => ({ path, op, ...(new_path !== undefined && { new_path }) })),
        checkpoint_id: checkpointId,
      };
    },

    /** Throws `run_active`. */
    discard: async (userId: string, ref: string, branchId: string) => {
      const { project, branch, chatId } = await locate(userId, ref, branchId);
      const { task, accepted } = await acceptUnlessActive(branch.id);
      await changed(project.id, "discarded", branch.id, chatId);
      await accepted();
      return { ...taskLinks(task), branch_id: branch.id };
    },

    /** The branch in which a chat works. In a transaction it stays until that ends. */
    findOfChat: store.findOfChat,
    /** Creates a branch for a chat that has none, in the transaction that starts its run. Throws `branch_limit_reached`, `project_busy`. */
    create: async (tx: Queries, project: ProjectRow, chatId: string): Promise<ProjectRow> => {
      if (project.environment_status === "provisioning" || project.environment_status === "setup_failed")
        throw conflict("project_busy", "This project has no files to copy yet. Wait until its setup is done.");
      if (project.branch_of !== null)
        throw badRequest("A branch can't have branches of its own. Send the message in a chat of its project.");
      await store.lock(tx, project.id);
      const used = await store.count(tx, project.id);
      if (used >= maxBranches)
        throw limitReached("branch_limit_reached", `A project is limited to ${maxBranches} branches. Merge or discard one first.`, {
          used,
          limit: maxBranches,
        });
      const branch = await insertBranch(tx, project);
      await store.insert(tx, { id: branch.id, chat_id: chatId });
      return branch;
    },
    /** What fits when another run changes the project: a branch, where copying the project is cheap. */
    suggest: async (project: ProjectRow): Promise<"branch" | "wait"> => {
      if (project.branch_of !== null) return "wait";
      const isCheap = hasImage(project) || (await measure(await projects.sandboxOf(project))) <= cheapBytes;
      return isCheap && (await store.list(project.id)).length < maxBranches ? "branch" : "wait";
    },
    /** To call after the transaction that created it. */
    created: (projectId: string, branchId: string, chatId: string): Promise<void> => changed(projectId, "created", branchId, chatId),
    /** After a run of the chat: counts what its branch changed and measures it. Never throws. */
    afterRun: async (chatId: string): Promise<void> => {
      try {
        const branch = await store.findOfChat(chatId);
        // The run has opened it; opening it here could bring back one that is being deleted.
        const sandbox = branch && (await projects.peekSandbox(branch.id));
        if (!sandbox || branch.branch_of === null) return;
        const found = await sandbox.history.compare(branchBase, "now", { withoutIgnored: true, maxPatchBytes: 0 });
        await store.update(branch.id, { files: found.totalFiles, additions: found.additions, deletions: found.deletions });
        await changed(branch.branch_of, "updated", branch.id, chatId);
        for (const open of [sandbox, await projects.peekSandbox(branch.branch_of)]) if (open) await measure(open);
      } catch (err) {
        log.warn({ err, chat_id: chatId }, "branch not measured after the run");
      }
    },
    jobHandlers: {
      /** Announces the deletion of branches that nobody uses, and deletes them some days later. */
      sweep_branches: async (): Promise<void> => {
        const { days, noticeDays } = branchLifetime;
        await store.withdrawNotices();
        for (const { branch, project_id } of await store.listUnused(days - noticeDays, { isUnnoticed: true })) {
          await events.appendWith(project_id, async (tx) =>
            (await store.notice(tx, branch.id))
              ? [{ type: "branch_changed", data: { branch_id: branch.id, chat_id: branch.chat_id, op: "expiring" } }]
              : [],
          );
        }
        for (const { branch, project_id } of await store.listUnused(days, { isUnnoticed: false })) {
          // One that was never announced gets its notice first: the server may have been off.
          if (branch.noticed_at === null || Date.parse(branch.noticed_at) > Date.now() - noticeDays * dayMs) continue;
          try {
            const { accepted } = await acceptUnlessActive(branch.id);
            await changed(project_id, "expired", branch.id, branch.chat_id);
            await accepted();
            log.info({ project_id, branch_id: branch.id }, "unused branch deleted");
          } catch (err) {
            log.warn({ err, project_id, branch_id: branch.id }, "unused branch not deleted");
          }
        }
      },
    },
  };
}

const mergeConflict = (conflicts: MergeConflict[]) =>
  conflict(
    "merge_conflict",
    conflicts.length === 1
      ? `The project changed ${conflicts[0]?.path} too. Choose which version to keep.`
      : `The project changed ${conflicts.length} of the files too. Choose which versions to keep.`,
    { conflicts },
  );

const present = ({ branch, project, chat_title, container_statuses, is_running }: ListedBranch): Branch => {
  const usedMs = Math.max(Date.parse(branch.used_at), Date.parse(project.last_activity ?? branch.used_at));
  const noticedMs = branch.noticed_at === null ? 0 : Date.parse(branch.noticed_at);
  return {
    id: branch.id,
    project_id: project.branch_of ?? project.id,
    slug: project.slug,
    chat_id: branch.chat_id,
    chat_title,
    is_ready: project.environment_status !== "provisioning" && project.environment_status !== "setup_failed",
    is_failed: project.environment_status === "setup_failed",
    is_running,
    status: runStatusOf(project.environment_status, container_statuses),
    files: branch.files,
    additions: branch.additions,
    deletions: branch.deletions,
    created_at: branch.created_at,
    is_expiring: noticedMs > usedMs,
    // Not before its notice has been out for as long as announced.
    deleted_after: new Date(Math.max(usedMs + branchLifetime.days * dayMs, noticedMs + branchLifetime.noticeDays * dayMs)).toISOString(),
  };
};
