import { containersRoutes, usageFrames, type UsageFrame } from "@tesslate/contract";
import { createFrameCheck, readFrames } from "../../../http/frames.ts";
import type { Mount } from "../../../http/mount.ts";
import { closeCodes } from "../../../http/sockets.ts";
import type { Projects } from "../../projects/projects/index.ts";
import { containerUrl, type PreviewAddress } from "./present.ts";
import { pageOf } from "../../../platform/pagination.ts";
import type { ServiceCatalogue } from "./catalogue/index.ts";
import type { Containers } from "./containers.service.ts";
import type { ContainerSetup } from "./container-setup.ts";
import type { ContainerInspection } from "./inspection.ts";
import type { ContainerLifecycle } from "./lifecycle.ts";
import type { RenameContainer } from "./rename.ts";
import type { ContainerUsageMeter } from "./usage.ts";

const checkUsageFrame = createFrameCheck(usageFrames);

export function mountContainers(
  mount: Mount,
  {
    containers,
    containerSetup,
    inspection,
    rename,
    catalogue,
    lifecycle,
    usage,
    projects,
    address,
  }: {
    containers: Containers;
    containerSetup: ContainerSetup;
    inspection: ContainerInspection;
    rename: RenameContainer;
    catalogue: ServiceCatalogue;
    lifecycle: ContainerLifecycle;
    usage: ContainerUsageMeter;
    projects: Pick<Projects, "require" | "lifetime">;
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
    create: ({ user }, { params, body }) => containerSetup.create(user.id, params.id, body),
    get: ({ user }, { params }) => containers.get(user.id, params.id, params.container_id),
    update: ({ user }, { params, body }) => containers.update(user.id, params.id, params.container_id, body),
    rename: ({ user }, { params, body }) => rename(user.id, params.id, params.container_id, body.name),
    setCredentials: async (context, { params, body }) => {
      const { container, isNew } = await containers.setCredentials(context.user.id, params.id, params.container_id, body);
      context.status(isNew ? 201 : 200);
      return container;
    },
    remove: async (context, { params, query }) => {
      const { snapshot_id, checkpoint_id, kept_directory } = await containers.remove(context.user.id, params.id, params.container_id, {
        deleteFiles: query.delete_files === true,
      });
      // A 204 has no body, so the snapshot and checkpoint ids are in headers.
      if (snapshot_id !== null) context.setHeader("snapshot-id", snapshot_id);
      if (checkpoint_id !== null) context.setHeader("checkpoint-id", checkpoint_id);
      if (kept_directory !== null) context.setHeader("kept-directory", encodeURI(kept_directory));
    },
    start: async ({ user }, { params }) => {
      const { project, row } = await containers.require(user.id, params.id, params.container_id);
      return { ...(await lifecycle.startContainer(project, row)), container_name: row.container_name, url: containerUrl(row, address) };
    },
    stop: async ({ user }, { params }) => {
      const { project, row } = await containers.require(user.id, params.id, params.container_id);
      await lifecycle.stopContainer(project, row);
      return { message: `${row.name} is stopped.`, container_id: row.id, container_name: row.container_name };
    },
    restart: async ({ user }, { params }) => {
      const { project, row } = await containers.require(user.id, params.id, params.container_id);
      return { ...(await lifecycle.restartContainer(project, row)), container_name: row.container_name, url: containerUrl(row, address) };
    },
    health: ({ user, signal }, { params }) => inspection.health(user.id, params.id, params.container_id, signal),
    logs: ({ user, signal, headers }, { params, query }) => {
      const sent = Number(headers["last-event-id"]);
      const afterSeq = Number.isSafeInteger(sent) && sent >= 0 ? sent : query.last_event_id;
      return inspection.logs(user.id, params.id, params.container_id, { tail: query.tail ?? 100, afterSeq, signal });
    },
    usage: async ({ user }, { params }, socket) => {
      const { id } = await projects.require(user.id, params.id);
      const unwatch = usage.watch(id, {
        receive: (data) => socket.send({ type: "usage", data } satisfies UsageFrame),
        onMoved: () => socket.close(closeCodes.goingAway, "moved"),
      });
      try {
        await readFrames(socket, AbortSignal.any([socket.signal, projects.lifetime(id)]), (frame) => {
          const checked = checkUsageFrame(frame);
          socket.send("problem" in checked ? { type: "error", data: checked.problem } : { type: "pong" });
        });
      } finally {
        unwatch();
      }
    },
  });
}
