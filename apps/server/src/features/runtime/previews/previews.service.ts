import type { CreatePreview, List, Preview, SavePositions } from "@tesslate/contract";
import { conflict, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";

import type { ContainerRow, PreviewRow } from "../../../db/schema/runtime.ts";
import { containerUrl, type Containers, type PreviewAddress } from "../containers/index.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { PreviewsStore } from "./previews.store.ts";

const maxPreviews = 100;

/** What a preview host name refers to. */
export interface PreviewedContainer {
  container: ContainerRow;
  project: ProjectRow;
}

/** Preview nodes on the canvas, and the positions of everything on it. */
export type Previews = ReturnType<typeof createPreviews>;

export function createPreviews({
  store,
  projects,
  containers,
  events,
  address,
  linksEnded,
}: {
  store: PreviewsStore;
  projects: Projects;
  containers: Pick<Containers, "find" | "listAll">;
  events: EventLog;
  address: PreviewAddress;
  /** Share links may have been deleted: check their visitors again. */
  linksEnded: () => Promise<void>;
}) {
  const presentPreview = (row: PreviewRow, container: ContainerRow | undefined): Preview => ({
    ...row,
    url: container && (container.status === "running" || container.status === "frozen") ? containerUrl(container, address) : null,
  });
  const present = async (row: PreviewRow) =>
    presentPreview(
      row,
      row.connected_container_id === null ? undefined : await containers.find(row.project_id, row.connected_container_id),
    );
  const require = async (userId: string, ref: string, id: string): Promise<{ project: ProjectRow; row: PreviewRow }> => {
    const project = await projects.require(userId, ref);
    const row = await store.find(project.id, id);
    if (!row) throw notFound("Preview");
    return { project, row };
  };
  const requireContainer = async (projectId: string, id: string | null | undefined) => {
    if (id && !(await containers.find(projectId, id))) throw notFound("Container");
  };
  const announce = (op: "add" | "update" | "delete", { id, project_id }: PreviewRow) =>
    events.append(project_id, { type: "graph_changed", data: { part: "preview", op, id } });

  return {
    require,
    list: async (userId: string, ref: string, query: PageQuery): Promise<List<Preview>> => {
      const project = await projects.require(userId, ref);
      const page = pageOf(query);
      const [{ rows, total }, all] = await Promise.all([store.list(project.id, page), containers.listAll(project.id)]);
      const byId = new Map(all.map((container) => [container.id, container]));
      return page.envelope(
        rows.map((row) => presentPreview(row, byId.get(row.connected_container_id ?? ""))),
        total,
      );
    },
    create: async (userId: string, ref: string, body: CreatePreview): Promise<Preview> => {
      const project = await projects.require(userId, ref);
      await requireContainer(project.id, body.connected_container_id);
      const row = await store.insertWithin(maxPreviews, { project_id: project.id, ...changeOf(body) });
      if (!row) throw conflict("conflict", `A canvas is limited to ${maxPreviews} previews.`);
      await announce("add", row);
      return present(row);
    },
    update: async (userId: string, ref: string, id: string, body: CreatePreview): Promise<Preview> => {
      const { project, row } = await require(userId, ref, id);
      await requireContainer(project.id, body.connected_container_id);
      const change = changeOf(body);
      if (Object.keys(change).length === 0) return present(row);
      const updated = await store.update(row.id, change);
      if (!updated) throw notFound("Preview");
      if (body.connected_container_id !== undefined) await linksEnded();
      await announce("update", updated);
      return present(updated);
    },
    remove: async (userId: string, ref: string, id: string): Promise<void> => {
      const { row } = await require(userId, ref, id);
      await store.remove(row.id);
      await linksEnded();
      await announce("delete", row);
    },
    /** Saves many positions at once. Items that no longer exist are reported and do not stop the others. */
    savePositions: async (userId: string, ref: string, wanted: SavePositions): Promise<{ saved: number; missing: string[] }> => {
      const project = await projects.require(userId, ref);
      const moved = await store.savePositions(project.id, wanted);
      const saved = new Set([...moved.containers, ...moved.previews].map(({ id }) => id));
      if (saved.size > 0) await events.append(project.id, { type: "positions_changed", data: moved });
      const requested = new Set([...(wanted.containers ?? []), ...(wanted.previews ?? [])].map(({ id }) => id));
      return { saved: saved.size, missing: [...requested].filter((id) => !saved.has(id)) };
    },
  };
}

/** Picks the fields that may be set; the body may contain more. */
function changeOf(body: CreatePreview): Partial<Omit<PreviewRow, "id" | "project_id">> {
  const { position_x, position_y, width, height, connected_container_id, current_path } = body;
  return Object.fromEntries(
    Object.entries({ position_x, position_y, width, height, connected_container_id, current_path }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}
