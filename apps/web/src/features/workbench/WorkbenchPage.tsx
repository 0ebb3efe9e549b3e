import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate, useRouter } from "@tanstack/react-router";
import { useDeferredValue } from "react";
import { hasCode } from "../../lib/errors.ts";
import { openProjectQuery } from "../../project/project.queries.ts";
import { useServices } from "../../project/services.ts";
import { isView, type View } from "../../project/views.ts";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { NotFoundPage } from "../../ui/page/NotFoundPage.tsx";
import { Page } from "../../ui/page/Page.tsx";
import { meQuery } from "../users/index.ts";
import { Workbench } from "./Workbench.tsx";
import { WorkbenchSkeleton } from "./WorkbenchSkeleton.tsx";

const route = getRouteApi("/app/p/$slug/{-$view}");

/** `/p/:slug/:view`. */
export function WorkbenchPage() {
  const { slug, view } = route.useParams();
  const { api } = useServices();
  const navigate = useNavigate();
  const router = useRouter();
  const { data: user } = useSuspenseQuery(meQuery);
  const project = useQuery(openProjectQuery(api, slug));
  // The workbench is rendered in parts when its project has loaded, so that input is not delayed.
  const shown = useDeferredValue(project.data, undefined);
  if (hasCode(project.error, "not_found") || (view !== undefined && !isView(view))) return <NotFoundPage />;
  const opensOn = isView(view) ? view : "chat";
  if (project.isPending || (project.data && !shown)) return <WorkbenchSkeleton opensOn={opensOn} />;
  if (!shown)
    return (
      <Page title="Project">
        <LoadFailed title="Couldn't load the project" of={project} />
      </Page>
    );
  const target = (next: View) => ({ to: "/p/$slug/{-$view}", params: { slug, view: next } }) as const;
  return (
    <Workbench
      key={shown.id}
      project={shown}
      reader={user}
      presentId={user.impersonated_by?.id}
      view={isView(view) ? view : "preview"}
      opensOn={opensOn}
      hrefOf={(next) => router.buildLocation(target(next)).href}
      onView={(next) => void navigate(target(next))}
      onDeployment={(deployment) => void navigate({ ...target("deploys"), search: deployment ? { deployment } : {} })}
      onReview={(run) => void navigate({ ...target("review"), search: { run } })}
    />
  );
}
