import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowLeft, ExternalLink, Keyboard, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { HelpArticle } from "./HelpArticle.tsx";
import { helpContentQuery } from "./help-pages.ts";

/**
 * The help about a page beside it; on phones and small windows over it. `about` is its address below `/help/`, and follows the page until a
 * link was followed here.
 */
export function HelpPanel({ about, onClose, onShortcuts }: { about: string; onClose: () => void; onShortcuts: () => void }) {
  const [followed, setFollowed] = useState<{ from: string; to: readonly string[] }>({ from: about, to: [] });
  const path = followed.from === about ? followed.to : [];
  const [slug = "", anchor = ""] = (path.at(-1) ?? about).split("#");
  const content = useQuery(helpContentQuery(slug));
  const panel = useRef<HTMLElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const { data } = content;

  useEffect(() => {
    const before = document.activeElement;
    const box = panel.current;
    box?.focus();
    return () => {
      // Not if the focus went elsewhere on purpose.
      const isInside = document.activeElement === document.body || box?.contains(document.activeElement);
      if (isInside && before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  useEffect(() => {
    if (!data || !body.current) return;
    const heading = anchor ? body.current.querySelector(`[id="${CSS.escape(anchor)}"]`) : null;
    if (heading) heading.scrollIntoView({ block: "start" });
    else body.current.scrollTop = 0;
  }, [data, anchor]);

  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Esc closes it while the focus is inside; there is a button as well.
    <aside
      ref={panel}
      tabIndex={-1}
      aria-label="Help"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.preventDefault();
        onClose();
      }}
      className="on-sheet m-2 ml-0 flex w-105 flex-none flex-col rounded-4 border border-line-0 bg-bg-1 text-sm outline-none mid:fixed mid:inset-y-0 mid:right-0 mid:z-40 mid:ml-2 mid:max-w-floating mid:shadow-3 narrow:inset-x-0 narrow:top-auto narrow:m-0 narrow:h-[85dvh] narrow:w-auto narrow:max-w-none narrow:rounded-b-none"
    >
      <div className="flex items-center gap-1 pt-2 pr-2 pb-1 pl-4">
        {path.length > 0 ? (
          <IconButton label="Back" size="sm" className="-ml-2" onClick={() => setFollowed({ from: about, to: path.slice(0, -1) })}>
            <ArrowLeft size={14} />
          </IconButton>
        ) : null}
        <h2 className="min-w-0 flex-1 truncate text-md">{data?.title ?? "Help"}</h2>
        <Link
          to="/help/$"
          params={{ _splat: slug }}
          {...(anchor && { hash: anchor })}
          onClick={onClose}
          className={buttonClass({ variant: "ghost", size: "sm" })}
        >
          <ExternalLink size={14} aria-hidden="true" />
          Open page
        </Link>
        <IconButton label="Close help" tooltipSide="none" size="sm" onClick={onClose}>
          <X size={14} />
        </IconButton>
      </div>
      <div ref={body} className="scroll-y min-h-0 flex-1 px-4 pb-4">
        {data ? (
          <HelpArticle
            content={data}
            onOpen={(to, part) => setFollowed({ from: about, to: [...path, part ? `${to || slug}#${part}` : to || slug] })}
          />
        ) : content.error ? (
          <LoadFailed className="px-0" title="Couldn't load this page" of={content} />
        ) : (
          <SkeletonRows count={8} label="Loading help…" />
        )}
      </div>
      <div className="flex flex-wrap gap-1 border-t border-line-0 px-3 py-2">
        <Link to="/help" onClick={onClose} className={buttonClass({ variant: "ghost", size: "sm" })}>
          All help pages
        </Link>
        <Button variant="ghost" size="sm" icon={<Keyboard size={14} />} onClick={onShortcuts}>
          Keyboard shortcuts
        </Button>
      </div>
    </aside>
  );
}
