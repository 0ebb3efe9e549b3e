import { Link, useNavigate } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { Braces, ChevronDown, Search } from "lucide-react";
import { useRef, type ReactNode } from "react";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useSearchText } from "../../lib/use-search-text.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { Input } from "../../ui/Input.tsx";
import { Page } from "../../ui/page/Page.tsx";
import { meQuery } from "../users/index.ts";
import { helpSectionsFor } from "./help-pages.ts";
import type { HelpSection } from "./help-content.ts";

/** The sections in the order for this reader. A visitor is none of the administrators. */
export function useHelpSections(): readonly HelpSection[] {
  const user = useQueryClient().getQueryData(meQuery.queryKey);
  return helpSectionsFor(user?.is_superuser ?? false);
}

const entry =
  "flex min-h-7.5 items-center gap-2 rounded-2 px-2.5 py-1 text-fg-1 hover:bg-bg-2 hover:text-fg-0 aria-[current=page]:bg-bg-3 aria-[current=page]:font-medium aria-[current=page]:text-fg-0 narrow:min-h-11";

function Pages({ onOpened }: { onOpened?: () => void }) {
  return (
    <nav aria-label="Help pages" className="grid gap-4">
      {useHelpSections().map(({ id, title, pages }) => (
        <div key={id} role="group" aria-label={title}>
          <p aria-hidden="true" className="px-2.5 pb-1 text-xs text-fg-2">
            {title}
          </p>
          {pages.map((page) => (
            <Link
              key={page.slug}
              to="/help/$"
              params={{ _splat: page.slug }}
              activeOptions={{ includeHash: false }}
              activeProps={{ "aria-current": "page" }}
              className={entry}
              {...(onOpened && { onClick: onOpened })}
            >
              {page.title}
            </Link>
          ))}
          {id === "api" ? (
            <a href="/docs" className={entry}>
              <Braces size={14} className="flex-none text-fg-2" />
              API reference
            </a>
          ) : null}
        </div>
      ))}
    </nav>
  );
}

/** A search box whose words are in the URL of the first page, whichever page it is on. */
function HelpSearchBox({ words, isFocused }: { words: string; isFocused: boolean }) {
  const navigate = useNavigate();
  const box = useRef<HTMLInputElement>(null);
  const [text, setText] = useSearchText(words, (q) => void navigate({ to: "/help", search: q ? { q } : {}, replace: words !== "" }));
  useShortcuts({ "help.search": () => box.current?.focus() });
  return (
    <div role="search" aria-label="Help">
      <Input
        ref={box}
        type="search"
        aria-label="Search help"
        placeholder="Search help"
        // Typing in the search of another help page opens this page and keeps the focus.
        autoFocus={isFocused}
        value={text}
        onChange={(event) => setText(event.target.value)}
        leading={<Search size={14} className="flex-none text-fg-3" />}
      />
    </div>
  );
}

const summary =
  "flex min-h-11 cursor-default items-center justify-between px-3 text-fg-0 [&::-webkit-details-marker]:hidden [[open]>&>svg]:rotate-180";

/** A page of the help. `hasPages`: with the list of pages at its left, or behind "All pages" on phones. */
export function HelpLayout({
  title,
  words = "",
  hasPages = true,
  children,
}: {
  title: string;
  words?: string;
  hasPages?: boolean;
  children: ReactNode;
}) {
  const all = useRef<HTMLDetailsElement>(null);
  const isNarrow = useIsNarrow();
  const search = <HelpSearchBox words={words} isFocused={words !== ""} />;
  const home = (
    <Link to="/help" className="rounded-1 font-medium text-fg-0">
      Help
    </Link>
  );
  return (
    <Page title={title === "Help" ? title : `${title} · Help`} {...(hasPages && { head: home })}>
      {hasPages ? (
        <div className="flex items-start gap-10 narrow:flex-col narrow:gap-4">
          <div className="sticky top-0 grid w-52 flex-none grid-cols-1 gap-4 narrow:static narrow:w-full">
            {search}
            {isNarrow ? (
              <details ref={all} className="rounded-2 border border-line-0">
                <summary className={summary}>
                  All pages <ChevronDown size={14} aria-hidden="true" className="text-fg-2" />
                </summary>
                <div className="border-t border-line-0 p-1.5">
                  <Pages onOpened={() => all.current?.removeAttribute("open")} />
                </div>
              </details>
            ) : (
              <div className="scroll-y max-h-[calc(100dvh-120px)] pb-8">
                <Pages />
              </div>
            )}
          </div>
          <div className="min-w-0 flex-1 narrow:w-full">{children}</div>
        </div>
      ) : (
        <>
          <h1 className="font-display text-xl tracking-title narrow:-mt-10 narrow:mb-4">Help</h1>
          <p className="mt-1 mb-4 text-md leading-read text-fg-2">Guides for building apps, documents for running a server, and the API.</p>
          <div className="mb-6 max-w-120 narrow:max-w-none">{search}</div>
          {children}
        </>
      )}
    </Page>
  );
}
