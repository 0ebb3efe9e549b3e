import type { AdminProject, AdminProjectDetail, FilesRestoreStart, List } from "@tesslate/contract";
import { notFound } from "../../../platform/errors.ts";
import { pagesOf } from "../../../platform/csv.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Projects, Provisioning } from "../../projects/projects/index.ts";
import type { Actor, Audit } from "../../accounts/audit/index.ts";
import type { FilesRestore } from "../../source/snapshots/index.ts";
import type { ProjectSizes } from "./project-sizes.ts";
import type { AdminProjectsStore, ProjectFilter } from "./projects.store.ts";
import { isUuid } from "../../../platform/uuid.ts";

/** Administration of all projects. */
export type AdminProjects = ReturnType<typeof createAdminProjects>;
export function createAdminProjects({
  store,
  audit,
  projects,
  provisioning,
  work,
  sizes,
  filesRestore,
}: {
  store: AdminProjectsStore;
  audit: Audit;
  projects: Pick<Projects, "find" | "findMissing">;
  provisioning: Pick<Provisioning, "acceptDeletion">;
  /** What runs in a project. `stop`: its agent runs and containers. */
  work: { running(project: ProjectRow): Promise<string[]>; stop(project: ProjectRow): Promise<unknown> };
  sizes: ProjectSizes;
  filesRestore: Pick<FilesRestore, "beginAll">;
}) {
  const require = async (ref: string) => {
    const row = await store.find(ref, isUuid(ref));
    if (!row) throw notFound("Project");
    return row;
  };
  const detailOf = async (ref: string): Promise<AdminProjectDetail> => {
    const row = await require(ref);
    const isThere = row.environment_status !== "deleting" && row.environment_status !== "provisioning";
    const [containers, bytes] = await Promise.all([store.containersOf(row.id), isThere ? sizes.sizeOf(row.id) : undefined]);
    return { ...row, ...(bytes !== undefined && { disk_bytes: bytes }), containers };
  };

  return {
    list: async (query: PageQuery & ProjectFilter): Promise<List<AdminProject>> => {
      const page = pageOf(query);
      const { rows, total } = await store.list(query, page);
      return page.envelope(rows, total);
    },
    /** All matching rows, page by page, ordered by id. */
    pages: (filter: ProjectFilter): AsyncIterable<AdminProject[]> =>
      pagesOf<AdminProject>((after) => store.listAfter(filter, after?.id, 500)),
    get: detailOf,
    /**
     * Stops the project. Logged before it starts, because it takes longer than a transaction may; nothing is logged when nothing runs. Throws 404.
     */
    stop: async (actor: Actor, ref: string, reason: string): Promise<AdminProjectDetail> => {
      const { id, name, slug, owner_id, active_runs, environment_status } = await require(ref);
      const project = await projects.find(id);
      if (!project) throw notFound("Project");
      const services = await work.running(project);
      const isAwake = environment_status === "active" || environment_status === "starting";
      if (isAwake || services.length > 0 || active_runs > 0) {
        await audit.change(actor, ({ record }) =>
          record({
            action: "project.stop",
            target: { type: "project", id, name },
            reason,
            details: { slug, owner_id, services, active_runs },
          }),
        );
        await work.stop(project);
      }
      return detailOf(id);
    },
    /** Starts to restore the files of all projects without files. */
    restoreFiles: async (actor: Actor, reason: string): Promise<FilesRestoreStart> => {
      await projects.findMissing();
      const missing = await store.listWithoutFiles();
      if (missing.length > 0)
        await audit.change(actor, ({ record }) =>
          record({
            action: "server.files_restored",
            target: { type: "server", id: null, name: "Projects" },
            reason,
            details: { projects: missing.length },
          }),
        );
      return filesRestore.beginAll(missing);
    },
    /** Schedules the deletion together with its audit log row. Throws 404. */
    remove: async (actor: Actor, ref: string, reason: string) => {
      const { id, name, slug, owner_id, owner_username } = await require(ref);
      const { task, accepted } = await audit.change(actor, async ({ tx, record }) => {
        await record({
          action: "project.delete",
          target: { type: "project", id, name },
          reason,
          details: { slug, owner_id, owner_username },
        });
        return provisioning.acceptDeletion(tx, id);
      });
      await accepted();
      return { task_id: task.id, status_url: `/api/admin/tasks/${task.id}`, project_id: id, project_slug: slug };
    },
  };
}
