import { useQuery } from "@tanstack/react-query";
import type { ColumnKind } from "@tesslate/contract";
import { useId } from "react";
import { formatBytes } from "../../lib/bytes.ts";
import { Banner } from "../../ui/Banner.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { DataError } from "./DataError.tsx";
import type { Cell } from "./cells.tsx";

/** Indented, if it is JSON. */
export function readable(value: string, kind: ColumnKind): string {
  if (kind !== "json") return value;
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}

/** One whole value. */
export function CellDialog({
  title,
  kind,
  load,
  onClose,
}: {
  title: string;
  kind: ColumnKind;
  load: () => Promise<{ value: Cell; bytes: number | null; is_truncated: boolean }>;
  onClose: () => void;
}) {
  const id = useId();
  const cell = useQuery({ queryKey: ["data-cell", id], queryFn: load, gcTime: 0, staleTime: Number.POSITIVE_INFINITY });
  const value = cell.data?.value ?? undefined;
  return (
    <Dialog isOpen onOpenChange={(isOpen) => !isOpen && onClose()} title={<span className="font-mono">{title}</span>} width="2xl">
      {cell.isPending ? (
        <SkeletonRows count={6} label="Loading value…" />
      ) : !cell.data ? (
        <DataError title="Couldn't load the value" of={cell} className="p-0!" />
      ) : (
        <div className="grid grid-cols-1 gap-2">
          {cell.data.is_truncated ? <Banner tone="warn">The value is too long to show in full. Use SQL or an export to read the rest.</Banner> : null}
          <div className="flex items-center gap-2 text-xs text-fg-2">
            <span className="num flex-1">{cell.data.bytes === null ? "" : formatBytes(cell.data.bytes)}</span>
            {value === undefined ? null : <CopyButton text={value} label="Copy value" />}
          </div>
          <pre
            {...scrollable}
            role="group"
            aria-label={`Value of ${title}`}
            className="max-h-[60dvh] overflow-auto rounded-2 border border-line-0 bg-bg-2 p-3 font-mono text-xs leading-code wrap-anywhere whitespace-pre-wrap text-fg-0"
          >
            {value === undefined ? "NULL" : readable(value, kind)}
          </pre>
        </div>
      )}
    </Dialog>
  );
}
