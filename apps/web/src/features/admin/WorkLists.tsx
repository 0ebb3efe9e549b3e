import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useState, type ReactNode } from "react";
import type { AdminJob, AdminTask, JobState, List } from "@tesslate/contract";
import { api } from "../../api.ts";
import { keepRowFocus } from "../../lib/row-focus.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast } from "../../ui/toast.tsx";
import { useWorkActs } from "./house.queries.ts";
import { ReasonDialog } from "./ReasonDialog.tsx";
import { Moment, State } from "./State.tsx";
import { jobLooks, sayType, taskLooks } from "./state-words.ts";

const perPage = 10;

/** A short list under the checks, in pages of its own. */
export function Short<Row extends { id: string }>({
  title,
  list,
  page,
  onPage,
  bar,
  empty,
  row,
}: {
  title: string;
  list: { data: List<Row> | undefined; error: unknown; refetch: () => unknown; isFetching: boolean };
  page: number;
  onPage: (page: number) => void;
  bar: ReactNode;
  empty: string;
  row: (row: Row) => ReactNode;
}) {
  const { data, error } = list;
  return (
    <section aria-label={title}>
      <div className="mb-2 flex flex-wrap items-center gap-2">
        <h2 className="text-xs font-medium text-fg-0">{title}</h2>
        <span className="num text-xs text-fg-2">{data?.total.toLocaleString()}</span>
        <span className="flex-1" />
        {bar}
      </div>
      {error && !data ? (
        <LoadFailed className="px-0" title={`${title} could not be read`} of={list} />
      ) : !data ? (
        <SkeletonRows count={3} label="Loading" />
      ) : data.items.length === 0 ? (
        <p className="text-xs text-fg-2">{empty}</p>
      ) : (
        <ul ref={keepRowFocus} className="divide-y divide-line-0 border-y border-line-0 text-xs">
          {data.items.map((one) => (
            <li key={one.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-1.5">
              {row(one)}
            </li>
          ))}
        </ul>
      )}
      {data && data.total_pages > 1 ? (
        <nav aria-label={`Pages of ${title.toLowerCase()}`} className="mt-1 flex items-center justify-end gap-1">
          <span className="num text-xs text-fg-2">
            {page} of {data.total_pages}
          </span>
          <IconButton size="sm" label="Previous page" disabled={page <= 1} onClick={() => onPage(page - 1)}>
            <ChevronLeft size={14} />
          </IconButton>
          <IconButton size="sm" label="Next page" disabled={page >= data.total_pages} onClick={() => onPage(page + 1)}>
            <ChevronRight size={14} />
          </IconButton>
        </nav>
      ) : null}
    </section>
  );
}

const jobStates = [
  { value: "all", label: "All" },
  { value: "failing", label: "Tried again" },
  { value: "dead", label: "Given up" },
] as const;

/** Work of the server itself: what waits, failed, gave up. */
export function JobList() {
  const [state, setState] = useState<(typeof jobStates)[number]["value"]>("all");
  const [page, setPage] = useState(1);
  const [asked, setAsked] = useState<AdminJob>();
  const [retried, setRetried] = useState<AdminJob>();
  const acts = useWorkActs();
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
        list={list}
        page={page}
        onPage={setPage}
        bar={
          <SegmentedControl
            segments={jobStates}
            value={state}
            label="Which jobs"
            onChange={(next) => {
              setState(next);
              setPage(1);
            }}
          />
        }
        empty={state === "all" ? "Nothing waits." : "None."}
        row={(job) => (
          <>
            <span className="w-36 flex-none truncate font-medium text-fg-0">{sayType(job.name)}</span>
            <State look={jobLooks[job.state]} />
            <span className="min-w-0 flex-1 basis-40 truncate text-fg-2" title={job.last_error ?? undefined}>
              {job.last_error ?? (
                <>
                  due <Moment at={job.run_at} />
                </>
              )}
            </span>
            <span className="num flex-none text-fg-2">
              {job.attempts} of {job.max_attempts} attempts
            </span>
            {job.state === "failing" || job.state === "dead" ? (
              <span className="flex gap-1">
                <Button size="sm" aria-label={`Try again: ${sayType(job.name)}`} onClick={() => setRetried(job)}>
                  Try again…
                </Button>
                <Button size="sm" variant="ghost" aria-label={`Give up ${sayType(job.name)}`} onClick={() => setAsked(job)}>
                  Give up…
                </Button>
              </span>
            ) : null}
          </>
        )}
      />
      {retried ? (
        <ReasonDialog
          title={`Try this job again: ${sayType(retried.name)}?`}
          act="Try again"
          actWord="Starting"
          onClose={() => setRetried(undefined)}
          onConfirm={async (reason) => {
            await acts.retryJob.mutateAsync({ id: retried.id, reason });
            toast("It is tried again now.");
          }}
        >
          It starts now, with all its attempts before it.
        </ReasonDialog>
      ) : null}
      {asked ? (
        <ReasonDialog
          title={`Give up this job: ${sayType(asked.name)}?`}
          act="Give it up"
          actWord="Removing"
          isDanger
          onClose={() => setAsked(undefined)}
          onConfirm={async (reason) => {
            await acts.removeJob.mutateAsync({ id: asked.id, reason });
            toast("The job is gone.");
          }}
        >
          What it was to do is not done: a letter is not sent, for example. This cannot be undone.
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

/** Everybody's long operations. */
export function TaskList() {
  const [status, setStatus] = useState<(typeof taskStates)[number]["value"]>("running");
  const [page, setPage] = useState(1);
  const [asked, setAsked] = useState<AdminTask>();
  const acts = useWorkActs();
  const query = { page, limit: perPage, ...(status !== "all" && { status }) };
  const list = useQuery({
    queryKey: ["admin", "tasks", query],
    queryFn: ({ signal }) => api.adminWork.tasks({ query }, { signal }),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <Short
        title="Operations"
        list={list}
        page={page}
        onPage={setPage}
        bar={
          <SegmentedControl
            segments={taskStates}
            value={status}
            label="Which operations"
            onChange={(next) => {
              setStatus(next);
              setPage(1);
            }}
          />
        }
        empty="None."
        row={(task) => (
          <>
            <span className="w-36 flex-none truncate font-medium text-fg-0">{sayType(task.type)}</span>
            <State look={taskLooks[task.status]} />
            <span className="min-w-0 flex-1 basis-40 truncate text-fg-2" title={task.error ?? task.message}>
              {task.project_name ? `${task.project_name}, ` : ""}
              {task.username}: {task.error ?? task.message}
            </span>
            <span className="flex-none text-fg-2">
              <Moment at={task.created_at} />
            </span>
            {task.completed_at === null ? (
              <Button
                size="sm"
                variant="ghost"
                aria-label={`Cancel ${sayType(task.type)} of ${task.username}`}
                onClick={() => setAsked(task)}
              >
                Cancel…
              </Button>
            ) : null}
          </>
        )}
      />
      {asked ? (
        <ReasonDialog
          title={`Cancel this of ${asked.username}?`}
          act="Cancel it"
          actWord="Cancelling"
          isDanger
          onClose={() => setAsked(undefined)}
          onConfirm={async (reason) => {
            await acts.cancelTask.mutateAsync({ id: asked.id, reason });
            toast("It was asked to end.");
          }}
        >
          {sayType(asked.type)}
          {asked.project_name ? ` of ${asked.project_name}` : ""} ends where it is. What it has done so far stays.
        </ReasonDialog>
      ) : null}
    </>
  );
}
