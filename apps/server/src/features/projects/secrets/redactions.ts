import type { Bus } from "../../../platform/bus.ts";
import type { Logger } from "../../../platform/logger.ts";
import { createRedactor, type HiddenValue, type Redactor } from "./redactor.ts";

/** Where values that nobody may see come from: one entry per feature that keeps some for a project. */
export type RedactionSource = (projectId: string) => Promise<HiddenValue[]>;

/** Follows the project's values for as long as somebody holds it. */
export interface LiveRedactor {
  readonly current: Redactor;
}

/** The one home of redaction: for each project, what hides the values of its secrets, variables and credentials wherever text leaves the server. */
export type Redactions = ReturnType<typeof createRedactions>;

const channel = "redactions";
const maxProjects = 200;

export function createRedactions({ bus, log, sources }: { bus: Bus; log: Logger; sources: RedactionSource[] }) {
  const known = new Map<string, Promise<Redactor>>();
  /** What live ones show until the next one is read. */
  const settled = new Map<string, Redactor>();

  const load = async (projectId: string): Promise<Redactor> =>
    createRedactor((await Promise.all(sources.map((source) => source(projectId)))).flat());
  const of = (projectId: string): Promise<Redactor> => {
    let redactor = known.get(projectId);
    if (redactor) known.delete(projectId);
    else {
      redactor = load(projectId);
      const mine = redactor;
      mine.then(
        (value) => known.get(projectId) === mine && settled.set(projectId, value),
        // What could not be read is asked for again, never taken as "nothing to hide".
        () => known.get(projectId) === mine && known.delete(projectId),
      );
    }
    known.set(projectId, redactor);
    for (const [oldest] of known) {
      if (known.size <= maxProjects) break;
      known.delete(oldest);
      settled.delete(oldest);
    }
    return redactor;
  };
  const drop = (projectId: string) => {
    known.delete(projectId);
    if (settled.has(projectId)) of(projectId).catch((err: unknown) => log.error({ err, project_id: projectId }, "redaction not read anew"));
  };
  bus.listen<{ project_id: string }>(channel, ({ project_id }) => drop(project_id));
  bus.onReconnect(() => {
    for (const projectId of new Set(known.keys())) drop(projectId);
  });

  return {
    /** The project's redactor, with every value known at this moment. */
    of,
    /** The same for synchronous places; `current` follows changes. */
    live: async (projectId: string): Promise<LiveRedactor> => {
      let last = await of(projectId);
      return {
        get current() {
          if (!known.has(projectId))
            of(projectId).catch((err: unknown) => log.error({ err, project_id: projectId }, "redaction not read anew"));
          return (last = settled.get(projectId) ?? last);
        },
      };
    },
    /** Text that is about to be shown. */
    redact: async (projectId: string, text: string): Promise<string> => (await of(projectId)).redact(text),
    /** Values were added, replaced or removed; call it after the commit and before a process gets them. */
    changed: async (projectId: string): Promise<void> => {
      drop(projectId);
      // What cannot be read now hides nothing yet: whoever shows text fails on it, and says why.
      await of(projectId).catch((err: unknown) => log.error({ err, project_id: projectId }, "redaction not read anew"));
      await bus.notify(channel, { project_id: projectId });
    },
  };
}
