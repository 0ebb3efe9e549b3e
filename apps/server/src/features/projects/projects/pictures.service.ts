import { notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { PicturesStore } from "./pictures.store.ts";
import { thumbnailOf, type Projects } from "./projects.service.ts";

export type ProjectPictures = ReturnType<typeof createProjectPictures>;
/** The pictures of projects' apps: one pair per project, in light and dark. */
export function createProjectPictures({
  store,
  projects,
  events,
}: {
  store: PicturesStore;
  projects: Pick<Projects, "require">;
  events: EventLog;
}) {
  return {
    /** Replaces the pair and emits that. */
    replace: async (projectId: string, pictures: { light: Buffer; dark: Buffer }): Promise<void> => {
      const updatedAt = await store.replace(projectId, pictures);
      if (updatedAt !== undefined)
        await events.append(projectId, { type: "picture_changed", data: { thumbnail: thumbnailOf(projectId, updatedAt) } });
    },
    /** Both, for callers that checked the access. */
    find: store.find,
    read: async (userId: string, ref: string, theme: "light" | "dark"): Promise<{ data: Buffer; etag: string }> => {
      const project = await projects.require(userId, ref);
      const data = await store.read(project.id, theme);
      if (!data) throw notFound("Picture");
      return { data, etag: `"${theme}-${Date.parse(project.pictured_at ?? project.updated_at)}"` };
    },
  };
}
