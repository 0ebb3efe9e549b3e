import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { counted } from "../../lib/counted.ts";
import { buttonClass } from "../../ui/Button.tsx";
import { helpClasses, helpStart } from "./help-classes.ts";
import { HelpLayout, useHelpSections } from "./HelpLayout.tsx";
import { findHelp, helpIndexQuery } from "./search-help.ts";

const route = getRouteApi("/app/help/");
const resultLimit = 30;

/** The first page of the help: all pages with what they are about, or the results of a search. */
export function HelpHomePage() {
  const { q } = route.useSearch();
  return (
    <HelpLayout title={q ? `“${q}”` : "Help"} words={q ?? ""}>
      {q ? <Results words={q} /> : <AllPages />}
    </HelpLayout>
  );
}

function AllPages() {
  return (
    <>
      <div className={helpClasses.startSections}>
        {useHelpSections().map(({ id, title, pages }) => (
          <section key={id} aria-labelledby={id}>
            <h2 id={id} className={helpClasses.startSectionTitle}>
              {title}
            </h2>
            {id === "api" ? (
              <a href="/docs" className={helpClasses.startRow}>
                <span className={helpClasses.startRowTitle}>API reference</span>
                <span className={helpClasses.startRowAbout}>{helpStart.apiReference}</span>
              </a>
            ) : null}
            {pages.map((page) => (
              <Link key={page.slug} to="/help/$" params={{ _splat: page.slug }} className={helpClasses.startRow}>
                <span className={helpClasses.startRowTitle}>{page.title}</span>
                <span className={helpClasses.startRowAbout}>{page.about.replaceAll("`", "")}</span>
              </Link>
            ))}
          </section>
        ))}
      </div>
    </>
  );
}

function Results({ words }: { words: string }) {
  const index = useQuery(helpIndexQuery);
  if (index.error) return <LoadFailed className="px-0" title="Couldn't load the search" of={index} />;
  if (!index.data) return <SkeletonRows count={6} label="Searching help…" />;
  const results = findHelp(index.data, words, resultLimit);
  if (results.length === 0)
    return (
      <EmptyState
        className="px-0"
        title={`No results for “${words}”`}
        action={
          <Link to="/help" className={buttonClass()}>
            All pages
          </Link>
        }
      >
        Try fewer or other words.
      </EmptyState>
    );
  return (
    <>
      <p className="mb-3 text-fg-2" role="status">
        {results.length === resultLimit ? `The first ${counted(resultLimit, "result")}` : counted(results.length, "result")} for “{words}”
      </p>
      <ul aria-label="Results" className="max-w-190">
        {results.map(({ slug, anchor, title, page, excerpt }) => (
          <li key={`${slug}#${anchor}`}>
            <Link to="/help/$" params={{ _splat: slug }} {...(anchor && { hash: anchor })} className={helpClasses.startRow}>
              <span className={helpClasses.startRowTitle}>{title}</span>
              {title === page ? null : <span className="ml-2 text-xs text-fg-2">{page}</span>}
              <span className="line-clamp-2 text-xs leading-note text-fg-2">{excerpt}</span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
