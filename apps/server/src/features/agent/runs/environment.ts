import type { ChatStore } from "../chats/index.ts";
import { createProjectContext } from "./project-context.ts";
import type { PreparedRun, RunProjects } from "./run.ts";
import { createRunWorkspace } from "./workspace.ts";

export type RunEnvironments = ReturnType<typeof createRunEnvironments>;
/** The project as a run works in it. */
export function createRunEnvironments({
  chats,
  projects,
}: {
  chats: ChatStore;
  projects: Pick<RunProjects, "redactor" | "expectChange" | "previewUrl" | "touch">;
}) {
  return {
    open: async ({ project: chatProject, workingProject: project, input, sandbox }: PreparedRun) => {
      const redactor = await projects.redactor(project.id);
      /** The container that the message is limited to; in a branch, its copy. */
      const named = input.container_id === null ? undefined : await chats.findContainer(chatProject.id, input.container_id);
      const scope =
        named && project.id !== chatProject.id
          ? (await chats.listContainers(project.id)).find(({ service_key }) => service_key === named.service_key)
          : named;
      return {
        redactor,
        workspace: createRunWorkspace(sandbox, redactor, (path, etag) => projects.expectChange(project.id, path, etag)),
        context: createProjectContext({ project, scope, store: chats, sandbox, redactor, previewUrl: projects.previewUrl }),
        container_id: scope?.id ?? null,
        /** The folder that the agent works in. */
        root: scope?.directory ?? ".",
        /** Stores that the project's files changed. */
        touch: () => projects.touch(project.id),
      };
    },
  };
}
