import { containersRoutes } from "@tesslate/contract";
import type { Mount } from "../../http/mount.ts";
import { urlOf, type PreviewAddress } from "./container-shape.ts";
import type { Containers } from "./containers.service.ts";
import type { Power } from "./power.ts";

/** accounts-projects 4.2 and 9. */
export function mountContainers(
  mount: Mount,
  { containers, power, address }: { containers: Containers; power: Power; address: PreviewAddress },
): void {
  mount("containers", containersRoutes, {
    list: ({ user }, { params, query }) => containers.list(user.id, params.id, query),
    create: ({ user }, { params, body }) => containers.create(user.id, params.id, body),
    get: ({ user }, { params }) => containers.get(user.id, params.id, params.container_id),
    update: ({ user }, { params, body }) => containers.update(user.id, params.id, params.container_id, body),
    remove: ({ user }, { params }) => containers.remove(user.id, params.id, params.container_id),
    start: async ({ user }, { params }) => {
      const { project, row } = await containers.require(user.id, params.id, params.container_id);
      return { ...(await power.startContainer(project, row)), container_name: row.container_name, url: urlOf(row, address) };
    },
    stop: async ({ user }, { params }) => {
      const { project, row } = await containers.require(user.id, params.id, params.container_id);
      await power.stopContainer(project, row);
      return { message: `${row.name} is stopped.`, container_id: row.id, container_name: row.container_name };
    },
    restart: async ({ user }, { params }) => {
      const { project, row } = await containers.require(user.id, params.id, params.container_id);
      return { ...(await power.restartContainer(project, row)), container_name: row.container_name, url: urlOf(row, address) };
    },
    health: ({ user, signal }, { params }) => containers.health(user.id, params.id, params.container_id, signal),
    logs: ({ user, signal, headers }, { params, query }) => {
      const sent = Number(headers["last-event-id"]);
      const afterSeq = Number.isSafeInteger(sent) && sent >= 0 ? sent : query.last_event_id;
      return containers.logs(user.id, params.id, params.container_id, { tail: query.tail ?? 100, afterSeq, signal });
    },
  });
}
