import { Columns2, Eye, PenLine } from "lucide-react";
import { maxNotesLength } from "@tesslate/contract";
import { useDeferredValue, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { readStored, writeStored } from "../../lib/storage.ts";
import { useProject } from "../../project/project-context.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Markdown } from "../../ui/markdown/Markdown.tsx";
import { toggledTask, type TaskChange } from "../../ui/markdown/tasks.ts";
import { Bar } from "../../ui/Panel.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { CodeEditor, ConflictBar } from "../editor/index.ts";
import { notesPath, useNotes } from "./use-notes.ts";

type Mode = "write" | "both" | "read";
const modeKey = "studio:notes-mode";
const isMode = (value: unknown): value is Mode => value === "write" || value === "both" || value === "read";
/** The revision of the buffer after the first load. */
const firstRevision = 1;
const prose = { label: "Project notes", placeholder: "Decisions, open questions, things to remember. Supports Markdown." };

/** The notes of a project, in Markdown. */
export function NotesPane() {
  const project = useProject();
  const { buffers, buffer, kept, read, edited } = useNotes(project.id);
  const [mode, setMode] = useState<Mode>(() => readStored(localStorage, modeKey, isMode) ?? "write");
  const [typed, setTyped] = useState(kept);
  const [revision, setRevision] = useState(buffer.revision);
  // The server's text replaced the editor's.
  if (revision !== buffer.revision) {
    setRevision(buffer.revision);
    if (kept === undefined || buffer.revision !== firstRevision) setTyped(undefined);
  }
  const text = typed ?? buffer.text;
  const shown = useDeferredValue(text);
  const [change, setChange] = useState<TaskChange>();
  const toggle = (index: number) => {
    const found = shown === text ? toggledTask(text, index) : undefined;
    if (found) setChange(found);
  };
  const choose = (next: Mode) => {
    setMode(next);
    writeStored(localStorage, modeKey, next);
  };

  if (buffer.status === "failed")
    return (
      <ErrorState title="Couldn't load notes" onRetry={() => buffers.retry(notesPath)}>
        {buffer.failure}
      </ErrorState>
    );
  if (buffer.status !== "ready") return <SkeletonRows count={8} label="Loading notes…" className="p-6" />;
  const isTooLong = text.length > maxNotesLength;
  return (
    <div role="region" aria-label="Notes" className="flex min-h-0 flex-1 flex-col">
      <Bar label="Notes" className="gap-2 px-3">
        <SegmentedControl
          label="View"
          value={mode}
          onChange={choose}
          segments={[
            { value: "write", label: "Write", icon: <PenLine size={14} />, isLabelShown: true },
            { value: "both", label: "Split", icon: <Columns2 size={14} />, isLabelShown: true },
            { value: "read", label: "Preview", icon: <Eye size={14} />, isLabelShown: true },
          ]}
        />
        <span className="flex-1" />
        <span role="status" className="text-xs text-fg-2">
          {buffer.conflict || buffer.failure
            ? "Not saved"
            : buffer.isSaving
              ? "Saving…"
              : buffer.isDirty
                ? "Unsaved changes"
                : text === ""
                  ? ""
                  : "Saved"}
        </span>
      </Bar>
      <ConflictBar buffer={buffer} buffers={buffers} mine={read} kind="notes" />
      {isTooLong ? (
        <p role="alert" className="flex-none border-y border-line-0 bg-err-soft px-3 py-1.5 text-xs text-fg-0">
          Couldn't save notes. They have {counted(text.length, "character")}; the limit is {formatNumber(maxNotesLength)}.
        </p>
      ) : buffer.failure ? (
        <div
          role="alert"
          className="flex flex-none flex-wrap items-center gap-2 border-y border-line-0 bg-err-soft px-3 py-1.5 text-xs text-fg-0"
        >
          <span className="min-w-0 flex-1">Couldn't save notes. {buffer.failure}</span>
          <Button size="sm" onClick={() => buffers.retry(notesPath)}>
            Retry
          </Button>
        </div>
      ) : null}
      <div className="flex min-h-0 flex-1 border-t border-line-0 narrow:flex-col">
        <div className={cx("flex min-h-0 min-w-0 flex-1 flex-col", mode === "read" && "hidden")}>
          <CodeEditor
            buffer={kept !== undefined && buffer.revision === firstRevision ? { ...buffer, draft: kept } : buffer}
            isReadOnly={false}
            prose={prose}
            change={change}
            onEdit={(path, reader) => {
              edited(path, reader);
              setTyped(reader());
            }}
            onLeave={(path) => void buffers.flush(path)}
          />
        </div>
        {mode === "write" ? null : (
          <div
            {...scrollable}
            role="region"
            aria-label="Notes preview"
            className={cx(
              "scroll-y min-h-0 min-w-0 flex-1 px-5 py-4 focus-visible:-outline-offset-2",
              mode === "both" && "border-line-0 wide:border-l narrow:border-t",
            )}
          >
            {shown.trim() === "" ? (
              <EmptyState
                className="p-0"
                title="No notes yet"
                action={mode === "read" ? <Button onClick={() => choose("write")}>Write notes</Button> : undefined}
              >
                Keep decisions, links and open questions of this project here.
              </EmptyState>
            ) : (
              <div className="max-w-180 text-md leading-read text-fg-1">
                <Markdown text={shown} onTask={toggle} />
              </div>
            )}
          </div>
        )}
      </div>
    </div>
  );
}
