import { Link, useNavigate } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { Braces, ChevronDown, Search } from "lucide-react";
import { useEffect, useRef, type MouseEvent, type ReactNode } from "react";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useSearchText } from "../../lib/use-search-text.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { Input } from "../../ui/Input.tsx";
import { Page } from "../../ui/page/Page.tsx";
import { meQuery } from "../users/index.ts";
import { followedLink } from "./followed-link.ts";
import { helpClasses, helpStart } from "./help-classes.ts";
import { helpSectionsFor } from "./help-pages.ts";
import type { HelpSection } from "./help-content.ts";

/** The sections in the order for this reader. A visitor is none of the administrators. */
export function useHelpSections(): readonly HelpSection[] {
  const user = useQueryClient().getQueryData(meQuery.queryKey);
  return helpSectionsFor(user?.is_superuser ?? false);
}

/** Plain links with one handler: as many links of the router take longer to draw than the text beside them. */
function Pages({ current, onOpened }: { current: string; onOpened?: () => void }) {
  const navigate = useNavigate();
  const open = (event: MouseEvent) => {
    const link = followedLink(event);
    if (!link) return;
    onOpened?.();
    void navigate({ to: "/help/$", params: { _splat: link.slug } });
  };
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- the links inside are links, followed by keys, too: this keeps the app open.
    <nav aria-label="Help pages" className={helpClasses.sections} onClick={open}>
      {useHelpSections().map(({ id, title, pages }) => (
        <div key={id} role="group" aria-label={title}>
          <p aria-hidden="true" className={helpClasses.sectionTitle}>
            {title}
          </p>
          {pages.map(({ slug, title: name }) => (
            <a key={slug} href={`/help/${slug}`} aria-current={slug === current ? "page" : undefined} className={helpClasses.entry}>
              {name}
            </a>
          ))}
          {id === "api" ? (
            <a href="/docs" className={helpClasses.entry}>
              <Braces size={14} className="flex-none text-fg-2" />
              API reference
            </a>
          ) : null}
        </div>
      ))}
    </nav>
  );
}

/** The list beside the text. It begins where the current page is in it. */
function PageList({ current }: { current: string }) {
  const list = useRef<HTMLDivElement>(null);
  // After the first paint, so that the first layout is the browser's.
  useEffect(() => {
    const box = list.current?.getBoundingClientRect();
    const link = list.current?.querySelector("[aria-current=page]")?.getBoundingClientRect();
    if (box && link && link.bottom > box.bottom) list.current?.scrollBy({ top: link.top - box.top - box.height / 2 });
  }, [current]);
  return (
    <div ref={list} className={helpClasses.pages}>
      <Pages current={current} />
    </div>
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

/** A page of the help. `slug`: with the list of pages, of which it is the current one, at its left, or behind "All pages" on phones. */
export function HelpLayout({ title, words = "", slug, children }: { title: string; words?: string; slug?: string; children: ReactNode }) {
  const all = useRef<HTMLDetailsElement>(null);
  const isNarrow = useIsNarrow();
  const search = <HelpSearchBox words={words} isFocused={words !== ""} />;
  const home = (
    <Link to="/help" className={helpClasses.home}>
      Help
    </Link>
  );
  return (
    <Page title={title === "Help" ? title : `${title} · Help`} {...(slug !== undefined && { head: home })}>
      {slug !== undefined ? (
        <div className={helpClasses.columns}>
          <div className={helpClasses.side}>
            {search}
            {isNarrow ? (
              <details ref={all} className={helpClasses.allPages}>
                <summary className={helpClasses.allPagesSummary}>
                  All pages <ChevronDown size={14} aria-hidden="true" className="text-fg-2" />
                </summary>
                <div className={helpClasses.allPagesList}>
                  <Pages current={slug} onOpened={() => all.current?.removeAttribute("open")} />
                </div>
              </details>
            ) : (
              <PageList current={slug} />
            )}
          </div>
          <div className={helpClasses.text}>{children}</div>
        </div>
      ) : (
        <>
          <h1 className={helpClasses.startTitle}>Help</h1>
          <p className={helpClasses.startAbout}>{helpStart.about}</p>
          <div className={helpClasses.startSearch}>{search}</div>
          {children}
        </>
      )}
    </Page>
  );
}
