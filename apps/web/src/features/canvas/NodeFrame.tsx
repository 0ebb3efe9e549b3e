import { Handle, type HandleProps } from "@xyflow/react";
import type { ComponentProps, ReactNode } from "react";
import { cx } from "../../lib/cx.ts";

export interface NodeFrameProps extends ComponentProps<"article"> {
  isSelected: boolean;
  /** Its position could not be saved. */
  isUnsaved: boolean;
  isFailed?: boolean;
  /** It does not run here. */
  isExternal?: boolean;
}

/** The frame of a node. Its border shows the first of these that applies: selected, not saved, failed, external. */
export const NodeFrame = ({ isSelected, isUnsaved, isFailed = false, isExternal = false, className, ...rest }: NodeFrameProps) => (
  <article
    data-testid="graph-node"
    className={cx(
      "on-sheet relative size-full rounded-3 border bg-bg-1",
      isExternal && "border-dashed",
      isSelected
        ? "border-fg-0 ring ring-fg-0"
        : isUnsaved
          ? "border-warn shadow-1"
          : isFailed
            ? "border-err shadow-1"
            : isExternal
              ? "border-line-1 shadow-1"
              : "border-line-0 shadow-1",
      className,
    )}
    {...rest}
  />
);

/** The bottom row of a node: a line about it, and its buttons, which do not drag it. */
export const NodeFoot = ({ children, actions }: { children: ReactNode; actions: ReactNode }) => (
  <div className="absolute inset-x-0 bottom-0 flex h-7.5 items-center gap-1 border-t border-line-0 pr-0.75 pl-3">
    {children}
    <span className="nodrag flex cursor-default">{actions}</span>
  </div>
);

/** Where lines begin or end. `isQuiet`: shown while the node is hovered or focused. */
export const NodePort = ({ isQuiet = false, ...rest }: HandleProps & { title: string; isQuiet?: boolean }) => (
  <Handle
    className={cx(
      "size-2.25 rounded-full border-[1.5px] border-thread bg-bg-1",
      // Touch needs a larger target than nine pixels.
      "before:absolute before:-inset-2.5 before:rounded-full",
      "[&.connectingto]:border-err [&.connectingto.valid]:border-thread-live [&.connectingto.valid]:bg-thread-live",
      isQuiet && "opacity-0 group-hover/node:opacity-100 group-focus-visible/node:opacity-100",
    )}
    {...rest}
  />
);
