import { usersRoutes } from "@tesslate/contract";
import type { Mount } from "../../http/mount.ts";
import { wireOf, type Users } from "./users.service.ts";

/** accounts-projects 3. */
export function mountUsers(mount: Mount, { users }: { users: Users }): void {
  mount("users", usersRoutes, {
    me: async ({ user }) => wireOf(await users.get(user.id)),
    updateMe: async ({ user }, { body }) => wireOf(await users.update(user.id, user.session_id, body)),
    get: (_, { params }) => users.getPublic(params.id),
  });
}
