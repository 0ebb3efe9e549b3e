import type { Bus } from "../../../platform/bus.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Containers } from "../containers/index.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { PreviewedContainer } from "./previews.service.ts";

/** How long a container is remembered. Events of its project end that at once. */
const rememberMs = 60_000;
/** Of a name without a container, and while events of other servers cannot be received. */
const rememberUnsureMs = 3_000;
const maxKnown = 5_000;

interface Known {
  previewed: PreviewedContainer | undefined;
  readAt: number;
  lifetime: AbortSignal | undefined;
}

export type PreviewLookup = ReturnType<typeof createPreviewLookup>;
/** Finds containers by the label of their preview's host, and remembers them until something of their project changes. */
export function createPreviewLookup({
  containers,
  projects,
  events,
  bus,
}: {
  containers: Pick<Containers, "findByHostLabel">;
  projects: Pick<Projects, "lifetime">;
  events: Pick<EventLog, "onProjectChange">;
  bus: Pick<Bus, "isConnected">;
}) {
  const remembered = new Map<string, Known>();
  const labels = new Map<string, Set<string>>();
  /** Projects that have changed during a read; `undefined` stands for all. */
  const reads = new Set<Set<string | undefined>>();

  const clear = () => {
    remembered.clear();
    labels.clear();
  };
  const remember = (label: string, known: Known) => {
    if (remembered.size > maxKnown) clear();
    remembered.set(label, known);
    const projectId = known.previewed?.project.id;
    if (projectId !== undefined) labels.set(projectId, (labels.get(projectId) ?? new Set()).add(label));
  };
  events.onProjectChange((projectId) => {
    for (const changed of reads) changed.add(projectId);
    if (projectId === undefined) return clear();
    for (const label of labels.get(projectId) ?? []) remembered.delete(label);
    labels.delete(projectId);
  });
  const isCurrent = ({ previewed, readAt, lifetime }: Known): boolean =>
    !lifetime?.aborted && Date.now() - readAt < (previewed && bus.isConnected() ? rememberMs : rememberUnsureMs);

  return {
    find: async (label: string): Promise<PreviewedContainer | undefined> => {
      if (label === "") return undefined;
      const known = remembered.get(label);
      if (known && isCurrent(known)) return known.previewed;
      const changed = new Set<string | undefined>();
      reads.add(changed);
      try {
        const readAt = Date.now();
        const previewed = await containers.findByHostLabel(label);
        if (!changed.has(undefined) && !changed.has(previewed?.project.id))
          remember(label, { previewed, readAt, lifetime: previewed && projects.lifetime(previewed.project.id) });
        return previewed;
      } finally {
        reads.delete(changed);
      }
    },
    /** Aborts when the project is deleted. */
    lifetimeOf: ({ project }: PreviewedContainer): AbortSignal => projects.lifetime(project.id),
  };
}
