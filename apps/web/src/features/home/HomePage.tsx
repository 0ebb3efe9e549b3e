import { useSuspenseQuery } from "@tanstack/react-query";
import { useDeferredValue } from "react";
import { Page } from "../../ui/page/Page.tsx";
import { PanelBoundary } from "../../ui/PanelBoundary.tsx";
import { meQuery } from "../users/index.ts";
import { Checklist } from "./Checklist.tsx";
import { HomeComposer } from "./HomeComposer.tsx";
import { IsolationBanner } from "./IsolationBanner.tsx";
import { RecentProjects } from "./RecentProjects.tsx";

/** The first page: say what it should do. */
export function HomePage() {
  const { data: user } = useSuspenseQuery(meQuery);
  // What it should do can be said at once; the rest is drawn right after.
  const isWhole = useDeferredValue(true, false);
  const firstName = user.name.trim().split(/\s+/)[0];
  return (
    <Page title="Home" head={<span className="hidden font-semibold text-fg-0 narrow:inline">Tesslate Studio</span>}>
      <section className="mx-auto mt-10 w-full max-w-[700px] narrow:mt-4" aria-labelledby="home-question">
        <h1 id="home-question" className="mb-4 font-display text-2xl leading-[1.15] tracking-display wrap-anywhere narrow:text-[24px]">
          What should it do
          {firstName ? (
            <>
              , <span className="as-written">{firstName}</span>
            </>
          ) : null}
          ?
        </h1>
        <HomeComposer />
        {user.is_superuser ? <IsolationBanner className="mt-4" /> : null}
        {isWhole ? (
          <PanelBoundary title="The first steps could not be shown">
            <Checklist />
          </PanelBoundary>
        ) : null}
      </section>
      {isWhole ? (
        <PanelBoundary title="Your projects could not be shown">
          <RecentProjects />
        </PanelBoundary>
      ) : null}
    </Page>
  );
}
