import { useInfiniteQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import type { GitCommit, GitStatus } from "@tesslate/contract";
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { CommitDetail } from "./CommitDetail.tsx";
import { CommitGraph, graphWidth } from "./CommitGraph.tsx";
import { logQuery } from "./git.queries.ts";
import { graphOf, type GraphRow } from "./graph.ts";
import { Refs } from "./Refs.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const rowPx = 26;
const touchRowPx = 44;
/** The next page is loaded this many rows before the end. */
const early = 20;

/** Commits with the graph, newest first, loaded while scrolling; the selected one is shown beside. */
export function HistoryView({
  projectId,
  status,
  onBranchFrom,
  onOpenFile,
  onRestoreFile,
}: {
  projectId: string;
  status: GitStatus;
  onBranchFrom: (commit: GitCommit) => void;
  onOpenFile: (path: string) => void;
  onRestoreFile: (path: string, from: string) => Promise<void>;
}) {
  const { api } = useServices();
  const [isAll, setIsAll] = useState(true);
  const [sha, setSha] = useState<string>();
  const query = useInfiniteQuery(logQuery(api, projectId, isAll));
  const isNarrow = useIsNarrow();
  const commits = useMemo(() => unique(query.data?.pages.flatMap((page) => page.items) ?? []), [query.data]);
  const open = commits.find((commit) => commit.sha === sha) ?? (isNarrow ? undefined : commits[0]);
  const total = query.data?.pages[0]?.total ?? 0;

  if (!query.data)
    return query.error ? (
      <LoadFailed title="Couldn't load history" of={query} />
    ) : (
      <SkeletonRows count={10} label="Loading history…" className="p-4" />
    );
  if (commits.length === 0) return <EmptyState title="No commits yet">Commits of this repository appear here.</EmptyState>;
  return (
    <div className={cx("grid min-h-0 flex-1 grid-rows-1", "grid-cols-[minmax(0,1fr)_minmax(320px,46%)] narrow:grid-cols-1")}>
      <section aria-label="Commits" className={cx("flex min-h-0 min-w-0 flex-col", sha && "narrow:hidden")}>
        <div className="flex min-h-9 flex-none items-center gap-3 px-3 text-xs text-fg-2">
          <Switch label="All branches" isOn={isAll} onChange={setIsAll} />
          <span className="flex-1" />
          <span className="num">{counted(total, "commit")}</span>
        </div>
        <CommitList
          commits={commits}
          total={total}
          open={open?.sha}
          current={status.detached ? undefined : status.branch}
          onChoose={setSha}
          onNearEnd={() => {
            if (query.hasNextPage && !query.isFetching) void query.fetchNextPage();
          }}
        />
        {query.error ? (
          <p role="alert" className="flex flex-none items-center gap-2 border-t border-line-0 px-3 py-2 text-xs text-err">
            <span className="min-w-0 flex-1">
              <ErrorSentence of={query.error} />
            </span>
            <Button size="sm" onClick={() => void query.fetchNextPage()}>
              Retry
            </Button>
          </p>
        ) : null}
      </section>
      {open ? (
        <CommitDetail
          key={open.sha}
          projectId={projectId}
          commit={open}
          onBack={() => setSha(undefined)}
          onBranchFrom={onBranchFrom}
          onOpenFile={onOpenFile}
          onRestoreFile={onRestoreFile}
          onCommit={(parent) => (commits.some((commit) => commit.sha === parent) ? setSha(parent) : undefined)}
          className={sha ? undefined : "narrow:hidden"}
        />
      ) : null}
    </div>
  );
}

/** A commit may be on two pages if a new one appeared in between. */
const unique = (commits: readonly GitCommit[]): GitCommit[] => [...new Map(commits.map((commit) => [commit.sha, commit])).values()];

function CommitList({
  commits,
  total,
  open,
  current,
  onChoose,
  onNearEnd,
}: {
  commits: readonly GitCommit[];
  total: number;
  open: string | undefined;
  current: string | undefined;
  onChoose: (sha: string) => void;
  onNearEnd: () => void;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const listId = useId();
  const isNarrow = useIsNarrow();
  const height = isNarrow ? touchRowPx : rowPx;
  const graph = useMemo(() => graphOf(commits), [commits]);
  const width = useMemo(() => graphWidth(graph.reduce((most, row) => Math.max(most, row.width), 1)), [graph]);
  const at = commits.findIndex((commit) => commit.sha === open);
  // The virtualizer is mutable by design; nothing here is memoized over it.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: commits.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 16,
    getItemKey: (index) => commits[index]?.sha ?? index,
  });
  useEffect(() => virtual.measure(), [virtual, height]);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [at, virtual]);
  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastShown >= commits.length - early) onNearEnd();
  }, [lastShown, commits.length, onNearEnd]);

  const onKeyDown = (event: KeyboardEvent) => {
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: commits.length - 1,
      PageDown: at + 15,
      PageUp: at - 15,
    }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const next = commits[Math.max(0, Math.min(commits.length - 1, to))];
    if (next) onChoose(next.sha);
  };
  return (
    <div ref={scroller} className="scroll-y min-h-0 flex-1 px-1.5 pb-2">
      <div
        ref={list}
        role="listbox"
        aria-label="Commits, newest first"
        aria-activedescendant={at >= 0 ? `${listId}-${at}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
        className="group/list relative w-full outline-none"
        style={{ height: virtual.getTotalSize() }}
      >
        {items.map((item) => {
          const commit = commits[item.index];
          const row = graph[item.index];
          if (!commit || !row) return null;
          return (
            <CommitRow
              key={item.key}
              id={`${listId}-${item.index}`}
              commit={commit}
              row={row}
              graphPx={width}
              height={height}
              top={item.start}
              position={item.index + 1}
              total={total}
              current={current}
              isOpen={commit.sha === open}
              onChoose={() => {
                onChoose(commit.sha);
                list.current?.focus({ preventScroll: true });
              }}
            />
          );
        })}
      </div>
    </div>
  );
}

function CommitRow({
  id,
  commit,
  row,
  graphPx,
  height,
  top,
  position,
  total,
  current,
  isOpen,
  onChoose,
}: {
  id: string;
  commit: GitCommit;
  row: GraphRow;
  graphPx: number;
  height: number;
  top: number;
  position: number;
  total: number;
  current: string | undefined;
  isOpen: boolean;
  onChoose: () => void;
}) {
  return (
    // The list handles the keys.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      role="option"
      id={id}
      data-testid="commit-row"
      aria-selected={isOpen}
      aria-posinset={position}
      aria-setsize={total}
      tabIndex={-1}
      onClick={onChoose}
      className={cx(
        "absolute inset-x-0 flex min-w-0 cursor-default items-center gap-2 rounded-2 pr-2 pl-1 text-xs select-none narrow:text-sm",
        isOpen ? "bg-bg-3 group-focus/list:outline-2 group-focus/list:-outline-offset-2 group-focus/list:outline-focus" : "hover:bg-bg-2",
      )}
      style={{ height, transform: `translateY(${top}px)` }}
    >
      <CommitGraph row={row} height={height} width={graphPx} />
      <Refs refs={commit.refs} current={current} />
      <span className="min-w-0 flex-1 truncate text-fg-0">{commit.message.split("\n")[0] || "(no message)"}</span>
      <span className="max-w-28 flex-none truncate text-fg-2 narrow:hidden">{commit.author}</span>
      <RelativeTime at={commit.date} className="num w-20 flex-none truncate text-right text-2xs text-fg-2" />
    </div>
  );
}
