import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../../api.ts";
import { Button } from "../../ui/Button.tsx";
import { toastError } from "../../ui/toast.tsx";
import type { CountedProject } from "./limits.ts";

const words = {
  running: { heading: "Running projects", action: "Stop", progress: "Stopping…", done: "Stopped" },
  deployed: { heading: "Always-on projects", action: "Turn off always-on", progress: "Turning off…", done: "Always-on is off" },
};

/** The projects that use up a limit, each with the button that makes room. */
export function LimitProjects({
  kind,
  projects,
  onFreed,
}: {
  kind: keyof typeof words;
  projects: readonly CountedProject[];
  onFreed?: (() => void) | undefined;
}) {
  const queries = useQueryClient();
  const [freed, setFreed] = useState<ReadonlySet<string>>(new Set());
  const { heading, action, progress, done } = words[kind];
  const free = useMutation({
    mutationFn: async ({ id }: CountedProject) => {
      if (kind === "running") await api.projects.stop({ params: { id } });
      else await api.hosting.undeploy({ params: { id } });
      return id;
    },
    onSuccess: (id) => {
      setFreed((before) => new Set(before).add(id));
      onFreed?.();
    },
    onError: (error, { name }) => toastError(error, { before: kind === "running" ? `Couldn't stop ${name}.` : `Couldn't change ${name}.` }),
    onSettled: () =>
      Promise.all([queries.invalidateQueries({ queryKey: ["projects"] }), queries.invalidateQueries({ queryKey: ["hosting"] })]),
  });
  return (
    <ul aria-label={heading} className="divide-y divide-line-0 rounded-3 border border-line-0">
      {projects.map((project) => (
        <li key={project.id} className="flex min-h-11 flex-wrap items-center gap-2 px-3 py-1.5 text-sm">
          <Link to="/p/$slug/{-$view}" params={{ slug: project.slug }} className="min-w-0 flex-1 truncate text-fg-0 hover:underline">
            {project.name}
          </Link>
          {freed.has(project.id) ? (
            <span role="status" className="text-xs text-fg-2">
              {done}
            </span>
          ) : (
            <Button
              size="sm"
              aria-label={`${action}: ${project.name}`}
              isLoading={free.isPending && free.variables.id === project.id}
              loadingWord={progress}
              onClick={() => free.mutate(project)}
            >
              {action}
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}
