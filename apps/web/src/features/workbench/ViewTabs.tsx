import { ChevronDown, Columns2, SquareTerminal } from "lucide-react";
import { useLayoutEffect, useRef, useState, type MouseEvent } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { ariaKeys } from "../../lib/use-shortcuts.ts";
import { views, type View } from "../../project/views.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { ShortcutKeys } from "../../ui/ShortcutKeys.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { tabClass, TabCount } from "../../ui/Tabs.tsx";
import { useGitStatus } from "../git/index.ts";
import { useWorkbenchLayout } from "./layout-context.ts";
import { fittingTabs } from "./tab-overflow.ts";
import { viewTable } from "./views.tsx";

const isPlainClick = (event: MouseEvent) => event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
/** Width of "More" with the gap before it. */
const morePx = 70;

/** The views of the project; each has its own URL. Those that do not fit are behind "More". */
export function ViewTabs() {
  const { view, hrefOf, show, isShown, toggleSplit, toggleDock, layout } = useWorkbenchLayout();
  /** Number of open items in a view. */
  const counts: Partial<Record<View, number>> = { git: useGitStatus().status?.changes.length ?? 0 };
  const bar = useRef<HTMLElement>(null);
  /** Px of each tab with the gap before it, as it was shown last. */
  const widths = useRef(new Map<string, number>());
  const [shown, setShown] = useState<readonly View[]>(views);
  // The tabs are observed too: a count or a font changes their width.
  useLayoutEffect(() => {
    const nav = bar.current;
    if (!nav) return undefined;
    const measure = () => {
      for (const tab of nav.querySelectorAll<HTMLElement>("[data-view]")) {
        const { width } = tab.getBoundingClientRect();
        // Nothing is laid out while a phone shows its own bar.
        if (width > 0) widths.current.set(tab.dataset["view"] ?? "", width + 2);
      }
      const fitting = fittingTabs(views, {
        current: view,
        widthOf: (name) => widths.current.get(name) ?? 0,
        roomPx: nav.clientWidth,
        morePx,
      });
      setShown((last) => (last.join() === fitting.join() ? last : fitting));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(nav);
    for (const tab of nav.querySelectorAll("[data-view]")) observer.observe(tab);
    return () => observer.disconnect();
  }, [view, shown]);
  const hidden = views.filter((name) => !shown.includes(name));
  const hiddenCount = hidden.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  const isSplit = isShown("preview") && isShown("code");
  return (
    <div className="flex h-9 flex-none items-stretch border-b border-line-0 pl-1.5 narrow:hidden">
      <nav ref={bar} aria-label="Views" className="flex min-w-0 flex-1 items-stretch gap-0.5 overflow-hidden">
        {shown.map((candidate) => (
          <a
            key={candidate}
            href={hrefOf(candidate)}
            data-view={candidate}
            aria-current={candidate === view ? "page" : undefined}
            aria-keyshortcuts={ariaKeys(viewTable[candidate].shortcut)}
            data-state={isShown(candidate) ? "active" : "inactive"}
            className={cx(tabClass, "flex-none")}
            onClick={(event) => {
              if (!isPlainClick(event)) return;
              event.preventDefault();
              show(candidate);
            }}
          >
            {viewTable[candidate].icon}
            {viewTable[candidate].label}
            {counts[candidate] ? <TabCount count={counts[candidate]} /> : null}
          </a>
        ))}
        {hidden.length > 0 ? (
          <Menu
            label="More views"
            align="end"
            trigger={
              <button type="button" className={cx(tabClass, "flex-none")}>
                More
                <ChevronDown size={12} aria-hidden="true" />
                {hiddenCount > 0 ? (
                  <>
                    <span aria-hidden="true" className="absolute top-2 right-1 size-1.5 rounded-full bg-fg-2" />
                    <span className="sr-only">, {counted(hiddenCount, "open item")}</span>
                  </>
                ) : null}
              </button>
            }
            entries={hidden.map((name) => ({
              label: viewTable[name].label,
              icon: viewTable[name].icon,
              keys: counts[name] ? <TabCount count={counts[name]} /> : undefined,
              onSelect: () => show(name),
            }))}
          />
        ) : null}
      </nav>
      <span className="flex flex-none items-center gap-0.5 px-1.5">
        <IconButton
          size="sm"
          label="Code next to preview"
          isOn={isSplit}
          keys={<ShortcutKeys id="workbench.split" />}
          onClick={toggleSplit}
        >
          <Columns2 size={14} />
        </IconButton>
        <IconButton
          size="sm"
          label="Terminal"
          isOn={layout.isDockOpen && layout.dockTab === "terminal"}
          keys={<ShortcutKeys id="terminal.toggle" />}
          onClick={() => toggleDock("terminal")}
        >
          <SquareTerminal size={14} />
        </IconButton>
      </span>
    </div>
  );
}
