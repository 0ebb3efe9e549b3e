import { Link } from "@tanstack/react-router";
import { usePageTitle } from "../../lib/page-title.ts";
import { buttonClass } from "../Button.tsx";
import { Thread, ThreadItem } from "../thread/index.ts";

/** Shown for pages that don't exist and for pages of other people. */
export function NotFoundPage() {
  usePageTitle("Not found");
  return (
    <main
      id="main"
      tabIndex={-1}
      className="scroll-y grid h-full min-h-0 flex-1 grid-cols-[minmax(0,420px)] content-center justify-center p-6 outline-none"
    >
      <Thread>
        <ThreadItem bead="message" edge="start" className="pb-5">
          <p className="truncate font-mono text-xs leading-5.5 text-fg-2">{location.pathname}</p>
        </ThreadItem>
        <ThreadItem bead="failed" className="pb-5">
          <h1 className="font-display text-xl leading-5.5 tracking-title">Page not found</h1>
          <p className="mt-2 leading-read text-fg-2">Check the URL. The page may have been deleted, or you may not have access to it.</p>
        </ThreadItem>
        <ThreadItem bead="next" line="next" edge="end">
          <div className="flex gap-2">
            <Link to="/" className={buttonClass({ variant: "primary" })}>
              Home
            </Link>
            <Link to="/projects" className={buttonClass()}>
              Projects
            </Link>
          </div>
        </ThreadItem>
      </Thread>
    </main>
  );
}
