import { useQuery } from "@tanstack/react-query";
import { Eye, Undo2 } from "lucide-react";
import { counted } from "../../lib/counted.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { FileLetter } from "../../ui/FileLetter.tsx";
import { Card } from "../../ui/Panel.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { changeSetQuery, Lines } from "../changes/index.ts";
import type { Run, RunChanges } from "./chat.types.ts";
import { useRunActions } from "./run-actions.ts";

const shownFiles = 5;

/** The changes of a run to files, with Undo and Review. Only the newest card lists the files, because each list costs a comparison. */
export function ChangesCard({ run, changes, isLast }: { run: Run; changes: RunChanges; isLast: boolean }) {
  const { api } = useServices();
  const actions = useRunActions();
  const hasFiles = isLast && actions !== undefined;
  const query = useQuery({ ...changeSetQuery(api, run.taskId), enabled: hasFiles });
  // An older run may have them from the time when it was the last.
  const files = hasFiles ? query.data?.files.filter((file) => file.changed_by !== "person") : undefined;
  const { messageId } = run;
  return (
    <Card className="mb-3 overflow-hidden text-sm" role="group" aria-label="Changes in this run" data-testid="changes-card">
      <div className="flex min-h-9 flex-wrap items-center gap-2 px-3 py-1">
        <span className="num font-medium text-fg-0">{counted(changes.files, "file")}</span>
        <Lines additions={changes.additions} deletions={changes.deletions} />
        <span className="flex-1" />
        {actions ? (
          <span className="flex gap-1">
            {isLast && messageId ? (
              <Button
                size="sm"
                variant="ghost"
                icon={<Undo2 size={14} />}
                disabled={actions.isBusy}
                onClick={() => actions.goBack({ messageId, taskId: run.taskId })}
              >
                Undo run
              </Button>
            ) : null}
            <Button size="sm" icon={<Eye size={14} />} onClick={() => actions.review(run.taskId)}>
              Review
            </Button>
          </span>
        ) : null}
      </div>
      {files ? (
        <ul className="border-t border-line-0 py-1">
          {files.slice(0, shownFiles).map((file) => (
            <li key={file.path} className="flex min-h-6 items-center gap-2 px-3 text-xs">
              <FileLetter status={file.status} />
              <span className="min-w-0 flex-1 truncate font-mono text-fg-1" title={file.path}>
                {file.path}
              </span>
              <Lines additions={file.additions} deletions={file.deletions} />
            </li>
          ))}
          {files.length > shownFiles ? (
            <li className="px-3 text-xs text-fg-2">
              <button type="button" className="hover:text-fg-0 hover:underline" onClick={() => actions?.review(run.taskId)}>
                and {files.length - shownFiles} more
              </button>
            </li>
          ) : null}
        </ul>
      ) : isLast && query.isLoading ? (
        <div className="border-t border-line-0 px-3 py-2">
          <Skeleton className="h-4 w-3/5" />
        </div>
      ) : null}
    </Card>
  );
}
