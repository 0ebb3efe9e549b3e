import type { Mount } from "../http/mount.ts";
import type { JobHandlers } from "../platform/jobs.ts";

/**
 * What a file of `compose/` returns: routes and jobs of features that are constructed together, and, in interfaces that extend this one, the
 * services that later files use. Not the same as an area of `features/`, which several files may construct.
 */
export interface Area {
  /** Mounts the routes, after everything is constructed. */
  mount(mount: Mount): void;
  /** Background jobs by name. */
  jobs?: JobHandlers;
  /** Scheduled jobs: name to crontab expression. */
  cron?: Record<string, string>;
}

/** Registers a shutdown handler. Handlers run sequentially in reverse order. */
export type OnClose = (end: () => Promise<unknown>) => void;
