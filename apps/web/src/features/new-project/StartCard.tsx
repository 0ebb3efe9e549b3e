import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { NewProjectSearch } from "./new-project-search.ts";

export const startGrid = "grid grid-cols-[repeat(auto-fill,minmax(15rem,1fr))] gap-4 narrow:grid-cols-1 narrow:gap-3";

/** What a project can start from. The whole card opens its sheet. */
export function StartCard({
  name,
  picture,
  description,
  contents,
  foot,
  opens,
}: {
  name: string;
  picture: ReactNode;
  description: string;
  contents: readonly string[];
  /** Facts at the end, such as the time of the first start. */
  foot: readonly string[];
  opens: Pick<NewProjectSearch, "template" | "base">;
}) {
  return (
    <article
      aria-label={name}
      className="relative flex min-w-0 flex-col overflow-hidden rounded-3 border border-line-0 bg-bg-1 transition-colors focus-within:border-line-1 hover:border-line-1"
    >
      <div className="border-b border-line-0">{picture}</div>
      <div className="flex flex-1 flex-col p-3.5">
        <h3 className="truncate text-sm">
          <Link
            to="/new"
            search={(before) => ({ ...before, ...opens })}
            data-start=""
            className="after:absolute after:inset-0 after:rounded-3 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
          >
            {name}
          </Link>
        </h3>
        <p className="mt-1 line-clamp-2 text-sm leading-read text-fg-1">{description}</p>
        <p className="mt-2 line-clamp-2 flex-1 text-xs leading-read text-fg-2">{contents.slice(0, 6).join(", ")}</p>
        {foot.length > 0 ? <p className="num mt-2.5 border-t border-line-0 pt-2.5 text-xs text-fg-2">{foot.join(" · ")}</p> : null}
      </div>
    </article>
  );
}
