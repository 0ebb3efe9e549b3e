import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Page } from "../../frame/Page.tsx";
import { detailsOf, hasCode, sentenceOf } from "../../lib/errors.ts";
import { momentOf } from "../../lib/time.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Thread, ThreadItem } from "../../ui/thread/index.ts";
import { ProjectPill } from "../projects/ProjectPill.tsx";
import { projectQuery } from "../projects/projects.queries.ts";
import { NotFoundPage } from "../../frame/NotFoundPage.tsx";

const route = getRouteApi("/app/p/$slug/{-$view}");

/** One project: what was asked of it and how it stands. */
export function WorkbenchPage() {
  const { slug } = route.useParams();
  const project = useQuery(projectQuery(slug));
  if (hasCode(project.error, "not_found")) return <NotFoundPage />;
  return (
    <Page title={project.data?.name ?? "Project"} width="reading">
      {project.isPending ? (
        <SkeletonRows count={4} label="Loading the project" />
      ) : project.isError ? (
        <ErrorState
          title="The project could not be loaded"
          onRetry={() => void project.refetch()}
          isRetrying={project.isFetching}
          details={detailsOf(project.error)}
        >
          {sentenceOf(project.error)}
        </ErrorState>
      ) : (
        <>
          <div className="mb-6 flex items-center gap-3">
            <h1 className="font-display text-xl tracking-title">{project.data.name}</h1>
            <ProjectPill project={project.data} />
          </div>
          <Thread label="Project">
            <ThreadItem bead="message" edge="both">
              <p className="text-xs leading-[22px] text-fg-3">{momentOf(project.data.created_at)}</p>
              <p className="text-md leading-read whitespace-pre-wrap text-fg-0">{project.data.description ?? "No description yet."}</p>
            </ThreadItem>
          </Thread>
        </>
      )}
    </Page>
  );
}
