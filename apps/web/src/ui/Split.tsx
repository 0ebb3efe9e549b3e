import { Group, Panel, Separator, useDefaultLayout, type PanelProps } from "react-resizable-panels";
import type { ReactNode } from "react";
import { cx } from "../lib/cx.ts";

/** Panes with draggable, keyboard-movable borders. The layout is remembered under `id`. Numbers are pixels, `"30%"` shares. */
export function Split({
  id,
  orientation = "horizontal",
  paneIds,
  children,
  className,
}: {
  id: string;
  orientation?: "horizontal" | "vertical";
  paneIds: string[];
  children: ReactNode;
  className?: string;
}) {
  const { defaultLayout, onLayoutChanged } = useDefaultLayout({ id: `tesslate.split.${id}`, panelIds: paneIds, storage: localStorage });
  return (
    <Group
      id={id}
      orientation={orientation}
      {...(defaultLayout && { defaultLayout })}
      onLayoutChanged={onLayoutChanged}
      className={cx("min-h-0 min-w-0 flex-1", className)}
    >
      {children}
    </Group>
  );
}

export const Pane = ({ className, ...rest }: PanelProps) => <Panel className={cx("flex min-h-0 min-w-0 flex-col", className)} {...rest} />;

/** The border between two panes: 8 px to grip, a hairline to see, ink while held or focused. */
export const PaneBorder = ({ label, isHairline = false }: { label: string; isHairline?: boolean }) => (
  <Separator
    aria-label={label}
    className={cx(
      "relative flex-none outline-none after:absolute after:inset-0 after:m-auto after:rounded-full after:transition-colors aria-[orientation=vertical]:w-2 aria-[orientation=vertical]:after:h-full aria-[orientation=vertical]:after:w-0.5 aria-[orientation=horizontal]:h-2 aria-[orientation=horizontal]:after:h-0.5 aria-[orientation=horizontal]:after:w-full",
      "hover:after:bg-line-1 focus-visible:after:bg-focus data-[separator=active]:after:bg-fg-1",
      isHairline && "after:bg-line-0",
    )}
  />
);
