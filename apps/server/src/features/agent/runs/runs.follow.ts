import { setTimeout as sleep } from "node:timers/promises";
import type { RunEvent } from "@tesslate/contract";
import { notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { TaskRow, Tasks } from "../../core/tasks/index.ts";
import type { ChatStore } from "../chats/index.ts";

/** The last events of a run are emitted within this time after its task has ended. */
const lastEventsMs = 10_000;

export type RunFollowing = ReturnType<typeof createRunFollowing>;
/** The event streams of runs. */
export function createRunFollowing({
  chats,
  tasks,
  events,
}: {
  chats: Pick<ChatStore, "findDoneSeq" | "findRun" | "findLastSeq">;
  tasks: Pick<Tasks, "follow" | "isRunningHere">;
  events: Pick<EventLog, "followTask">;
}) {
  const self = {
    /** Whether this was the run's last event. Throws 404 when its events no longer exist, because its project or chat was deleted. */
    hasDelivered: async (task: TaskRow, afterSeq: number | undefined): Promise<boolean> => {
      let last = await chats.findDoneSeq(task.id);
      if (last === undefined && task.completed_at !== null) {
        const newest = await chats.findLastSeq(task.id);
        if (newest === undefined) throw notFound("Run");
        // Its cleanup failed, so `done` will not come.
        if (Date.parse(task.completed_at) < Date.now() - lastEventsMs) last = newest;
      }
      if (task.project_id === null) throw notFound("Run");
      return afterSeq !== undefined && afterSeq >= (last ?? Infinity);
    },
    /** The run's events after `afterSeq`, then live ones, until `done`. */
    async *follow(task: TaskRow, options: { afterSeq?: number; signal: AbortSignal }): AsyncGenerator<RunEvent> {
      if (await self.hasDelivered(task, options.afterSeq)) return;
      const over = new AbortController();
      const signal = AbortSignal.any([options.signal, over.signal]);
      // Normally `done` ends it. If it is never emitted (the project was deleted, cleanup failed), the end of the task does, a little later.
      void (async () => {
        for await (const _ of tasks.follow(task.id, signal));
        await sleep(lastEventsMs, undefined, { signal, ref: false });
        over.abort();
      })().catch(() => undefined);
      try {
        yield* events.followTask(task.project_id ?? "", task.id, {
          signal,
          ...(options.afterSeq !== undefined && { afterSeq: options.afterSeq }),
          isOver: async () => {
            if (tasks.isRunningHere(task.id)) return false;
            const row = await chats.findRun(task.id);
            return !row || (row.completed_at !== null && Date.parse(row.completed_at) < Date.now() - lastEventsMs);
          },
        });
      } finally {
        over.abort();
      }
    },
  };
  return self;
}
