import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { recentProjectsQuery, useProjectHistories } from "../../project/projects.queries.ts";
import { buttonClass } from "../../ui/Button.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { ProjectCard, ProjectCardSkeletons, projectGrid } from "../projects/index.ts";

/** The recently changed projects. If loading fails, only this section shows an error. */
export function RecentProjects() {
  const recent = useQuery(recentProjectsQuery);
  const histories = useProjectHistories(recent.data?.items ?? []);
  if (recent.data?.total === 0) return null;
  return (
    <section className="mt-10" aria-labelledby="home-recent">
      <div className="mb-3 flex h-6 items-center">
        <h2 id="home-recent" className="flex-1 text-sm">
          Recent
        </h2>
        {recent.data ? (
          <Link to="/projects" className={buttonClass({ variant: "ghost", size: "sm" })}>
            All {recent.data.total}
          </Link>
        ) : null}
      </div>
      {recent.isPending ? (
        <ProjectCardSkeletons count={4} />
      ) : recent.isError && !recent.data ? (
        <LoadFailed className="p-0!" title="Couldn't load your projects" of={recent} />
      ) : (
        <div className={projectGrid}>
          {recent.data.items.map((project) => (
            <ProjectCard key={project.id} project={project} history={histories.get(project.id)} />
          ))}
        </div>
      )}
    </section>
  );
}
