import { Ellipsis } from "lucide-react";
import { cx } from "../lib/cx.ts";
import { Menu, type MenuEntry } from "./Menu.tsx";

/** One cell of the bar at the bottom of a phone: icon above label. `aria-current="page"` marks the current page. */
export const bottomBarCell =
  "relative grid content-center justify-items-center gap-0.75 focus-visible:-outline-offset-2 text-2xs font-medium text-fg-2 aria-[current=page]:text-fg-0 aria-[current=page]:before:absolute aria-[current=page]:before:-top-px aria-[current=page]:before:h-0.5 aria-[current=page]:before:w-7 aria-[current=page]:before:bg-fg-0 [&_svg]:size-5";

/** The last cell: a menu of everything else. */
export const MoreCell = ({ entries, isCurrent }: { entries: readonly MenuEntry[]; isCurrent: boolean }) => (
  <Menu
    label="More"
    side="top"
    align="end"
    entries={entries}
    trigger={
      <button type="button" aria-current={isCurrent ? "page" : undefined} className={cx(bottomBarCell, "data-[state=open]:text-fg-0")}>
        <Ellipsis />
        More
      </button>
    }
  />
);
