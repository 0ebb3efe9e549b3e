import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Project } from "@tesslate/contract";
import { sentenceOf } from "../../../lib/errors.ts";
import { projectKey } from "../../../project/cache-keys.ts";
import { useServices } from "../../../project/services.ts";
import { toast } from "../../../ui/toast.tsx";

/** Changes a setting of the project optimistically; reverted if the request fails. */
export function useProjectSetting(project: Project) {
  const { api } = useServices();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (settings: Record<string, unknown>) => api.projects.update({ params: { id: project.id }, body: { settings } }),
    onMutate: (settings) => {
      const before = queries.getQueryData<Project>(projectKey(project.slug));
      if (before) queries.setQueryData(projectKey(project.slug), { ...before, settings: { ...before.settings, ...settings } });
      return { before };
    },
    onSuccess: (saved) => queries.setQueryData(projectKey(project.slug), saved),
    onError: (error, _settings, context) => {
      if (context?.before) queries.setQueryData(projectKey(project.slug), context.before);
      toast(sentenceOf(error), { kind: "failed" });
    },
  });
}
