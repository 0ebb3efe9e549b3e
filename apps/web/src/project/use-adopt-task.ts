import { useQueryClient } from "@tanstack/react-query";
import type { Task } from "@tesslate/contract";
import { useHandler } from "../lib/use-handler.ts";
import { partKey } from "./cache-keys.ts";
import { useServices } from "./services.ts";

/** Makes a task that was just created known before its first event, so that the screen changes at once. */
export function useAdoptTask(projectId: string): (taskId: string) => Promise<void> {
  const { api } = useServices();
  const queries = useQueryClient();
  return useHandler(async (taskId: string) => {
    const key = partKey(projectId, "tasks");
    if (queries.getQueryData<Task[]>(key)?.some((task) => task.id === taskId)) return;
    const task = await api.tasks.get({ params: { task_id: taskId } });
    queries.setQueryData<Task[]>(key, (list) => (list?.some((known) => known.id === taskId) ? list : [task, ...(list ?? [])]));
  });
}
