import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { SnapshotsStore } from "./snapshots.store.ts";
import type { CheckpointRow } from "../../../db/schema/source.ts";
import type { TreeAccess } from "./tree-access.ts";

/** Larger files stay out: a checkpoint must not hold up the agent. A snapshot has them. */
const maxFileBytes = 32 * 2 ** 20;
const maxLabel = 200;

export interface Turn {
  chat_id: string;
  message_id: string;
  task_id: string;
  message: string;
}
export type Checkpoints = ReturnType<typeof createCheckpoints>;

/** Points in time that cost next to nothing, kept without being asked (accounts-projects 4.6, agent-git-deploy 4.15). */
export function createCheckpoints({
  store,
  trees,
  events,
  log,
}: {
  store: SnapshotsStore;
  trees: TreeAccess;
  events: EventLog;
  log: Logger;
}) {
  /** `isWhole`: with large files too. The point first, then its row: a row always has something behind it. */
  const keep = async (
    project: ProjectRow,
    facts: Pick<CheckpointRow, "kind" | "label"> & Partial<Pick<CheckpointRow, "chat_id" | "message_id" | "task_id">>,
    { isWhole = false }: { isWhole?: boolean } = {},
  ): Promise<CheckpointRow> => {
    const id = crypto.randomUUID();
    const { history } = await trees.open(project);
    await history.take(`checkpoint/${id}`, isWhole ? {} : { maxFileBytes });
    const row = await store.insertCheckpoint({ id, project_id: project.id, ...facts, label: facts.label.slice(0, maxLabel) });
    // The end of a turn is in no list.
    if (row.kind !== "turn_end") await events.append(project.id, { type: "snapshot_changed", data: { kind: "checkpoint", op: "add", id } });
    return row;
  };
  return {
    keep,
    /** Before the agent's turn. The turn goes on without it: a full disk must not stop people from cleaning up with the agent's help. */
    beforeTurn: async (project: ProjectRow, { message, ...turn }: Turn): Promise<CheckpointRow | undefined> => {
      try {
        return await keep(project, { kind: "turn", label: message.replaceAll(/\s+/g, " ").trim(), ...turn });
      } catch (err) {
        log.warn({ err, project_id: project.id, task_id: turn.task_id }, "no checkpoint before the turn");
        return undefined;
      }
    },
  };
}
