import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState, type ReactNode } from "react";
import type { AdminJob, AdminTask, JobState, List } from "@tesslate/contract";
import { api } from "../../api.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { Button } from "../../ui/Button.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { Progress } from "../../ui/Progress.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Table, type Column } from "../../ui/Table.tsx";
import { toast } from "../../ui/toast.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { summaryOf, usePreparation, type PreparationSummary } from "../preparation/index.ts";
import { useWorkActions } from "./administration.queries.ts";
import { ReasonDialog } from "./ReasonDialog.tsx";
import { TimeOrNever, State } from "./State.tsx";
import { jobLooks, sayType, taskLooks } from "./state-words.ts";

const perPage = 10;

/** A short paged list below the health checks. */
export function Short<Row extends { id: string }>({
  title,
  failed,
  list,
  page,
  onPage,
  bar,
  empty,
  first,
  columns,
}: {
  title: string;
  /** Title of the error state. */
  failed: string;
  list: { data: List<Row> | undefined; error: unknown; refetch: () => unknown; isFetching: boolean };
  page: number;
  onPage: (page: number) => void;
  bar: ReactNode;
  empty: string;
  /** Shown above the rows. */
  first?: ReactNode;
  columns: readonly Column<Row>[];
}) {
  const { data, error } = list;
  return (
    <section aria-label={title}>
      <div className="mb-2 flex flex-wrap items-center gap-2">
        <h2 className="text-xs font-medium text-fg-0">{title}</h2>
        <span className="num text-xs text-fg-2">{data ? formatNumber(data.total) : null}</span>
        <span className="flex-1" />
        {bar}
      </div>
      {error && !data ? (
        <LoadFailed className="px-0" title={failed} of={list} />
      ) : !data ? (
        <SkeletonRows count={3} label="Loading…" />
      ) : data.items.length === 0 && !first ? (
        <p className="text-xs text-fg-2">{empty}</p>
      ) : (
        <div {...scrollable} role="group" aria-label={`List: ${title}`} className="overflow-x-auto border-y border-line-0">
          {first ? (
            <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line-0 px-2.5 py-1.5 text-xs">{first}</div>
          ) : null}
          {data.items.length > 0 ? <Table label={title} columns={columns} rows={data.items} keyOf={({ id }) => id} /> : null}
        </div>
      )}
      {data ? (
        <Pager list={data} page={page} perPage={perPage} onPage={onPage} label={`Pages: ${title}`} className="mt-1 justify-end" />
      ) : null}
    </section>
  );
}

const jobStates = [
  { value: "all", label: "All" },
  { value: "failing", label: "Retrying" },
  { value: "dead", label: "Failed" },
] as const;

const jobColumns = (onRetry: (job: AdminJob) => void, onDelete: (job: AdminJob) => void): Column<AdminJob>[] => [
  { id: "name", head: "Job", cell: ({ name }) => <span className="font-medium text-fg-0">{sayType(name)}</span> },
  { id: "state", head: "State", cell: ({ state }) => <State look={jobLooks[state]} /> },
  {
    id: "error",
    head: "Error",
    isGreedy: true,
    isWideOnly: true,
    cell: ({ last_error }) => <span title={last_error ?? undefined}>{last_error}</span>,
  },
  {
    id: "attempts",
    head: "Attempts",
    isFigure: true,
    isWideOnly: true,
    cell: ({ attempts, max_attempts }) => `${formatNumber(attempts)} of ${formatNumber(max_attempts)}`,
  },
  { id: "due", head: "Due", isWideOnly: true, cell: ({ run_at }) => <TimeOrNever at={run_at} /> },
  {
    id: "actions",
    head: "Actions",
    isHeadHidden: true,
    isFigure: true,
    cell: (job) =>
      job.state === "failing" || job.state === "dead" ? (
        <span className="inline-flex gap-1">
          <Button size="sm" variant="ghost" aria-label={`Retry job: ${sayType(job.name)}`} onClick={() => onRetry(job)}>
            Retry…
          </Button>
          <Button size="sm" variant="ghost" aria-label={`Delete job: ${sayType(job.name)}`} onClick={() => onDelete(job)}>
            Delete…
          </Button>
        </span>
      ) : null,
  },
];

/** Background jobs of the server. */
export function JobList() {
  const [state, setState] = useState<(typeof jobStates)[number]["value"]>("all");
  const [page, setPage] = useState(1);
  const [asked, setAsked] = useState<AdminJob>();
  const [retried, setRetried] = useState<AdminJob>();
  const columns = useMemo(() => jobColumns(setRetried, setAsked), []);
  const actions = useWorkActions();
  const query = { page, limit: perPage, ...(state !== "all" && { state: state as JobState }) };
  const list = useQuery({
    queryKey: ["admin", "jobs", query],
    queryFn: ({ signal }) => api.adminWork.jobs({ query }, { signal }),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <Short
        title="Jobs"
        failed="Couldn't load jobs"
        list={list}
        page={page}
        onPage={setPage}
        bar={
          <SegmentedControl
            segments={jobStates}
            value={state}
            label="Filter jobs"
            onChange={(next) => {
              setState(next);
              setPage(1);
            }}
          />
        }
        empty={state === "all" ? "No jobs" : "No jobs with this state"}
        columns={columns}
      />
      {retried ? (
        <ReasonDialog
          title={`Retry the job “${sayType(retried.name)}”?`}
          confirmLabel="Retry job"
          loadingWord="Retrying job…"
          onClose={() => setRetried(undefined)}
          onConfirm={async (reason) => {
            await actions.retryJob.mutateAsync({ id: retried.id, reason });
            toast("Job scheduled to run now.");
          }}
        >
          The job runs now, and its attempts are reset.
        </ReasonDialog>
      ) : null}
      {asked ? (
        <ReasonDialog
          title={`Delete the job “${sayType(asked.name)}”?`}
          confirmLabel="Delete job"
          loadingWord="Deleting job…"
          isDanger
          onClose={() => setAsked(undefined)}
          onConfirm={async (reason) => {
            await actions.removeJob.mutateAsync({ id: asked.id, reason });
            toast("Job deleted.");
          }}
        >
          The job won't run; for example, an email won't be sent. This can't be undone.
        </ReasonDialog>
      ) : null}
    </>
  );
}

const taskStates = [
  { value: "running", label: "Running" },
  { value: "queued", label: "Queued" },
  { value: "failed", label: "Failed" },
  { value: "all", label: "All" },
] as const;

const taskColumns = (onCancel: (task: AdminTask) => void): Column<AdminTask>[] => [
  { id: "type", head: "Task", cell: ({ type }) => <span className="font-medium text-fg-0">{sayType(type)}</span> },
  { id: "state", head: "State", cell: ({ status }) => <State look={taskLooks[status]} /> },
  { id: "user", head: "User", isWideOnly: true, cell: ({ username }) => username },
  { id: "project", head: "Project", isWideOnly: true, cell: ({ project_name }) => project_name },
  {
    id: "message",
    head: "Progress",
    isGreedy: true,
    isWideOnly: true,
    cell: ({ error, message }) => <span title={error ?? message}>{error ?? message}</span>,
  },
  { id: "created", head: "Created", isWideOnly: true, cell: ({ created_at }) => <TimeOrNever at={created_at} /> },
  {
    id: "actions",
    head: "Actions",
    isHeadHidden: true,
    isFigure: true,
    cell: (task) =>
      task.completed_at === null ? (
        <Button
          size="sm"
          variant="ghost"
          aria-label={`Cancel task of ${task.username}: ${sayType(task.type)}`}
          onClick={() => onCancel(task)}
        >
          Cancel…
        </Button>
      ) : null,
  },
];

/** Tasks of all users, and what the server itself prepares now. */
export function TaskList() {
  const [status, setStatus] = useState<(typeof taskStates)[number]["value"]>("running");
  const [page, setPage] = useState(1);
  const [asked, setAsked] = useState<AdminTask>();
  const columns = useMemo(() => taskColumns(setAsked), []);
  const actions = useWorkActions();
  const preparing = summaryOf(usePreparation() ?? []);
  const query = { page, limit: perPage, ...(status !== "all" && { status }) };
  const list = useQuery({
    queryKey: ["admin", "tasks", query],
    queryFn: ({ signal }) => api.adminWork.tasks({ query }, { signal }),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <Short
        title="Tasks"
        failed="Couldn't load tasks"
        list={list}
        page={page}
        onPage={setPage}
        bar={
          <SegmentedControl
            segments={taskStates}
            value={status}
            label="Filter tasks"
            onChange={(next) => {
              setStatus(next);
              setPage(1);
            }}
          />
        }
        empty={status === "all" ? "No tasks" : "No tasks with this state"}
        first={preparing && page === 1 && (status === "running" || status === "all") ? <PreparationRow preparing={preparing} /> : null}
        columns={columns}
      />
      {asked ? (
        <ReasonDialog
          title={`Cancel the task “${sayType(asked.type)}” of ${asked.username}?`}
          confirmLabel="Cancel task"
          loadingWord="Canceling task…"
          isDanger
          onClose={() => setAsked(undefined)}
          onConfirm={async (reason) => {
            await actions.cancelTask.mutateAsync({ id: asked.id, reason });
            toast("The task is being canceled.");
          }}
        >
          {asked.project_name
            ? `This stops the task in ${asked.project_name}. Completed work is kept.`
            : "This stops the task. Completed work is kept."}
        </ReasonDialog>
      ) : null}
    </>
  );
}

function PreparationRow({ preparing: { text, share } }: { preparing: PreparationSummary }) {
  return (
    <>
      <span className="w-36 flex-none truncate font-medium text-fg-0">Preparation</span>
      <State look={taskLooks.running} />
      <span className="num min-w-0 flex-1 basis-40 truncate text-fg-2">{text}</span>
      <Progress className="w-24 flex-none" label={text} share={share} />
      <span className="flex-none text-fg-2">Server</span>
    </>
  );
}
