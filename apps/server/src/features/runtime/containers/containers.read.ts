import type { Container } from "@tesslate/contract";
import { notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ContainerView } from "./container-view.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { ConnectionEnvironment } from "./environment.ts";

export type ContainerReads = ReturnType<typeof createContainerReads>;
/** Finds containers of a project. */
export function createContainerReads({
  store,
  projects,
  connectionEnvironment,
  view,
}: {
  store: ContainersStore;
  projects: Pick<Projects, "require">;
  connectionEnvironment: Pick<ConnectionEnvironment, "namesOf">;
  view: Pick<ContainerView, "present">;
}) {
  const require = async (userId: string, ref: string, id: string): Promise<{ project: ProjectRow; row: ContainerRow }> => {
    const project = await projects.require(userId, ref);
    const row = await store.find(project.id, id);
    if (!row) throw notFound("Container");
    return { project, row };
  };

  return {
    require,
    /** Oldest first; for other features. */
    listAll: (projectId: string): Promise<ContainerRow[]> => store.listAll(projectId),
    findByHostLabel: store.findByHostLabel,
    find: store.find,
    list: async (userId: string, ref: string, query: PageQuery) => {
      const project = await projects.require(userId, ref);
      const page = pageOf(query);
      const { rows, total } = await store.list(project.id, page);
      return page.envelope(
        rows.map((row) => view.present(row)),
        total,
      );
    },
    get: async (userId: string, ref: string, id: string): Promise<Container> => {
      const { project, row } = await require(userId, ref, id);
      return view.present(row, await connectionEnvironment.namesOf(project.id, row.id));
    },
  };
}
