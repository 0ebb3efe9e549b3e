import type { EventRow } from "./event-notifications.ts";
import { eventPageSize } from "./event-table.ts";
import type { Reconnect } from "./reconnect.ts";

/** Rows that a follower holds in memory; one that is further behind reads the table again. */
const maxQueued = 2000;

interface Follower {
  /** The task's project; notifications name projects only. */
  project_id: string;
  queue: EventRow[];
  /** Events may have been missed: read the table again. */
  isBehind: boolean;
  wake: () => void;
}

/** What a follower reads: the events of a project or of one of its tasks. */
export interface FollowedStream {
  projectId: string;
  /** Of the project or the task. */
  id: string;
  /** The position after which it begins. */
  start: number;
  signal: AbortSignal;
  /** The page of rows after a position. */
  read(after: number): Promise<EventRow[]>;
  /** The position of a row; null: it is not in this stream. */
  positionOf(row: EventRow): number | null;
  /** Called once, after the stored rows: true ends the stream. */
  isOver?: () => Promise<boolean>;
}

/** The readers of this process, each in the stream of a project or a task. */
export interface EventFollowers {
  /** Hands a committed row to the followers of this project or task. */
  hand(row: EventRow, id: string): void;
  /** Has the followers of these projects read the table again. */
  catchUp(isMeant: (projectId: string) => boolean): void;
  /**
   * Rows in order: from the table while behind, from memory when caught up. Positions have no gaps, so a gap before a live row means rows of
   * another process: the table is read again.
   */
  rowsOf(stream: FollowedStream): AsyncGenerator<EventRow, void>;
}

export function createEventFollowers(reconnect: Reconnect): EventFollowers {
  /** By the id they follow, project or task, so that a run only wakes its own readers. */
  const followers = new Map<string, Set<Follower>>();

  const subscribe = (projectId: string, id: string) => {
    let resolve: (() => void) | undefined;
    const follower: Follower = { project_id: projectId, queue: [], isBehind: true, wake: () => resolve?.() };
    const set = followers.get(id) ?? new Set();
    followers.set(id, set.add(follower));
    return {
      follower,
      wait: () => new Promise<void>((done) => (resolve = done)),
      end: () => {
        set.delete(follower);
        if (set.size === 0) followers.delete(id);
      },
    };
  };

  return {
    hand(row, id) {
      for (const follower of followers.get(id) ?? []) {
        if (follower.queue.length >= maxQueued) {
          follower.queue.length = 0;
          follower.isBehind = true;
        } else if (!follower.isBehind) follower.queue.push(row);
        follower.wake();
      }
    },
    catchUp(isMeant) {
      for (const set of followers.values())
        for (const follower of set) {
          if (!isMeant(follower.project_id)) continue;
          follower.isBehind = true;
          follower.wake();
        }
    },
    async *rowsOf({ projectId, id, start, signal, read, positionOf, isOver }) {
      const { follower, wait, end } = subscribe(projectId, id);
      const wake = () => follower.wake();
      signal.addEventListener("abort", wake);
      let position = start;
      let isChecked = isOver === undefined;
      const readPage = (after: number) => reconnect.retryAlways(() => read(after), { signal });
      try {
        while (!signal.aborted) {
          if (follower.isBehind) {
            follower.queue.length = 0;
            follower.isBehind = false;
            for (
              let page = await readPage(position);
              page.length > 0 && !signal.aborted;
              page = page.length < eventPageSize ? [] : await readPage(position)
            )
              for (const row of page) {
                position = positionOf(row) ?? position;
                yield row;
              }
          }
          const row = follower.queue.shift();
          if (row) {
            const at = positionOf(row);
            if (at === position + 1) {
              position = at;
              yield row;
            } else if (at !== null && at > position) follower.isBehind = true;
            continue;
          }
          if (follower.isBehind) continue;
          const woken = wait();
          if (isOver && !isChecked) {
            const isAtEnd = await reconnect.retryAlways(isOver, { signal });
            const hasMore = follower.queue.length > 0 || follower.isBehind;
            if (isAtEnd && !hasMore) return;
            // Over, but an event arrived during the check.
            isChecked = !isAtEnd;
            if (hasMore) continue;
          }
          if (follower.queue.length === 0 && !follower.isBehind && !signal.aborted) await woken;
        }
      } finally {
        signal.removeEventListener("abort", wake);
        end();
      }
    },
  };
}
