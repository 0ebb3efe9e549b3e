import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import { shortTitle } from "../../../platform/short-title.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { SnapshotsStore } from "./snapshots.store.ts";
import type { CheckpointRow } from "../../../db/schema/source.ts";
import type { ProjectTreeAccess } from "./tree-access.ts";

/** Larger files are skipped: a checkpoint must not delay the agent. Snapshots include them. */
export const maxFileBytes = 32 * 2 ** 20;
const maxLabel = 200;
const maxTitle = 50;

export interface CheckpointRun {
  chat_id: string;
  message_id: string;
  task_id: string;
  message: string;
}
/** Short name of a checkpoint; of a run for the checkpoint before it. */
export const titleOfCheckpoint = ({ kind, title, label }: Pick<CheckpointRow, "kind" | "title" | "label">): string =>
  kind === "turn" ? (title ?? (shortTitle(label, maxTitle) || "Run")) : label;

export type Checkpoints = ReturnType<typeof createCheckpoints>;

/** Cheap automatic snapshots of files. */
export function createCheckpoints({
  store,
  trees,
  events,
  log,
}: {
  store: SnapshotsStore;
  trees: ProjectTreeAccess;
  events: EventLog;
  log: Logger;
}) {
  /** `isWhole`: include large files. Creates the point first, then its row, so that a row always refers to a point. */
  const keep = async (
    project: ProjectRow,
    facts: Pick<CheckpointRow, "kind" | "label"> &
      Partial<Pick<CheckpointRow, "title" | "chat_id" | "message_id" | "task_id" | "before_id" | "commit_sha">>,
    { isWhole = false }: { isWhole?: boolean } = {},
  ): Promise<CheckpointRow> => {
    const id = crypto.randomUUID();
    const { history } = await trees.open(project);
    await history.capture(`checkpoint/${id}`, isWhole ? {} : { maxFileBytes });
    const row = await store.insertCheckpoint({ id, project_id: project.id, ...facts, label: facts.label.slice(0, maxLabel) });
    // The checkpoint after a run (`turn_end`) is not listed.
    if (row.kind !== "turn_end") await events.append(project.id, { type: "snapshot_changed", data: { kind: "checkpoint", op: "add", id } });
    return row;
  };
  return {
    keep,
    /** Before a run. The run continues without it: a full disk must not prevent cleaning up with the agent. */
    beforeRun: async (project: ProjectRow, { message, ...run }: CheckpointRun): Promise<CheckpointRow | undefined> => {
      try {
        const label = message.replaceAll(/\s+/g, " ").trim();
        return await keep(project, { kind: "turn", label, title: shortTitle(message, maxTitle) || null, ...run });
      } catch (err) {
        log.warn({ err, project_id: project.id, task_id: run.task_id }, "no checkpoint before the run");
        return undefined;
      }
    },
    /** The run before which it was saved has a name now. */
    rename: async (projectId: string, id: string, name: string): Promise<void> => {
      const title = shortTitle(name, maxTitle);
      if (title && (await store.setTitle(id, title)))
        await events.append(projectId, { type: "snapshot_changed", data: { kind: "checkpoint", op: "update", id } });
    },
  };
}

/** Deletions within this time share a checkpoint: the first one has what all of them remove. */
const sharedMs = 10_000;

export type CheckpointBeforeChange = ReturnType<typeof createCheckpointBeforeChange>;

/** Creates checkpoints before files are removed or replaced through the API, so that the response can name a way to restore them. */
export function createCheckpointBeforeChange({ checkpoints, log }: { checkpoints: Pick<Checkpoints, "keep">; log: Logger }) {
  const recent = new Map<string, { id: string; at: number }>();
  return {
    /** The checkpoint's id; null when it failed: a full disk must not prevent cleaning up. */
    before: async (project: ProjectRow, label: string): Promise<string | null> => {
      const known = recent.get(project.id);
      if (known && Date.now() - known.at < sharedMs) return known.id;
      try {
        const { id } = await checkpoints.keep(project, { kind: "replace", label }, { isWhole: true });
        if (recent.size > 5000) recent.clear();
        recent.set(project.id, { id, at: Date.now() });
        return id;
      } catch (err) {
        log.warn({ err, project_id: project.id }, "no checkpoint before files are removed");
        return null;
      }
    },
    /** Files were written since: the next removal needs a new checkpoint. */
    changed: (projectId: string): void => void recent.delete(projectId),
  };
}
