import type { Sandbox } from "@tesslate/runtime";
import type { NewEvent } from "../../../platform/event-table.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import { isSkipped, skippedDirectories } from "./files.paths.ts";

/**
 * Emits `file_changed` events for changes made by processes in the sandbox, while a client follows the project.
 * Changes that the API or the agent already emitted are recognized by path and etag and not repeated.
 */
export interface FilesWatch {
  /** Watches until the signal aborts; calls for the same project share one watcher. */
  follow(projectId: string, open: () => Promise<Sandbox>, signal: AbortSignal): void;
  /** Marks a change as already emitted, so that the watcher skips it. `etag` undefined: a deletion. */
  expect(projectId: string, path: string, etag: string | undefined): void;
  close(): void;
}
const expectedForMs = 5000;
const maxEventsPerBurst = 1000;

export function createFilesWatch({ events, log }: { events: EventLog; log: Logger }): FilesWatch {
  const watchers = new Map<string, { followers: number; abort: AbortController }>();
  const expected = new Map<string, Map<string, { etag: string | undefined; until: number }>>();

  const isExpected = (projectId: string, path: string, etag: string | undefined): boolean => {
    const known = expected.get(projectId);
    if (!known) return false;
    const now = Date.now();
    for (const [p, e] of known) if (e.until < now) known.delete(p);
    if (known.size === 0) expected.delete(projectId);
    // Deleting a folder deletes its content.
    for (let at = path; at !== ""; at = at.includes("/") ? at.slice(0, at.lastIndexOf("/")) : "") {
      const hit = known.get(at);
      if (hit && hit.etag === (at === path ? etag : undefined)) return true;
    }
    return false;
  };

  const run = async (projectId: string, open: () => Promise<Sandbox>, signal: AbortSignal) => {
    const sandbox = await open();
    for await (const burst of sandbox.files.watch({ signal, skip: skippedDirectories })) {
      const changeEvents: NewEvent[] = burst
        .filter((c) => !isSkipped(c.path) && !isExpected(projectId, c.path, c.etag))
        .map((c) => ({
          type: "file_changed",
          data: { path: c.path, op: c.op, is_directory: c.isDirectory, by: "process", ...(c.etag !== undefined && { etag: c.etag }) },
        }));
      for (let i = 0; i < changeEvents.length; i += maxEventsPerBurst)
        await events.append(projectId, changeEvents.slice(i, i + maxEventsPerBurst));
    }
  };

  return {
    follow(projectId, open, signal) {
      if (signal.aborted) return;
      const known = watchers.get(projectId);
      const entry = known ?? { followers: 0, abort: new AbortController() };
      entry.followers += 1;
      if (!known) {
        watchers.set(projectId, entry);
        run(projectId, open, entry.abort.signal).catch((err: unknown) => {
          if (!entry.abort.signal.aborted) log.warn({ err, project_id: projectId }, "file watcher failed");
        });
      }
      signal.addEventListener(
        "abort",
        () => {
          entry.followers -= 1;
          if (entry.followers > 0) return;
          if (watchers.get(projectId) === entry) watchers.delete(projectId);
          entry.abort.abort();
        },
        { once: true },
      );
    },
    expect(projectId, path, etag) {
      const known = expected.get(projectId) ?? new Map();
      expected.set(projectId, known.set(path, { etag, until: Date.now() + expectedForMs }));
    },
    close() {
      for (const { abort } of watchers.values()) abort.abort();
      watchers.clear();
    },
  };
}
