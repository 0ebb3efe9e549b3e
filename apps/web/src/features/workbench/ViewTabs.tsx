import type { MouseEvent } from "react";
import { ariaKeys } from "../../lib/use-shortcuts.ts";
import { views, type View } from "../../project/views.ts";
import { tabClass, TabCount } from "../../ui/Tabs.tsx";
import { useGitStatus } from "../git/index.ts";
import { useWorkbenchLayout } from "./layout-context.ts";
import { viewTable } from "./views.tsx";

const isPlainClick = (event: MouseEvent) => event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;

/** The views of the project; each has its own URL. */
export function ViewTabs() {
  const { view, hrefOf, show } = useWorkbenchLayout();
  /** Number of open items in a view. */
  const counts: Partial<Record<View, number>> = { git: useGitStatus().status?.changes.length ?? 0 };
  return (
    <nav
      aria-label="Views"
      className="@container flex h-9 flex-none items-stretch gap-0.5 overflow-x-auto overflow-y-hidden border-b border-line-0 px-1.5 [scrollbar-width:none] narrow:hidden"
    >
      {views.map((candidate) => (
        <a
          key={candidate}
          href={hrefOf(candidate)}
          aria-current={candidate === view ? "page" : undefined}
          aria-keyshortcuts={ariaKeys(viewTable[candidate].shortcut)}
          data-state={candidate === view ? "active" : "inactive"}
          className={tabClass}
          onClick={(event) => {
            if (!isPlainClick(event)) return;
            event.preventDefault();
            show(candidate);
          }}
        >
          {/* Icons are hidden where the labels alone fill the bar. */}
          <span className="contents @max-[1080px]:hidden">{viewTable[candidate].icon}</span>
          {viewTable[candidate].label}
          {counts[candidate] ? <TabCount count={counts[candidate]} /> : null}
        </a>
      ))}
    </nav>
  );
}
