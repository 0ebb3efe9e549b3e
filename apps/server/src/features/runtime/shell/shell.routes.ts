import { shellRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { Shell } from "./shell.service.ts";

export function mountShell(mount: Mount, { shell }: { shell: Shell }): void {
  mount("shell", shellRoutes, {
    create: ({ user }, { body }) => shell.create(user.id, body),
    list: ({ user }, { query }) => shell.list(user.id, query),
    get: ({ user }, { params }) => shell.get(user.id, params.id),
    remove: ({ user }, { params }) => shell.remove(user.id, params.id),
    socket: ({ user }, { params }, socket) => shell.attach(user.id, params.session_id, socket),
  });
}
