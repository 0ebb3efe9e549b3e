import type { Project } from "@tesslate/contract";
import { useOptimisticMutation } from "../../../lib/use-optimistic-mutation.ts";
import { projectKey } from "../../../project/cache-keys.ts";
import { useServices } from "../../../project/services.ts";
import { toastError } from "../../../ui/toast.tsx";

/** Changes a setting of the project; shown at once. */
export function useProjectSetting(project: Project) {
  const { api } = useServices();
  const key = projectKey(project.slug);
  return useOptimisticMutation({
    mutationFn: (settings: Record<string, unknown>) => api.projects.update({ params: { id: project.id }, body: { settings } }),
    affects: [key],
    show: (queries, settings) =>
      queries.setQueryData<Project>(key, (known) => known && { ...known, settings: { ...known.settings, ...settings } }),
    adopt: (queries, saved) => queries.setQueryData(key, saved),
    onError: (error) => toastError(error),
  });
}
