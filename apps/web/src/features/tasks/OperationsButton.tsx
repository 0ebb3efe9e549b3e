import { useMutation, useQuery } from "@tanstack/react-query";
import { Activity, Check, CircleX, X } from "lucide-react";
import type { Task } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { hasCode } from "../../lib/errors.ts";
import { formatPercent } from "../../lib/numbers.ts";
import { useContainers } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { Progress } from "../../ui/Progress.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { toastError } from "../../ui/toast.tsx";
import { summaryOf, usePreparation } from "../preparation/index.ts";
import { meQuery } from "../users/index.ts";
import { isCancellable, shownTasks, taskTitle } from "./task-looks.ts";

/** The project's running operations, which can be canceled, and the latest ended ones. Updated by events. */
export function OperationsButton({ tasks }: { tasks: readonly Task[] }) {
  const { open, ended } = shownTasks(tasks);
  const word = open.length === 0 ? "Operations" : counted(open.length, "operation is running", "operations are running");
  return (
    <Popover
      label="Operations"
      align="end"
      className="w-88 max-w-floating! p-0!"
      trigger={
        <button
          type="button"
          aria-label={word}
          title={word}
          className="inline-flex h-7 items-center gap-1.5 rounded-2 px-1.5 text-xs text-fg-2 hover:bg-bg-3 hover:text-fg-0 data-[state=open]:bg-bg-3 data-[state=open]:text-fg-0 narrow:h-11 narrow:px-3"
        >
          {open.length > 0 ? <span className="spin size-3.5!" aria-hidden="true" /> : <Activity size={16} aria-hidden="true" />}
          {open.length > 0 ? <span className="num text-fg-0">{open.length}</span> : null}
        </button>
      }
    >
      <div className="scroll-y max-h-[60dvh]">
        <h2 className="px-3 pt-2.5 pb-1 text-sm font-medium">Operations</h2>
        <ServerPreparation />
        {open.length + ended.length === 0 ? (
          <p className="px-3 pb-3 text-xs text-fg-2">Starts, snapshots, deployments and agent runs appear here.</p>
        ) : (
          <ul role="list" aria-label="Operations" className="divide-y divide-line-0 pb-1">
            {open.map((task) => (
              <OpenTask key={task.id} task={task} />
            ))}
            {ended.map((task) => (
              <EndedTask key={task.id} task={task} />
            ))}
          </ul>
        )}
      </div>
    </Popover>
  );
}

/** For administrators, what the server prepares: a start from a template may wait for it. */
function ServerPreparation() {
  const { data: user } = useQuery(meQuery);
  const summary = summaryOf(usePreparation() ?? []);
  if (!user?.is_superuser || !summary) return null;
  return (
    <div role="status" className="num border-b border-line-0 px-3 py-2 text-xs">
      <p className="truncate text-sm text-fg-0">{summary.text}</p>
      <Progress className="mt-1.5" label={summary.text} share={summary.share} />
    </div>
  );
}

function OpenTask({ task }: { task: Task }) {
  const { api } = useServices();
  const cancel = useMutation({
    mutationFn: () => api.tasks.cancel({ params: { task_id: task.id } }),
    // If it ended in the meantime, its last event shows the result.
    onError: (error) => hasCode(error, "task_finished") || toastError(error),
  });
  const { percentage, message } = task.progress;
  const title = taskTitle(task, useContainers());
  const isRun = task.type === "agent_execution";
  return (
    <li className="px-3 py-2 text-xs">
      <div className="flex items-center gap-2">
        <span className="min-w-0 flex-1 truncate text-sm text-fg-0">{title}</span>
        {isRun || task.status === "queued" ? null : <span className="num flex-none text-fg-2">{formatPercent(percentage / 100)}</span>}
        {isCancellable(task) ? (
          <IconButton
            size="sm"
            label={`Cancel: ${title}`}
            tooltipSide="none"
            disabled={cancel.isPending || cancel.isSuccess}
            onClick={() => cancel.mutate()}
          >
            <X size={14} />
          </IconButton>
        ) : null}
      </div>
      <Progress className="my-1.5" label={title} share={isRun || task.status === "queued" ? undefined : percentage / 100} />
      <p className="truncate text-fg-2" title={message}>
        {cancel.isPending || cancel.isSuccess ? "Canceling…" : message}
      </p>
    </li>
  );
}

const outcomes: Partial<Record<Task["status"], string>> = { completed: "Done", failed: "Failed", cancelled: "Canceled" };
function EndedTask({ task }: { task: Task }) {
  const title = taskTitle(task, useContainers());
  return (
    <li className="px-3 py-2 text-xs">
      <div className="flex items-center gap-2">
        {task.status === "completed" ? (
          <Check size={14} aria-hidden="true" className="flex-none text-ok" />
        ) : (
          <CircleX size={14} aria-hidden="true" className={task.status === "failed" ? "flex-none text-err" : "flex-none text-fg-3"} />
        )}
        <span className="min-w-0 flex-1 truncate text-fg-1">{title}</span>
        <span className="flex-none text-fg-2">{outcomes[task.status]}</span>
        {task.completed_at ? <RelativeTime at={task.completed_at} className="num flex-none text-fg-3" /> : null}
      </div>
      {task.status === "failed" && task.error ? <p className="mt-1 line-clamp-3 pl-5.5 break-words text-err">{task.error}</p> : null}
    </li>
  );
}
