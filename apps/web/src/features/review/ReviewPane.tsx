import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { ArrowUp, Columns2, FileDiff, History, Rows2, Undo2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { formatDateTime, formatTime } from "../../lib/time.ts";
import { hasCode } from "../../lib/errors.ts";
import { readStored, writeStored } from "../../lib/storage.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useWidth } from "../../lib/use-width.ts";
import { ariaKeys, useShortcuts } from "../../lib/use-shortcuts.ts";
import { useProject, useProjectQuery } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Kbd } from "../../ui/Kbd.tsx";
import { ShortcutKeys } from "../../ui/ShortcutKeys.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Bar } from "../../ui/Panel.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { Select } from "../../ui/Select.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { Bead } from "../../ui/thread/Bead.tsx";
import { Lines, changeSetQuery } from "../changes/index.ts";
import { quoted, useRunActions } from "../chat/index.ts";
import { pointsQuery } from "../timeline/index.ts";
import { evidenceQuery } from "./evidence.queries.ts";
import { EvidenceButton, EvidencePanel } from "./EvidencePanel.tsx";
import { FileChange } from "./FileChange.tsx";
import { FileList } from "./FileList.tsx";
import { Replay } from "./Replay.tsx";
import { itemsOf, messageOf, reviewedFiles } from "./review.ts";
import { useReview } from "./use-review.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const shownRuns = 30;
/** From this width on, the evidence is beside the changes; below it takes their place. */
const evidenceBesideFrom = 1080;

type DiffLayout = "unified" | "split";
const diffLayoutKey = "studio:diff-layout";
const isDiffLayout = (value: unknown): value is DiffLayout => value === "unified" || value === "split";

/** The changes of a run, to keep or reject by hunk. Shows the newest run if the URL has none. */
export function ReviewPane() {
  const project = useProject();
  const { api } = useServices();
  const actions = useRunActions();
  const run = useSearch({ from: "/app/p/$slug/{-$view}", shouldThrow: false })?.run;
  const [part, setPart] = useState<"changes" | "replay">("changes");
  const isNarrow = useIsNarrow();
  const pane = useRef<HTMLDivElement>(null);
  const isEvidenceBeside = useWidth(pane) >= evidenceBesideFrom;
  const [evidenceChoice, setEvidenceChoice] = useState<boolean>();
  const isEvidenceOpen = evidenceChoice ?? isEvidenceBeside;
  const [diffLayout, setDiffLayout] = useState<DiffLayout>(() => readStored(localStorage, diffLayoutKey, isDiffLayout) ?? "unified");
  const chooseLayout = (next: DiffLayout) => {
    setDiffLayout(next);
    writeStored(localStorage, diffLayoutKey, next);
  };
  const points = useProjectQuery(pointsQuery(api, project.id));
  const turns = (points.data?.checkpoints ?? []).filter((point) => point.kind === "turn" && point.task_id !== null).slice(0, shownRuns);
  const taskId = run ?? turns[0]?.task_id ?? undefined;
  const options = turns.map((turn) => ({ value: turn.task_id ?? "", label: quoted(turn.label), hint: formatDateTime(turn.created_at) }));
  return (
    <div ref={pane} className="flex min-h-0 min-w-0 flex-1 flex-col">
      <Bar label="Review" className="gap-2 border-b border-line-0 px-3">
        <span className="grid size-3.5 flex-none place-items-center">
          <Bead kind="message" />
        </span>
        <Select
          label="Run"
          size="sm"
          className="max-w-105 min-w-0 flex-1"
          value={turns.some((turn) => turn.task_id === taskId) ? (taskId ?? "") : ""}
          placeholder={points.isFetching ? "Loading runs…" : run ? "Earlier run" : "No runs yet"}
          isDisabled={options.length === 0}
          onChange={(next) => actions?.review(next)}
          options={options}
        />
        {taskId ? (
          <>
            <Extent
              key={taskId}
              taskId={taskId}
              isEvidenceOpen={isEvidenceOpen && part === "changes"}
              onToggleEvidence={() => {
                setEvidenceChoice(part === "replay" || !isEvidenceOpen);
                setPart("changes");
              }}
            />
            {part === "changes" && !isNarrow ? (
              <SegmentedControl<DiffLayout>
                label="Diff layout"
                value={diffLayout}
                onChange={chooseLayout}
                segments={[
                  { value: "unified", label: "Unified", icon: <Rows2 size={14} /> },
                  { value: "split", label: "Split", icon: <Columns2 size={14} /> },
                ]}
              />
            ) : null}
            <SegmentedControl
              label="View"
              value={part}
              onChange={setPart}
              segments={[
                { value: "changes", label: "Changes", icon: <FileDiff size={14} /> },
                { value: "replay", label: "Replay", icon: <History size={14} /> },
              ]}
            />
          </>
        ) : null}
      </Bar>
      {taskId ? (
        <RunReview
          key={taskId}
          taskId={taskId}
          part={part}
          isSplit={diffLayout === "split" && !isNarrow}
          evidence={isEvidenceOpen ? (isEvidenceBeside ? "beside" : "alone") : "hidden"}
        />
      ) : points.error ? (
        <LoadFailed title="Couldn't load runs" of={points} />
      ) : points.data ? (
        <EmptyState title="Nothing to review yet">
          When the agent changes files, you can review its changes here and reject the ones you don't want.
        </EmptyState>
      ) : (
        <Loading />
      )}
    </div>
  );
}

/** The end of the run on the timeline, the number of changed files, and the outcome of its checks. */
function Extent({ taskId, isEvidenceOpen, onToggleEvidence }: { taskId: string; isEvidenceOpen: boolean; onToggleEvidence: () => void }) {
  const { api } = useServices();
  const set = useQuery(changeSetQuery(api, taskId)).data;
  const evidence = useQuery({ ...evidenceQuery(api, taskId), enabled: set?.is_running === false }).data ?? [];
  if (!set) return null;
  const files = reviewedFiles(set);
  return (
    <>
      <span aria-hidden="true" className="h-px min-w-4 flex-1 bg-thread narrow:hidden" />
      <span className={cx("grid size-3.5 flex-none place-items-center", !set.is_running && "narrow:hidden")}>
        <Bead kind={set.is_running ? "live" : "checkpoint"} {...(!set.is_running && { tone: "on" as const })} />
      </span>
      <span className={cx("flex flex-none items-baseline gap-2 text-xs", !set.is_running && "narrow:hidden")}>
        <b className="num font-medium text-fg-0">{counted(files.length, "file")}</b>
        {set.is_running ? (
          <span className="text-fg-2">so far</span>
        ) : (
          <time dateTime={set.started_at} title={formatDateTime(set.started_at)} className="num text-fg-2">
            {formatTime(set.started_at)}
          </time>
        )}
      </span>
      {evidence.length > 0 ? <EvidenceButton evidence={evidence} isOpen={isEvidenceOpen} onToggle={onToggleEvidence} /> : null}
    </>
  );
}

const Loading = () => (
  <div
    role="status"
    aria-label="Loading changes…"
    className="grid min-h-0 flex-1 grid-cols-[220px_minmax(0,1fr)] gap-4 p-4 narrow:grid-cols-1"
  >
    <div className="grid content-start gap-2 narrow:hidden">
      {["w-3/4", "w-2/3", "w-4/5"].map((width) => (
        <Skeleton key={width} className={cx("h-6", width)} />
      ))}
    </div>
    <div className="grid content-start gap-3">
      <Skeleton className="h-6 w-56" />
      <Skeleton className="h-36" />
      <Skeleton className="h-24" />
    </div>
  </div>
);

function RunReview({
  taskId,
  part,
  isSplit,
  evidence,
}: {
  taskId: string;
  part: "changes" | "replay";
  isSplit: boolean;
  evidence: "hidden" | "beside" | "alone";
}) {
  const { openFile, ask } = useWorkbenchActions();
  const actions = useRunActions();
  const review = useReview(taskId);
  const { query, set, files, items, current, comments, tally } = review;
  const [asked, setAsked] = useState(0);
  const isTakenBack = set !== undefined && actions?.goneIds.has(set.message_id) === true;
  const isReadOnly = part === "replay" || set === undefined || set.is_running || actions === undefined || actions.isBusy || isTakenBack;
  const file = files.find((one) => one.path === current?.path);
  const { api } = useServices();
  const proof = useQuery({ ...evidenceQuery(api, taskId), enabled: set?.is_running === false }).data ?? [];
  const shownEvidence = proof.length === 0 ? "hidden" : evidence;

  const changes = useRef<HTMLDivElement>(null);
  const { setCurrent } = review;
  const hasFiles = files.length > 0;
  // Shortcuts act on the hunk that has the focus.
  useEffect(() => {
    const box = changes.current;
    const follow = (event: FocusEvent) => {
      const key = (event.target as Element).closest<HTMLElement>("[data-item]")?.dataset["item"];
      if (key) setCurrent(key);
    };
    box?.addEventListener("focusin", follow);
    return () => box?.removeEventListener("focusin", follow);
  }, [setCurrent, hasFiles, part, shownEvidence]);

  const step = (by: 1 | -1) => {
    const at = items.findIndex((item) => item.key === current?.key);
    const next = items[at + by];
    if (next) review.setCurrent(next.key);
  };
  const stepFile = (by: 1 | -1) => {
    const next = files[files.findIndex((one) => one.path === current?.path) + by];
    const first = next && itemsOf(next)[0];
    if (first) review.setCurrent(first.key);
  };
  const openItems = items.filter((item) => !item.isRejected && !review.kept.has(item.key));
  const keepRest = () => {
    if (!isReadOnly) review.keep(openItems);
  };
  useShortcuts({
    "review.next": () => step(1),
    "review.previous": () => step(-1),
    "review.nextFile": () => stepFile(1),
    "review.previousFile": () => stepFile(-1),
    "review.keep": () => {
      if (!current || isReadOnly) return;
      review.keep([current]);
      step(1);
    },
    "review.reject": () => {
      if (!current || isReadOnly) return;
      if (current.isRejected) review.reopen(current);
      else review.reject([current]);
    },
    "review.comment": () => setAsked((count) => count + 1),
    "review.viewed": () => {
      if (file) review.setViewed(file.path, !review.viewed.has(file.path));
    },
    "review.keepAll": keepRest,
  });

  if (!set)
    return query.error && !query.isFetching ? (
      hasCode(query.error, "not_found", "snapshot_not_ready") ? (
        <EmptyState title="Nothing to review">
          <ErrorSentence of={query.error} />
        </EmptyState>
      ) : (
        <LoadFailed title="Couldn't load changes" of={query} />
      )
    ) : (
      <Loading />
    );

  if (part === "replay") return <Replay chatId={set.chat_id} taskId={taskId} isRunning={set.is_running} />;
  const theirs = set.files.filter((one) => one.changed_by === "person");
  const additions = files.reduce((sum, one) => sum + one.additions, 0);
  const deletions = files.reduce((sum, one) => sum + one.deletions, 0);
  const leftAlone =
    theirs.length === 0 ? null : (
      <p className="px-2.5 py-2 text-xs leading-read text-fg-2">
        You changed {counted(theirs.length, "file")} during the run:{" "}
        <span className="font-mono break-words text-fg-1">{theirs.map((one) => one.path).join(", ")}</span>
      </p>
    );
  const sendComments = () => {
    ask(messageOf(comments));
    review.removeComments(comments.map((comment) => comment.id));
  };
  const count = counted(files.length, "file");

  return (
    <>
      {set.is_running ? (
        <Banner className="m-3 mb-0">The agent is still working. You can keep and reject changes when the run has ended.</Banner>
      ) : null}
      {isTakenBack ? (
        <Banner className="m-3 mb-0">This run was undone, so its changes aren't in the files. Redo it in the chat to restore them.</Banner>
      ) : null}
      {review.failure ? (
        <Banner
          tone="err"
          className="m-3 mb-0"
          action={
            <Button size="sm" variant="ghost" onClick={review.clearFailure}>
              Dismiss
            </Button>
          }
        >
          {review.failure}
        </Banner>
      ) : null}
      <div className="flex min-h-0 min-w-0 flex-1">
        {shownEvidence === "alone" ? null : files.length === 0 ? (
          <div className="min-h-0 min-w-0 flex-1">
            <EmptyState title={set.is_running ? "No files changed yet" : "No files changed"}>{leftAlone}</EmptyState>
          </div>
        ) : (
          <div className="grid min-h-0 min-w-0 flex-1 grid-cols-[minmax(180px,240px)_minmax(0,1fr)] narrow:grid-cols-1 narrow:grid-rows-[auto_minmax(0,1fr)]">
            <aside aria-label="Changed files" className="scroll-y flex min-h-0 flex-col border-r border-line-0 p-1.5 narrow:hidden">
              <p className="flex items-center gap-2 px-2.5 pt-1 pb-1.5 text-xs">
                <b className="num font-semibold text-fg-0">{count}</b>
                <Lines additions={additions} deletions={deletions} />
                <span className="num ml-auto text-fg-2">{files.filter((one) => review.viewed.has(one.path)).length} viewed</span>
              </p>
              <FileList
                files={files}
                current={file?.path}
                viewed={review.viewed}
                onChoose={(path) => {
                  const first = files.find((one) => one.path === path);
                  if (first) review.setCurrent(itemsOf(first)[0]?.key ?? path);
                }}
              />
              {set.total > set.files.length ? (
                <p className="px-2.5 py-1 text-xs text-fg-2">{counted(set.total - set.files.length, "more file")} not shown</p>
              ) : null}
              {leftAlone}
              <p className="mt-auto flex flex-wrap gap-x-2.5 gap-y-1 px-2.5 pt-3 pb-1 text-2xs text-fg-2" aria-hidden="true">
                <span>
                  <Kbd>J</Kbd> <Kbd>K</Kbd> change
                </span>
                <span>
                  <Kbd>A</Kbd> keep
                </span>
                <span>
                  <Kbd>R</Kbd> reject
                </span>
                <span>
                  <Kbd>C</Kbd> comment
                </span>
              </p>
            </aside>
            <div className="hidden items-center gap-2 border-b border-line-0 px-3 py-2 narrow:flex">
              <Select
                label="File"
                className="min-w-0 flex-1"
                value={file?.path ?? ""}
                onChange={(path) => {
                  const chosen = files.find((one) => one.path === path);
                  if (chosen) review.setCurrent(itemsOf(chosen)[0]?.key ?? path);
                }}
                options={files.map((one) => ({ value: one.path, label: one.path, hint: `+${one.additions} −${one.deletions}` }))}
              />
            </div>
            <div ref={changes} className="scroll-y min-h-0 min-w-0 bg-bg-0 p-3.5 narrow:p-2" aria-busy={review.isWorking}>
              {file ? (
                <FileChange
                  key={file.path}
                  file={file}
                  review={review}
                  isReadOnly={isReadOnly}
                  isSplit={isSplit}
                  asked={asked}
                  onOpen={openFile}
                />
              ) : null}
            </div>
          </div>
        )}
        {shownEvidence === "hidden" ? null : (
          <EvidencePanel evidence={proof} taskId={taskId} messageId={set.message_id} isAlone={shownEvidence === "alone"} />
        )}
      </div>
      {files.length > 0 && !set.is_running && !isTakenBack ? (
        <footer className="flex min-h-11 flex-none flex-wrap items-center gap-2 border-t border-line-0 px-4 py-1.5 narrow:px-3">
          <p role="status" className="num text-xs text-fg-2">
            {tally.kept} kept, {tally.rejected} rejected, {tally.open} open
          </p>
          <span className="flex-1" />
          {actions ? (
            <Button
              variant="ghost"
              icon={<Undo2 size={14} />}
              className="narrow:hidden"
              disabled={actions.isBusy}
              onClick={() => actions.goBack({ messageId: set.message_id, taskId })}
            >
              Undo run
            </Button>
          ) : null}
          <Button disabled={isReadOnly || tally.open === 0} onClick={() => review.reject(openItems)}>
            {tally.open === items.length ? "Reject all" : "Reject rest"}
          </Button>
          <Button
            variant={comments.length > 0 ? "plain" : "primary"}
            disabled={isReadOnly || tally.open === 0}
            aria-keyshortcuts={ariaKeys("review.keepAll")}
            keys={<ShortcutKeys id="review.keepAll" />}
            onClick={keepRest}
          >
            {tally.open === items.length ? "Keep all" : "Keep rest"}
          </Button>
          {comments.length > 0 ? (
            <Button variant="primary" icon={<ArrowUp size={14} />} disabled={actions?.isBusy ?? true} onClick={sendComments}>
              Send {counted(comments.length, "comment")}
            </Button>
          ) : null}
        </footer>
      ) : null}
    </>
  );
}
