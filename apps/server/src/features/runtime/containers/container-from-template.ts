import type { CreateContainer } from "@tesslate/contract";
import type { Static } from "typebox";
import { stepsOf } from "@tesslate/runtime";
import { AppError, badRequest, notFound } from "../../../platform/errors.ts";
import { serviceOf, type Projects, type Templates } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { TaskContext, TaskRow, Tasks } from "../../core/tasks/index.ts";
import { positionOf } from "./canvas-position.ts";
import { runBy, type ContainerInsertion } from "./container-insertion.ts";
import type { ContainersStore } from "./containers.store.ts";
import { setupTaskKey } from "./names.ts";
import type { ContainerStatusWriter } from "./status.ts";

const buildMs = 10 * 60_000;

export type InsertFromTemplate = ReturnType<typeof createInsertFromTemplate>;
/** Inserts containers with the files of a template, which the task `container_initialization` copies. */
export function createInsertFromTemplate({
  store,
  insertion,
  projects,
  tasks,
  templates,
  statusWriter,
}: {
  store: ContainersStore;
  insertion: Pick<ContainerInsertion, "insert">;
  projects: Pick<Projects, "find" | "sandboxOf" | "refreshSandbox" | "touch">;
  tasks: Tasks;
  templates: Templates;
  statusWriter: Pick<ContainerStatusWriter, "fail">;
}) {
  /** Copies a template's files and dependencies into the container's folder, unless it already has files. */
  const initialise = async ({ task, input, signal, progress, note }: TaskContext<{ container_id: string; template_slug: string }>) => {
    const project = await projects.find(task.project_id ?? "");
    const row = project && (await store.find(project.id, input.container_id));
    const template = templates.find(input.template_slug);
    if (!project || !row || !template) throw notFound("Container");
    const sandbox = await projects.sandboxOf(project);
    await progress(20, `Creating folder ${row.directory}`);
    const { created: isNew } = await sandbox.files.mkdir(row.directory);
    const isEmpty = isNew || (await sandbox.files.walk({ under: row.directory })).length === 0;
    await progress(40, isEmpty ? "Copying files" : "Files already exist");
    if (isEmpty) {
      await sandbox.files.copyIn(template.image.source, row.directory);
      for (const argv of stepsOf(template.image)) {
        await note(argv.join(" "));
        const result = await sandbox.exec(argv, { cwd: row.directory, timeoutMs: buildMs, signal });
        signal.throwIfAborted();
        if (result.exitCode !== 0) {
          const tail = (result.stderr || result.stdout).trimEnd().split("\n").slice(-20);
          for (const line of tail) await note(line);
          throw new AppError("start_failed", `${argv.join(" ")} failed: ${tail.at(-1) ?? "no output"}`);
        }
      }
    }
    await progress(80, "Configuring the container");
    await projects.refreshSandbox(project.id);
    await projects.touch(project.id);
    return { container_id: row.id };
  };
  /** A container without files cannot run; store the reason. */
  const markUnfinished = async (task: TaskRow) => {
    const { container_id } = task.input as { container_id: string };
    const row = task.status === "completed" ? undefined : await store.find(task.project_id ?? "", container_id);
    if (row) await statusWriter.fail(row, `Setup failed: ${task.error ?? "it was interrupted."}`);
  };
  tasks.define("container_initialization", {
    timeoutMs: buildMs + 60_000,
    run: initialise,
    ended: markUnfinished,
    interrupted: markUnfinished,
  });

  return async (
    userId: string,
    project: ProjectRow,
    body: Static<typeof CreateContainer>,
  ): Promise<{ row: ContainerRow; task: TaskRow }> => {
    if (body.deployment_mode === "external") throw badRequest("Only a service can be external.");
    const template = body.base_id ? templates.find(body.base_id) : templates.getDefault();
    if (!template) throw notFound("Base");
    if (template.containers.length > 0)
      throw badRequest(`${template.api.name} consists of several containers. Create a project from it.`, "not_supported");
    return store.transaction(async (tx) => {
      const made = await insertion.insert(
        tx,
        project,
        { name: body.name?.trim() || template.api.name, directoryOf: (key) => key, port: template.service.port },
        { ...runBy(serviceOf(template.service)), ...positionOf(body) },
      );
      return {
        row: made,
        task: await tasks.create(tx, {
          user_id: userId,
          project_id: project.id,
          type: "container_initialization",
          unique_key: setupTaskKey(made.id),
          metadata: { container_id: made.id, project_id: project.id, container_name: made.container_name, base_name: template.api.name },
          input: { container_id: made.id, template_slug: template.api.slug },
        }),
      };
    });
  };
}
