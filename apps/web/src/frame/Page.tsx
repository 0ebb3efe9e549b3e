import type { ReactNode } from "react";
import { cx } from "../lib/cx.ts";
import { usePageTitle } from "../lib/page-title.ts";
import { FindButton } from "./FindButton.tsx";
import { ThemeButton } from "./ThemeButton.tsx";

/** A page on one sheet: scrolls inside, head bar with palette and theme. The workbench builds its own. */
export function Page({ title, head, children, className }: { title: string; head?: ReactNode; children: ReactNode; className?: string }) {
  usePageTitle(title);
  return (
    <main
      id="main"
      tabIndex={-1}
      className="on-sheet m-2 ml-0 scroll-y min-h-0 flex-1 rounded-4 border border-line-0 bg-bg-1 outline-none narrow:m-0 narrow:rounded-none narrow:border-0"
    >
      <div className="flex h-11 items-center gap-2 pr-3 pl-5 narrow:h-12 narrow:pr-1 narrow:pl-4">
        {head}
        <span className="flex-1" />
        <FindButton />
        <ThemeButton />
      </div>
      <div className={cx("mx-auto w-full max-w-[1180px] px-10 pb-12 narrow:px-4", className)}>{children}</div>
    </main>
  );
}
