import { connectionsRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { Connections } from "./connections.service.ts";

export function mountConnections(mount: Mount, { connections }: { connections: Connections }): void {
  mount("connections", connectionsRoutes, {
    list: ({ user }, { params, query }) => connections.list(user.id, params.id, query),
    create: ({ user }, { params, body }) => connections.create(user.id, params.id, body),
    remove: ({ user }, { params }) => connections.remove(user.id, params.id, params.conn_id),
  });
}
