import type { Containers } from "../containers/index.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { PreviewedContainer } from "./previews.service.ts";

const rememberMs = 3000;
const maxKnown = 5000;

export type PreviewLookup = ReturnType<typeof createPreviewLookup>;
/** Finds containers by the label of their preview's host, and remembers them for a moment. */
export function createPreviewLookup({
  containers,
  projects,
}: {
  containers: Pick<Containers, "findByHostLabel">;
  projects: Pick<Projects, "lifetime">;
}) {
  const remembered = new Map<string, { previewed: PreviewedContainer | undefined; readAt: number; lifetime: AbortSignal | undefined }>();
  return {
    find: async (label: string): Promise<PreviewedContainer | undefined> => {
      if (label === "") return undefined;
      const known = remembered.get(label);
      const now = Date.now();
      if (known && now - known.readAt < rememberMs && !known.lifetime?.aborted) return known.previewed;
      const previewed = await containers.findByHostLabel(label);
      if (remembered.size > maxKnown) remembered.clear();
      remembered.set(label, { previewed, readAt: now, lifetime: previewed && projects.lifetime(previewed.project.id) });
      return previewed;
    },
    /** Aborts when the project is deleted. */
    lifetimeOf: ({ project }: PreviewedContainer): AbortSignal => projects.lifetime(project.id),
  };
}
