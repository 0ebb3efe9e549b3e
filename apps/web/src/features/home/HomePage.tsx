import { useSuspenseQuery } from "@tanstack/react-query";
import { useDeferredValue } from "react";
import { Page } from "../../ui/page/Page.tsx";
import { PanelBoundary } from "../../ui/PanelBoundary.tsx";
import { meQuery } from "../users/index.ts";
import { Checklist } from "./Checklist.tsx";
import { HomeComposer } from "./HomeComposer.tsx";
import { IsolationBanner } from "./IsolationBanner.tsx";
import { PreparationProgress } from "./PreparationProgress.tsx";
import { RecentProjects } from "./RecentProjects.tsx";

/** The start page: the prompt, the first steps and the recent projects. */
export function HomePage() {
  const { data: user } = useSuspenseQuery(meQuery);
  // The composer is rendered first; the rest follows in a deferred render.
  const isWhole = useDeferredValue(true, false);
  const firstName = user.name.trim().split(/\s+/)[0];
  return (
    <Page title="Home" head={<span className="hidden font-semibold text-fg-0 narrow:inline">Tesslate Studio</span>}>
      <section className="mx-auto mt-10 w-full max-w-175 narrow:mt-4" aria-labelledby="home-question">
        <h1 id="home-question" className="mb-4 font-display text-2xl leading-tight tracking-display wrap-anywhere narrow:text-[24px]">
          {firstName ? (
            <>
              What do you want to build, <span className="as-written">{firstName}</span>?
            </>
          ) : (
            "What do you want to build?"
          )}
        </h1>
        <HomeComposer />
        {user.is_superuser ? <IsolationBanner className="mt-4" /> : null}
        {isWhole ? <PreparationProgress isAdministrator={user.is_superuser} /> : null}
        {isWhole ? (
          <PanelBoundary title="Couldn't load the first steps">
            <Checklist />
          </PanelBoundary>
        ) : null}
      </section>
      {isWhole ? (
        <PanelBoundary title="Couldn't load your projects">
          <RecentProjects />
        </PanelBoundary>
      ) : null}
    </Page>
  );
}
