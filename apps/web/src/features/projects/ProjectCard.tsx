import { Link } from "@tanstack/react-router";
import { Pin } from "lucide-react";
import type { ReactNode } from "react";
import type { Project, ProjectHistory } from "@tesslate/contract";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { Thread } from "../../ui/thread/index.ts";
import { footOf } from "./project-status.ts";
import { ProjectActions } from "./ProjectActions.tsx";
import { ProjectPicture } from "./ProjectPicture.tsx";
import { ProjectPill } from "./ProjectPill.tsx";

/** A project as a card: picture of its app, name, status and history. */
export function ProjectCard({
  project,
  history,
  checkbox,
  heading: Heading = "h3",
}: {
  project: Project;
  history: ProjectHistory | undefined;
  /** Selects it, in lists where several can be. */
  checkbox?: ReactNode;
  heading?: "h2" | "h3";
}) {
  const foot = footOf(project, history);
  return (
    <article className="group relative min-w-0" aria-label={project.name}>
      <Link
        to="/p/$slug/{-$view}"
        params={{ slug: project.slug }}
        className="block aspect-8/5 overflow-hidden rounded-3 border border-line-0 bg-bg-2 transition-colors group-hover:border-line-1"
      >
        <span className="sr-only">{`Open ${project.name}: ${project.description || "No description"}`}</span>
        <ProjectPicture project={project} isDimmed={project.status === "stopped" || project.status === "hibernated"} />
      </Link>
      {checkbox}
      <div className="px-0.5 pt-2.25">
        {/* On a phone a long status is below the name. */}
        <div className="flex min-w-0 items-center gap-x-2 gap-y-0.5 narrow:flex-wrap">
          <Heading className="min-w-0 flex-1 truncate text-sm narrow:min-w-14">{project.name}</Heading>
          {project.pinned_at ? <Pin size={14} aria-label="Pinned" role="img" className="flex-none text-fg-3" /> : null}
          <ProjectPill project={project} history={history} />
        </div>
        <Thread
          orientation="horizontal"
          points={foot.points}
          label={foot.label}
          {...(foot.tail && { tail: foot.tail })}
          className="mt-1.75 mb-1 h-4"
        />
        <div className="flex items-center">
          <p className="min-w-0 flex-1 truncate text-xs text-fg-2">
            Active <RelativeTime at={project.last_activity ?? project.updated_at} />
          </p>
          <ProjectActions project={project} />
        </div>
      </div>
    </article>
  );
}

export function ProjectCardSkeletons({ count }: { count: number }) {
  return (
    <div role="status" aria-busy="true" aria-label="Loading projects…" className={projectGrid}>
      {Array.from({ length: count }, (_, index) => (
        <div key={index} className="min-w-0">
          <Skeleton className="aspect-8/5 h-auto! rounded-3" />
          <Skeleton className="mt-3 h-4 w-3/5" />
          <Skeleton className="mt-2 h-3 w-full" />
        </div>
      ))}
    </div>
  );
}

export const projectGrid = "grid grid-cols-4 gap-4 mid:grid-cols-2 narrow:gap-3";
