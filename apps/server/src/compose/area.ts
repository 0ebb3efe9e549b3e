import type { Mount } from "../http/mount.ts";
import type { JobHandlers } from "../platform/jobs.ts";

/** Routes and jobs of an area. An area also returns the services that later areas use. */
export interface Area {
  /** Mounts the routes, after all areas are constructed. */
  mount(mount: Mount): void;
  /** Background jobs by name. */
  jobs?: JobHandlers;
  /** Scheduled jobs: name to crontab expression. */
  cron?: Record<string, string>;
}

/** Registers a shutdown handler. Handlers run sequentially in reverse order. */
export type OnClose = (end: () => Promise<unknown>) => void;
