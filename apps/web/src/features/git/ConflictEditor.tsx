import { useQuery } from "@tanstack/react-query";
import type { GitConflict, GitStatus } from "@tesslate/contract";
import { ArrowLeft, ChevronDown, ChevronUp, RotateCcw } from "lucide-react";
import { useMemo, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { CodeEditor, loadingView, readFile } from "../editor/index.ts";
import { conflictPlaces, decided, type Side } from "./conflict-text.ts";
import { conflictsQuery, workKey } from "./git.queries.ts";
import type { GitActions } from "./use-git-actions.ts";

type Part = "base" | "ours" | "theirs" | "result";

/** Labels of the sides. In a rebase, `ours` is the branch that the commits are moved onto. */
const sideNames = (operation: GitStatus["operation"], branch: string, other: string | null) => ({
  base: "Base",
  ours: operation === "rebase" ? `Ours, ${other ?? "the other branch"}` : `Ours, ${branch}`,
  theirs: operation === "rebase" ? "Theirs, your commit" : `Theirs, ${other ?? "the other branch"}`,
});

/** A conflicting file: base, ours and theirs, and the editable result. */
export function ConflictEditor({
  projectId,
  path,
  status,
  actions,
  onAsk,
  onBack,
}: {
  projectId: string;
  path: string;
  status: GitStatus;
  actions: GitActions;
  onAsk: (paths: readonly string[]) => void;
  onBack: () => void;
}) {
  const { api } = useServices();
  const conflicts = useQuery(conflictsQuery(api, projectId));
  const conflict = conflicts.data?.items.find((one) => one.path === path);
  const names = sideNames(status.operation, status.branch, status.remote_branch);
  const take = (side: "ours" | "theirs") => void actions.resolve(path, { side });
  const wordOf = (side: "ours" | "theirs") =>
    conflict && !conflict.is_binary && conflict[side] === null ? `Delete file (${side})` : `Accept ${side}`;
  return (
    <section aria-label={`Conflict in ${path}`} className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div className="flex min-h-10 flex-none flex-wrap items-center gap-x-2 gap-y-1 border-b border-line-0 px-3 py-1.5 text-sm">
        <span className="hidden narrow:block">
          <IconButton label="Back to changes" onClick={onBack}>
            <ArrowLeft size={14} />
          </IconButton>
        </span>
        <h3 className="min-w-0 flex-1 truncate font-mono text-xs font-normal text-fg-0 narrow:basis-3/4" title={path}>
          {path}
        </h3>
        <Button size="sm" variant="ghost" onClick={() => onAsk([path])}>
          Ask the agent
        </Button>
        <Button size="sm" disabled={actions.isBusy} title={names.ours} onClick={() => take("ours")}>
          {wordOf("ours")}
        </Button>
        <Button size="sm" disabled={actions.isBusy} title={names.theirs} onClick={() => take("theirs")}>
          {wordOf("theirs")}
        </Button>
      </div>
      {conflicts.error && !conflict ? (
        <LoadFailed title="Couldn't load conflict" of={conflicts} />
      ) : !conflict ? (
        <div role="status" aria-label="Loading conflict…" className="grid gap-3 p-4">
          <Skeleton className="h-32" />
          <Skeleton className="h-32" />
        </div>
      ) : conflict.is_binary ? (
        <p className="p-4 text-sm leading-read text-fg-2">This file is binary or too large to show. Accept ours or theirs.</p>
      ) : (
        <Sides key={path} projectId={projectId} conflict={conflict} names={names} actions={actions} />
      )}
    </section>
  );
}

function Sides({
  projectId,
  conflict,
  names,
  actions,
}: {
  projectId: string;
  conflict: GitConflict;
  names: Record<"base" | "ours" | "theirs", string>;
  actions: GitActions;
}) {
  const { api } = useServices();
  const { path } = conflict;
  const isNarrow = useIsNarrow();
  const [part, setPart] = useState<Part>("result");
  const [isBaseShown, setIsBaseShown] = useState(false);
  const file = useQuery({
    queryKey: [...workKey(projectId), "result", path] as const,
    queryFn: () => readFile(api, projectId, path),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const onDisk = file.data?.kind === "text" ? file.data.text : file.data ? "" : undefined;
  const shown: readonly Part[] = isNarrow ? [part] : isBaseShown ? ["base", "ours", "theirs"] : ["ours", "theirs"];
  return (
    <>
      {isNarrow ? (
        <div className="flex-none border-b border-line-0 p-2">
          <SegmentedControl<Part>
            label="Version"
            value={part}
            onChange={setPart}
            segments={[
              { value: "result", label: "Result" },
              { value: "ours", label: "Ours" },
              { value: "theirs", label: "Theirs" },
              { value: "base", label: "Base" },
            ]}
          />
        </div>
      ) : null}
      <div
        className={cx(
          "grid min-h-0 flex-2 auto-cols-fr grid-flow-col grid-rows-1 border-b border-line-0",
          part === "result" && isNarrow && "hidden",
        )}
      >
        {shown.map((side) =>
          side === "result" ? null : (
            <SideText
              key={side}
              path={path}
              side={side}
              name={names[side]}
              text={conflict[side]}
              base={side === "base" ? undefined : (conflict.base ?? undefined)}
            />
          ),
        )}
      </div>
      <div className={cx("flex min-h-0 flex-3 flex-col", isNarrow && part !== "result" && "hidden")}>
        {onDisk === undefined ? (
          file.error ? (
            <LoadFailed title="Couldn't load file" of={file} />
          ) : (
            <Skeleton className="m-4 h-24" />
          )
        ) : (
          <Result
            path={path}
            onDisk={onDisk}
            actions={actions}
            extra={
              isNarrow ? null : (
                <Button size="sm" variant="ghost" aria-pressed={isBaseShown} onClick={() => setIsBaseShown(!isBaseShown)}>
                  {isBaseShown ? "Hide base" : "Show base"}
                </Button>
              )
            }
          />
        )}
      </div>
    </>
  );
}

/** A side of the conflict, with what it changed in `base`. */
function SideText({
  path,
  side,
  name,
  text,
  base,
}: {
  path: string;
  side: "base" | "ours" | "theirs";
  name: string;
  text: string | null;
  base: string | undefined;
}) {
  const buffer = useMemo(() => ({ ...loadingView(path), status: "ready" as const, text: text ?? "", revision: 1 }), [path, text]);
  return (
    <div role="group" aria-label={name} className="flex min-h-0 min-w-0 flex-col border-l border-line-0 first:border-l-0">
      <p className="flex-none truncate bg-bg-2 px-3 py-1 text-2xs font-medium text-fg-1">{name}</p>
      {text === null ? (
        <p className="p-3 text-sm text-fg-2">{side === "base" ? "Not in the base version." : "Deleted on this side."}</p>
      ) : (
        <CodeEditor
          key={text}
          buffer={buffer}
          isReadOnly
          label={`${name}: ${path}`}
          comparedWith={base}
          onEdit={() => undefined}
          onLeave={() => undefined}
        />
      )}
    </div>
  );
}

/** The content the file will have: git's text with conflict markers, resolved one by one or edited. */
function Result({ path, onDisk, actions, extra }: { path: string; onDisk: string; actions: GitActions; extra: React.ReactNode }) {
  const [own, setOwn] = useState<{ text: string; revision: number; isEdited: boolean }>({ text: onDisk, revision: 1, isEdited: false });
  const [seen, setSeen] = useState(onDisk);
  const [at, setAt] = useState(0);
  const [isAsking, setIsAsking] = useState(false);
  const [reveal, setReveal] = useState<{ path: string; line: number }>();
  if (seen !== onDisk) {
    setSeen(onDisk);
    // The file changed on disk. Edits made here are kept.
    if (!own.isEdited) setOwn({ text: onDisk, revision: own.revision + 1, isEdited: false });
  }
  const { text, revision } = own;
  const places = useMemo(() => conflictPlaces(text), [text]);
  const index = Math.min(at, Math.max(0, places.length - 1));
  const place = places[index];
  const buffer = useMemo(() => ({ ...loadingView(path), status: "ready" as const, text, revision }), [path, text, revision]);
  const decide = (side: Side) => {
    if (place) setOwn({ text: decided(text, place, side), revision: revision + 1, isEdited: true });
  };
  const go = (to: number) => {
    const next = places[(to + places.length) % places.length];
    setAt((to + places.length) % places.length);
    if (next) setReveal({ path, line: next.from + 1 });
  };
  const resolve = () => void actions.resolve(path, { side: "content", content: text });
  return (
    <>
      <div
        role="toolbar"
        aria-label="Conflicts"
        className="flex min-h-8 flex-none flex-wrap items-center gap-1 bg-bg-2 px-2 py-0.5 text-xs"
      >
        <span className="px-1 font-medium text-fg-1 narrow:sr-only">Result</span>
        {place ? (
          <>
            <IconButton size="sm" label="Previous conflict" onClick={() => go(index - 1)}>
              <ChevronUp size={14} />
            </IconButton>
            <IconButton size="sm" label="Next conflict" onClick={() => go(index + 1)}>
              <ChevronDown size={14} />
            </IconButton>
            <span className="num px-1 text-fg-2" role="status">
              Conflict {index + 1} of {places.length}
              <span className="narrow:sr-only">, line {place.from + 1}</span>
            </span>
            <Button size="sm" variant="ghost" onClick={() => decide("ours")}>
              Ours
            </Button>
            <Button size="sm" variant="ghost" onClick={() => decide("theirs")}>
              Theirs
            </Button>
            <Button size="sm" variant="ghost" onClick={() => decide("both")}>
              Both
            </Button>
          </>
        ) : (
          <span className="px-1 text-ok" role="status">
            All conflicts resolved
          </span>
        )}
        <span className="flex-1" />
        {extra}
        {own.isEdited ? (
          <Button
            size="sm"
            variant="ghost"
            icon={<RotateCcw size={14} />}
            onClick={() => setOwn({ text: onDisk, revision: revision + 1, isEdited: false })}
          >
            Start over
          </Button>
        ) : null}
      </div>
      <div className="flex min-h-0 flex-1 flex-col">
        <CodeEditor
          buffer={buffer}
          isReadOnly={false}
          label={`Result: ${path}`}
          reveal={reveal}
          onEdit={(_, read) => setOwn((now) => ({ ...now, text: read(), isEdited: true }))}
          onLeave={() => undefined}
        />
      </div>
      <div className="flex flex-none flex-wrap items-center justify-end gap-2 border-t border-line-0 px-3 py-2">
        <Button
          disabled={actions.isBusy}
          isLoading={actions.isDoing("resolve")}
          loadingWord="Saving…"
          onClick={() => (places.length > 0 ? setIsAsking(true) : resolve())}
        >
          Mark as resolved
        </Button>
      </div>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title="Mark as resolved?"
        confirmLabel="Mark as resolved"
        onConfirm={resolve}
      >
        The file still has {counted(places.length, "unresolved conflict")}. The lines with {"<<<<<<<"} and {">>>>>>>"} stay in the file.
      </ConfirmDialog>
    </>
  );
}
