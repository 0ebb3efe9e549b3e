import { containersRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { urlOf, type PreviewAddress } from "./present.ts";
import { pageOf } from "../../../platform/pagination.ts";
import type { ServiceCatalogue } from "./catalogue/index.ts";
import type { Containers } from "./containers.service.ts";
import type { Creation } from "./container-setup.ts";
import type { Inspection } from "./inspection.ts";
import type { Power } from "./lifecycle.ts";
import type { Renaming } from "./rename.ts";

/** accounts-projects 4.2 and 9. */
export function mountContainers(
  mount: Mount,
  {
    containers,
    creation,
    inspection,
    renaming,
    catalogue,
    power,
    address,
  }: {
    containers: Containers;
    creation: Creation;
    inspection: Inspection;
    renaming: Renaming;
    catalogue: ServiceCatalogue;
    power: Power;
    address: PreviewAddress;
  },
): void {
  mount("containers", containersRoutes, {
    services: async (_, { query }) => {
      const all = await catalogue.list();
      const page = pageOf(query);
      return page.envelope(all.slice(page.offset, page.offset + page.limit), all.length);
    },
    list: ({ user }, { params, query }) => containers.list(user.id, params.id, query),
    create: ({ user }, { params, body }) => creation.create(user.id, params.id, body),
    get: ({ user }, { params }) => containers.get(user.id, params.id, params.container_id),
    update: ({ user }, { params, body }) => containers.update(user.id, params.id, params.container_id, body),
    rename: ({ user }, { params, body }) => renaming.rename(user.id, params.id, params.container_id, body.name),
    setCredentials: async (context, { params, body }) => {
      const { container, isNew } = await containers.setCredentials(context.user.id, params.id, params.container_id, body);
      context.status(isNew ? 201 : 200);
      return container;
    },
    remove: async (context, { params, query }) => {
      const { snapshot_id, checkpoint_id, kept_directory } = await containers.remove(context.user.id, params.id, params.container_id, {
        deleteFiles: query.delete_files === true,
      });
      // 204 has no body: what is left, and the ways back, stand in headers.
      if (snapshot_id !== null) context.setHeader("snapshot-id", snapshot_id);
      if (checkpoint_id !== null) context.setHeader("checkpoint-id", checkpoint_id);
      if (kept_directory !== null) context.setHeader("kept-directory", encodeURI(kept_directory));
    },
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
    health: ({ user, signal }, { params }) => inspection.health(user.id, params.id, params.container_id, signal),
    logs: ({ user, signal, headers }, { params, query }) => {
      const sent = Number(headers["last-event-id"]);
      const afterSeq = Number.isSafeInteger(sent) && sent >= 0 ? sent : query.last_event_id;
      return inspection.logs(user.id, params.id, params.container_id, { tail: query.tail ?? 100, afterSeq, signal });
    },
  });
}
