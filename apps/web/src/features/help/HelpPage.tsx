import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useLocation, useNavigate } from "@tanstack/react-router";
import { ChevronDown, ChevronLeft, ChevronRight } from "lucide-react";
import { useEffect, useState, type MouseEvent } from "react";
import { ChunkLoadError } from "../../lib/chunks.ts";
import { cx } from "../../lib/cx.ts";
import { ChunkErrorState } from "../../ui/ChunkErrorState.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import type { HelpDocument, HelpHeading } from "./help-content.ts";
import { followedLink } from "./followed-link.ts";
import { helpClasses, listedHeadings } from "./help-classes.ts";
import { helpContentQuery, helpPageOf } from "./help-pages.ts";
import { HelpArticle } from "./HelpArticle.tsx";
import { HelpLayout, useHelpSections } from "./HelpLayout.tsx";

const route = getRouteApi("/app/help/$");

/** One document. The route refuses addresses that have none. */
export function HelpPage() {
  const { _splat: slug = "" } = route.useParams();
  const page = helpPageOf(slug);
  // Each page is a new one: it begins at its top, and takes the focus.
  return page ? <Document key={slug} page={page} /> : null;
}

function Document({ page }: { page: HelpDocument }) {
  const content = useQuery(helpContentQuery(page.slug));
  const navigate = useNavigate();
  const hash = useLocation({ select: (location) => location.hash });
  const { data, error } = content;
  useEffect(() => {
    if (data && hash) document.getElementById(hash)?.scrollIntoView();
  }, [data, hash]);
  return (
    <HelpLayout title={page.title} slug={page.slug}>
      {data ? (
        <div className={helpClasses.document}>
          <article aria-label={data.title} className={helpClasses.article}>
            <h1 className={helpClasses.title}>{data.title}</h1>
            <OnThisPage headings={data.headings} isInline />
            <HelpArticle
              content={data}
              onOpen={(slug, anchor) =>
                void navigate({
                  ...(slug ? { to: "/help/$", params: { _splat: slug } } : { to: "/help" }),
                  ...(anchor && { hash: anchor }),
                })
              }
            />
            <Neighbors slug={page.slug} />
          </article>
          <OnThisPage headings={data.headings} />
        </div>
      ) : error instanceof ChunkLoadError ? (
        <ChunkErrorState error={error} />
      ) : error ? (
        <LoadFailed className="px-0" title="Couldn't load this page" of={content} />
      ) : (
        <SkeletonRows count={10} label="Loading page…" />
      )}
    </HelpLayout>
  );
}

/** The heading at the top of what is seen: the first one until the page is scrolled, so that the first layout is the browser's. */
function useCurrentHeading(headings: readonly HelpHeading[]): string | undefined {
  const [current, setCurrent] = useState(headings[0]?.anchor);
  useEffect(() => {
    const main = document.getElementById("main");
    if (!main) return undefined;
    const find = () => {
      const top = main.getBoundingClientRect().top + 80;
      const above = headings.filter(({ anchor }) => (document.getElementById(anchor)?.getBoundingClientRect().top ?? Infinity) < top);
      setCurrent((above.at(-1) ?? headings[0])?.anchor);
    };
    main.addEventListener("scroll", find, { passive: true });
    return () => main.removeEventListener("scroll", find);
  }, [headings]);
  return current;
}

/** The headings of the page: at its right, or above its text (`isInline`) where there is no room. */
function OnThisPage({ headings, isInline = false }: { headings: readonly HelpHeading[]; isInline?: boolean }) {
  const [isOpen, setIsOpen] = useState(false);
  const current = useCurrentHeading(headings);
  const navigate = useNavigate();
  const shown = listedHeadings(headings);
  if (shown.length < 2) return null;
  const open = (event: MouseEvent) => {
    const link = followedLink(event);
    if (link) void navigate({ to: ".", hash: link.anchor, replace: true });
  };
  const list = () => (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- as in the list of pages.
    <ul className={helpClasses.headings} onClick={open}>
      {shown.map(({ anchor, text, depth }) => (
        <li key={anchor}>
          <a
            href={`#${anchor}`}
            data-current={(!isInline && anchor === current) || undefined}
            className={cx(helpClasses.heading, depth > 2 && helpClasses.subheading)}
          >
            {text}
          </a>
        </li>
      ))}
    </ul>
  );
  if (isInline)
    return (
      <details onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)} className={helpClasses.onThisPageInline}>
        <summary className={helpClasses.onThisPageSummary}>
          On this page <ChevronDown size={14} aria-hidden="true" className="text-fg-2" />
        </summary>
        <nav aria-label="On this page" className={helpClasses.onThisPageInlineList}>
          {isOpen ? list() : null}
        </nav>
      </details>
    );
  return (
    <nav aria-label="On this page" className={helpClasses.onThisPage}>
      <p aria-hidden="true" className={helpClasses.onThisPageTitle}>
        On this page
      </p>
      {list()}
    </nav>
  );
}

/** The pages before and after this one in its section. */
function Neighbors({ slug }: { slug: string }) {
  const pages = useHelpSections().find((section) => section.pages.some((page) => page.slug === slug))?.pages ?? [];
  const at = pages.findIndex((page) => page.slug === slug);
  const [before, after] = [pages[at - 1], pages[at + 1]];
  const look = "inline-flex min-h-8 items-center gap-1 text-fg-1 hover:text-fg-0 narrow:min-h-11";
  return (
    <nav aria-label="Next pages" className="mt-10 flex justify-between gap-4 border-t border-line-0 pt-4">
      {before ? (
        <Link to="/help/$" params={{ _splat: before.slug }} className={look}>
          <ChevronLeft size={14} aria-hidden="true" /> {before.title}
        </Link>
      ) : (
        <span />
      )}
      {after ? (
        <Link to="/help/$" params={{ _splat: after.slug }} className={look}>
          {after.title} <ChevronRight size={14} aria-hidden="true" />
        </Link>
      ) : null}
    </nav>
  );
}
