import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useLocation, useNavigate } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useEffect, useState } from "react";
import { ChunkLoadError } from "../../lib/chunks.ts";
import { cx } from "../../lib/cx.ts";
import { ChunkErrorState } from "../../ui/ChunkErrorState.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import type { HelpDocument, HelpHeading } from "./help-content.ts";
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
    <HelpLayout title={page.title}>
      {data ? (
        <div className="flex items-start gap-10">
          <article aria-label={data.title} className="min-w-0 max-w-190 flex-1">
            <h1 className="mb-4 font-display text-xl tracking-title">{data.title}</h1>
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
  // A page with hundreds of headings lists its chapters only.
  const shown = headings.length > 40 ? headings.filter(({ depth }) => depth === 2) : headings.filter(({ depth }) => depth > 1);
  if (shown.length < 2) return null;
  const list = () => (
    <ul className="grid gap-px">
      {shown.map(({ anchor, text, depth }) => (
        <li key={anchor}>
          <Link
            to="."
            hash={anchor}
            replace
            activeOptions={{ exact: true, includeHash: true }}
            data-current={(!isInline && anchor === current) || undefined}
            className={cx(
              "flex min-h-6 items-center py-0.5 text-xs text-fg-2 hover:text-fg-0 data-current:font-medium data-current:text-fg-0 narrow:min-h-11",
              depth > 2 && "pl-3",
            )}
          >
            {text}
          </Link>
        </li>
      ))}
    </ul>
  );
  if (isInline)
    return (
      <details
        onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}
        className="mb-4 hidden rounded-2 border border-line-0 mid:block"
      >
        <summary className="flex min-h-8 cursor-default items-center px-3 text-fg-1 narrow:min-h-11">On this page</summary>
        <nav aria-label="On this page" className="border-t border-line-0 px-3 py-1.5">
          {isOpen ? list() : null}
        </nav>
      </details>
    );
  return (
    <nav aria-label="On this page" className="scroll-y sticky top-0 max-h-[calc(100dvh-40px)] w-44 flex-none py-2 mid:hidden">
      <p aria-hidden="true" className="pb-1.5 text-xs font-medium text-fg-1">
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
