import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate, useRouter } from "@tanstack/react-router";
import { NotFoundPage } from "../../frame/NotFoundPage.tsx";
import { Page } from "../../frame/Page.tsx";
import { hasCode } from "../../lib/errors.ts";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { meQuery } from "../users/users.queries.ts";
import { useServices } from "./services.ts";
import { isView, type View } from "./views.tsx";
import { Workbench } from "./Workbench.tsx";
import { WorkbenchSkeleton } from "./WorkbenchSkeleton.tsx";
import { projectQuery } from "./workbench.queries.ts";

const route = getRouteApi("/app/p/$slug/{-$view}");

/** `/p/:slug/:view`. */
export function WorkbenchPage() {
  const { slug, view } = route.useParams();
  const { api } = useServices();
  const navigate = useNavigate();
  const router = useRouter();
  const { data: user } = useSuspenseQuery(meQuery);
  const project = useQuery(projectQuery(api, slug));
  if (hasCode(project.error, "not_found") || (view !== undefined && !isView(view))) return <NotFoundPage />;
  if (project.isPending) return <WorkbenchSkeleton />;
  if (!project.data)
    return (
      <Page title="Project">
        <LoadFailed title="The project could not be loaded" of={project} />
      </Page>
    );
  const target = (next: View) => ({ to: "/p/$slug/{-$view}", params: { slug, view: next } }) as const;
  return (
    <Workbench
      key={project.data.id}
      project={project.data}
      reader={user}
      view={isView(view) ? view : "preview"}
      hrefOf={(next) => router.buildLocation(target(next)).href}
      onView={(next) => void navigate(target(next))}
      onDeployment={(deployment) => void navigate({ ...target("deploys"), search: deployment ? { deployment } : {} })}
      onReview={(run) => void navigate({ ...target("review"), search: { run } })}
    />
  );
}
