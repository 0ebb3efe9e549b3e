import type { Bus } from "../../../platform/bus.ts";
import type { Logger } from "../../../platform/logger.ts";
import { createRedactor, type HiddenValue, type Redactor } from "./redactor.ts";

/** Sources of secret values: one entry per feature that stores some for a project. */
export type RedactionSource = (projectId: string) => Promise<HiddenValue[]>;

/** Stays up to date with the project's values until it is released. */
export interface LiveRedactor {
  readonly current: Redactor;
}

/** Provides each project's redactor, which masks the values of its secrets, variables and credentials wherever text leaves the server. */
export type Redactions = ReturnType<typeof createRedactions>;

const channel = "redactions";
const maxProjects = 200;

export function createRedactions({ bus, log, sources }: { bus: Bus; log: Logger; sources: RedactionSource[] }) {
  const known = new Map<string, Promise<Redactor>>();
  /** The redactor in use until the next one is loaded. */
  const loaded = new Map<string, Redactor>();

  const load = async (projectId: string): Promise<Redactor> =>
    createRedactor((await Promise.all(sources.map((source) => source(projectId)))).flat());
  const of = (projectId: string): Promise<Redactor> => {
    let redactor = known.get(projectId);
    if (redactor) known.delete(projectId);
    else {
      redactor = load(projectId);
      const mine = redactor;
      mine.then(
        (value) => known.get(projectId) === mine && loaded.set(projectId, value),
        // A failed load is retried; it never counts as "no secrets".
        () => known.get(projectId) === mine && known.delete(projectId),
      );
    }
    known.set(projectId, redactor);
    for (const [oldest] of known) {
      if (known.size <= maxProjects) break;
      known.delete(oldest);
      loaded.delete(oldest);
    }
    return redactor;
  };
  const drop = (projectId: string) => {
    known.delete(projectId);
    if (loaded.has(projectId)) of(projectId).catch((err: unknown) => log.error({ err, project_id: projectId }, "redactor not reloaded"));
  };
  bus.listen<{ project_id: string }>(channel, ({ project_id }) => drop(project_id));
  bus.onReconnect(() => {
    for (const projectId of new Set(known.keys())) drop(projectId);
  });

  return {
    /** The project's redactor with all current values. */
    of,
    /** The same for synchronous code; `current` is kept up to date. */
    live: async (projectId: string): Promise<LiveRedactor> => {
      let last = await of(projectId);
      return {
        get current() {
          if (!known.has(projectId))
            of(projectId).catch((err: unknown) => log.error({ err, project_id: projectId }, "redactor not reloaded"));
          return (last = loaded.get(projectId) ?? last);
        },
      };
    },
    /** Redacts text before it is shown. */
    redact: async (projectId: string, text: string): Promise<string> => (await of(projectId)).redact(text),
    /** Call it when values were added, replaced or removed: after the commit and before a process gets them. */
    changed: async (projectId: string): Promise<void> => {
      drop(projectId);
      // Values that cannot be read are not redacted yet: callers that show text fail with the reason.
      await of(projectId).catch((err: unknown) => log.error({ err, project_id: projectId }, "redactor not reloaded"));
      await bus.notify(channel, { project_id: projectId });
    },
  };
}
