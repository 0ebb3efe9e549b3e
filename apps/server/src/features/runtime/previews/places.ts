import type { Containers } from "../containers/index.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { PreviewedContainer } from "./previews.service.ts";

const rememberMs = 3000;
const maxKnown = 5000;

export type PreviewPlaces = ReturnType<typeof createPreviewPlaces>;
/** Finds containers by the label of their preview's host, and remembers them for a moment. */
export function createPreviewPlaces({
  containers,
  projects,
}: {
  containers: Pick<Containers, "findByHostLabel">;
  projects: Pick<Projects, "lifetime">;
}) {
  const places = new Map<string, { place: PreviewedContainer | undefined; readAt: number; lifetime: AbortSignal | undefined }>();
  return {
    find: async (label: string): Promise<PreviewedContainer | undefined> => {
      if (label === "") return undefined;
      const known = places.get(label);
      const now = Date.now();
      if (known && now - known.readAt < rememberMs && !known.lifetime?.aborted) return known.place;
      const place = await containers.findByHostLabel(label);
      if (places.size > maxKnown) places.clear();
      places.set(label, { place, readAt: now, lifetime: place && projects.lifetime(place.project.id) });
      return place;
    },
    /** Aborts when the project is deleted. */
    lifetimeOf: ({ project }: PreviewedContainer): AbortSignal => projects.lifetime(project.id),
  };
}
