import type { Mount } from "../http/mount.ts";
import type { JobHandlers } from "../platform/jobs.ts";

/** What the features of an area give to the server as a whole; beside it an area offers what later areas build on. */
export interface Area {
  /** Their routes, once everything exists. */
  mount(mount: Mount): void;
  /** Their background jobs by name. */
  jobs?: JobHandlers;
  /** Which of them come by themselves: name to crontab expression. */
  cron?: Record<string, string>;
}

/** Says how to end what was just started. At the end of the server these run one after the other, the last said first. */
export type OnClose = (end: () => Promise<unknown>) => void;
