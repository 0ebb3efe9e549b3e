import { useVirtualizer } from "@tanstack/react-virtual";
import type { SearchMatch } from "@tesslate/contract";
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { cx } from "../../../lib/cx.ts";
import { fileNameOf, parentOf } from "../../../lib/file-tree.ts";
import { useIsNarrow } from "../../../lib/use-is-narrow.ts";
import { FileIcon, FolderIcon } from "../../../ui/FileIcon.tsx";
import type { Found } from "./use-search.ts";

type Row = { kind: "file"; found: Found; isOpen: boolean } | { kind: "match"; match: SearchMatch };

/** Matches by file; arrows move, Enter opens the line. Only visible rows are rendered. */
export function SearchResults({ found, onOpen }: { found: readonly Found[]; onOpen: (place: string) => void }) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState(-1);
  const rows = useMemo(
    () =>
      found.flatMap((file): Row[] => {
        const isOpen = !closed.has(file.path);
        const head: Row = { kind: "file", found: file, isOpen };
        return isOpen ? [head, ...file.matches.map((match): Row => ({ kind: "match", match }))] : [head];
      }),
    [found, closed],
  );
  const scroller = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const id = useId();
  const height = useIsNarrow() ? 40 : 24;
  // The virtualiser is a mutable object on purpose; nothing here is memoised over it.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
  });
  useEffect(() => virtual.measure(), [virtual, height]);
  useEffect(() => {
    if (active >= 0 && active < rows.length) virtual.scrollToIndex(active, { align: "auto" });
  }, [active, rows.length, virtual]);

  const fold = (path: string, isOpen: boolean) =>
    setClosed((last) => {
      const next = new Set(last);
      if (isOpen) next.delete(path);
      else next.add(path);
      return next;
    });
  const activate = (row: Row) => {
    if (row.kind === "file") fold(row.found.path, !row.isOpen);
    else onOpen(`${row.match.path}:${row.match.line}:${row.match.column}`);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[active];
    const steps: Record<string, number> = { ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: rows.length - 1 };
    const to = steps[event.key];
    if (to !== undefined) setActive(Math.max(0, Math.min(rows.length - 1, to)));
    else if ((event.key === "Enter" || event.key === " ") && row) activate(row);
    else if (event.key === "ArrowLeft" && row) {
      const path = row.kind === "file" ? row.found.path : row.match.path;
      setActive(rows.findIndex((other) => other.kind === "file" && other.found.path === path));
      if (row.kind === "file") fold(path, false);
    } else if (event.key === "ArrowRight" && row?.kind === "file") fold(row.found.path, true);
    else return;
    event.preventDefault();
  };
  return (
    <div ref={scroller} className="scroll-y min-h-0 flex-1 px-1 pb-2">
      <div
        ref={grid}
        role="treegrid"
        aria-label="Search results"
        aria-rowcount={rows.length}
        aria-activedescendant={active >= 0 && active < rows.length ? `${id}-${active}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onFocus={() => active < 0 && setActive(0)}
        className="group/hits relative w-full outline-none"
        style={{ height: virtual.getTotalSize() }}
      >
        {virtual.getVirtualItems().map(({ index, start, key }) => {
          const row = rows[index];
          if (!row) return null;
          return (
            <div
              key={key}
              role="row"
              id={`${id}-${index}`}
              data-testid={row.kind === "match" ? "search-hit" : "search-file"}
              aria-level={row.kind === "file" ? 1 : 2}
              aria-rowindex={index + 1}
              aria-expanded={row.kind === "file" ? row.isOpen : undefined}
              className="absolute inset-x-0"
              style={{ height, transform: `translateY(${start}px)` }}
            >
              <div
                role="gridcell"
                tabIndex={-1}
                onClick={() => {
                  setActive(index);
                  activate(row);
                }}
                onKeyDown={(event) => event.key === "Enter" && event.target === event.currentTarget && activate(row)}
                className={cx(
                  "flex h-full min-w-0 cursor-default items-center gap-1.75 rounded-2 pr-2 text-xs select-none hover:bg-bg-2",
                  row.kind === "file" ? "pl-1.5" : "pl-6",
                  index === active && "group-focus/hits:outline-2 group-focus/hits:-outline-offset-2 group-focus/hits:outline-focus",
                )}
              >
                {row.kind === "file" ? <FileHead {...row} /> : <Hit match={row.match} />}
              </div>
            </div>
          );
        })}
      </div>
    </div>
  );
}

const FileHead = ({ found, isOpen }: { found: Found; isOpen: boolean }) => (
  <>
    <FolderIcon isOpen={isOpen} />
    <FileIcon name={found.path} />
    <span className="flex-none text-fg-0">{fileNameOf(found.path)}</span>
    <span className="min-w-0 flex-1 truncate text-fg-2">{parentOf(found.path)}</span>
    <span className="num flex-none text-2xs text-fg-2">{found.matches.length}</span>
  </>
);

/** The line with its matches marked; text before the first one is shortened. */
function Hit({ match }: { match: SearchMatch }) {
  const first = match.ranges[0]?.[0] ?? 0;
  const cut = Math.max(0, first - 20);
  const text = match.text.slice(cut);
  const parts: { text: string; isHit: boolean }[] = [];
  let at = 0;
  for (const [from, to] of match.ranges) {
    parts.push({ text: text.slice(at, from - cut), isHit: false }, { text: text.slice(from - cut, to - cut), isHit: true });
    at = to - cut;
  }
  parts.push({ text: text.slice(at), isHit: false });
  return (
    <>
      <span className="num w-7 flex-none text-right text-2xs text-fg-3">{match.line}</span>
      <span className="min-w-0 truncate font-mono text-xs text-fg-1">
        {cut > 0 ? "…" : ""}
        {parts.map((part, index) =>
          part.isHit ? (
            <mark key={index} className="rounded-[2px] bg-brand-soft text-fg-0">
              {part.text}
            </mark>
          ) : (
            part.text
          ),
        )}
      </span>
    </>
  );
}
