import { projectDraftsRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { Drafts } from "./drafts.service.ts";

export function mountDrafts(mount: Mount, { drafts }: { drafts: Drafts }): void {
  mount("projectDrafts", projectDraftsRoutes, {
    get: async ({ user }) => ({ draft: await drafts.get(user.id) }),
    save: async ({ user }, { body }) => ({ draft: await drafts.save(user.id, body.draft) }),
  });
}
