import { badRequest, notFound } from "../../../platform/errors.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ChangeSetRow } from "../../../db/schema/source.ts";
import type { ChangesStore } from "./changes.store.ts";

export const pointName = (id: string | undefined) => (id === undefined ? "now" : `checkpoint/${id}`);

export type ChangeSetLookup = ReturnType<typeof createChangeSetLookup>;
/** Finds the change sets of a person's runs. */
export function createChangeSetLookup({
  store,
  projects,
}: {
  store: ChangesStore;
  projects: { require(userId: string, ref: string): Promise<ProjectRow> };
}) {
  return {
    /** Throws 404, `snapshot_not_ready`. */
    locate: async (userId: string, taskId: string) => {
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
    },
    /** The end of the change set: the checkpoint after the run, the next one, or the current files. */
    endOf: async (row: ChangeSetRow, completedAt: string | null | undefined, isRunning: boolean) => {
      if (row.after_id !== null) return { compared_with: "after" as const, id: row.after_id };
      const next = !isRunning && completedAt ? await store.findNextPoint(row, completedAt) : undefined;
      return next === undefined ? { compared_with: "now" as const, id: undefined } : { compared_with: "next" as const, id: next };
    },
  };
}
