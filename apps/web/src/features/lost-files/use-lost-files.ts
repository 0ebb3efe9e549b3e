import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { projectKey } from "../../project/cache-keys.ts";
import { useProject, useTasks } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { useAdoptTask } from "../../project/use-adopt-task.ts";
import { toastError } from "../../ui/toast.tsx";
import { filesCopyQuery } from "./lost-files.queries.ts";

/** The copy from which the files of the open project are restored, and the action that does it. */
export function useLostFiles() {
  const { api } = useServices();
  const project = useProject();
  const queries = useQueryClient();
  const tasks = useTasks().filter((task) => task.type === "files_restore");
  const copy = useQuery({ ...filesCopyQuery(api, project.id), enabled: project.environment_status === "files_missing" });
  const adopt = useAdoptTask(project.id);
  const refresh = () =>
    Promise.all([copy.refetch(), queries.invalidateQueries({ queryKey: projectKey(project.slug) })]).then(() => undefined);
  const restore = useMutation({
    mutationFn: () => api.snapshots.restoreFiles({ params: { id: project.id } }),
    onSuccess: ({ task_id }) => adopt(task_id),
    onError: async (error) => {
      toastError(error);
      // The disk may be connected again.
      await refresh();
    },
  });
  return {
    copy,
    /** Looks again whether the disk is there. */
    refresh,
    failed: tasks[0]?.status === "failed" ? tasks[0] : undefined,
    restore: () => restore.mutate(),
    isStarting: restore.isPending,
  };
}
