import type { UseQueryResult } from "@tanstack/react-query";
import { ArrowLeft, X } from "lucide-react";
import type { ReactNode } from "react";
import { hasCode } from "../../lib/errors.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";

/** Details of one table row, next to the table. On phones it replaces the table. */
export function SidePanel<T>({
  label,
  failed,
  query: { data, error, refetch, isFetching },
  head,
  gone,
  onClose,
  children,
}: {
  /** Accessible name until the data is loaded. */
  label: string;
  /** Title of the error state. */
  failed: string;
  query: Pick<UseQueryResult<T>, "data" | "error" | "refetch" | "isFetching">;
  head: (thing: T) => { title: string; below: string; picture?: ReactNode };
  /** Shown if the item does not exist. */
  gone: { title: string; text: string };
  onClose: () => void;
  children: (thing: T) => ReactNode;
}) {
  useShortcuts({ "admin.close-panel": onClose });
  const shown = data === undefined ? undefined : head(data);
  return (
    <section
      aria-label={shown?.title ?? label}
      className="flex w-85 flex-none flex-col border-l border-line-0 mid:w-75 narrow:w-full narrow:border-l-0"
    >
      <div className="flex flex-none items-center gap-2.5 border-b border-line-0 py-3 pr-2 pl-4">
        <IconButton label="Back to the list" className="-ml-2 wide:hidden" onClick={onClose}>
          <ArrowLeft />
        </IconButton>
        {shown?.picture}
        <div className="min-w-0 flex-1">
          {shown ? (
            <>
              <h2 className="truncate text-sm font-medium text-fg-0">{shown.title}</h2>
              <p className="truncate text-xs text-fg-2">{shown.below}</p>
            </>
          ) : null}
        </div>
        <IconButton label="Close" className="narrow:hidden" onClick={onClose}>
          <X />
        </IconButton>
      </div>
      <div className="scroll-y min-h-0 flex-1">
        {error && hasCode(error, "not_found", "validation_error") ? (
          <EmptyState title={gone.title}>{gone.text}</EmptyState>
        ) : error && data === undefined ? (
          <LoadFailed title={failed} of={{ error, refetch, isFetching }} />
        ) : data === undefined ? (
          <SkeletonRows count={8} label="Loading…" className="p-4" />
        ) : (
          children(data)
        )}
      </div>
    </section>
  );
}

export const PanelField = ({ name, children }: { name: string; children: ReactNode }) => (
  <div className="flex items-baseline justify-between gap-3">
    <dt className="flex-none text-fg-2">{name}</dt>
    <dd className="num min-w-0 truncate text-right text-fg-0">{children}</dd>
  </div>
);
export const PanelSection = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className="border-t border-line-0 px-4 py-3">
    <h3 className="mb-2 text-xs font-medium text-fg-0">{title}</h3>
    {children}
  </section>
);
