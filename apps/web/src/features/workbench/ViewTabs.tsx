import { AppWindow, CodeXml, MessageSquare } from "lucide-react";
import type { MouseEvent, ReactNode } from "react";
import { ariaKeys } from "../../lib/use-shortcuts.ts";
import { bottomBarCell, MoreCell } from "../../ui/bottom-bar.tsx";
import type { MenuEntry } from "../../ui/Menu.tsx";
import { tabClass, TabCount } from "../../ui/Tabs.tsx";
import { lookOf, views, type View } from "./views.tsx";

/** What a phone shows: one thing at a time. */
export type PhoneView = "chat" | "dock" | View;

const isPlainClick = (event: MouseEvent) => event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;

/** The views of the sheet; each is an address of its own. */
export function ViewTabs({
  view,
  hrefOf,
  onView,
  counts,
}: {
  view: View;
  hrefOf: (view: View) => string;
  onView: (view: View) => void;
  /** What waits in a view. */
  counts: Partial<Record<View, number>>;
}) {
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
          aria-keyshortcuts={ariaKeys(lookOf(candidate).shortcut)}
          data-state={candidate === view ? "active" : "inactive"}
          className={tabClass}
          onClick={(event) => {
            if (!isPlainClick(event)) return;
            event.preventDefault();
            onView(candidate);
          }}
        >
          {/* Where the names alone fill the bar, the signs give way. */}
          <span className="contents @max-[1080px]:hidden">{lookOf(candidate).icon}</span>
          {lookOf(candidate).label}
          {counts[candidate] ? <TabCount count={counts[candidate]} /> : null}
        </a>
      ))}
    </nav>
  );
}

/** The bottom bar of a phone. */
export function PhoneViews({
  current,
  onChoose,
  hasNews,
  more,
}: {
  current: PhoneView;
  onChoose: (view: PhoneView) => void;
  hasNews: boolean;
  more: readonly MenuEntry[];
}) {
  const item = (view: PhoneView, label: string, icon: ReactNode) => (
    <button type="button" aria-current={current === view ? "page" : undefined} className={bottomBarCell} onClick={() => onChoose(view)}>
      {icon}
      {label}
      {view === "chat" && hasNews && current !== "chat" ? (
        <>
          <span aria-hidden="true" className="absolute top-[7px] left-[calc(50%+8px)] size-2 rounded-full bg-brand" />
          <span className="sr-only">, something waits</span>
        </>
      ) : null}
    </button>
  );
  return (
    <nav aria-label="Views" className="workbench-views grid-cols-4 border-t border-line-0 bg-bg-1 pb-[env(safe-area-inset-bottom)]">
      {item("chat", "Chat", <MessageSquare />)}
      {item("preview", "Preview", <AppWindow />)}
      {item("code", "Code", <CodeXml />)}
      <MoreCell entries={more} isCurrent={current !== "chat" && current !== "preview" && current !== "code"} />
    </nav>
  );
}
