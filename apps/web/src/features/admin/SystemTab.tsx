import { useQuery } from "@tanstack/react-query";
import { RefreshCw } from "lucide-react";
import type { AdminHealth, HealthCheck, HealthStatus, ProviderHealth } from "@tesslate/contract";
import { formatDuration } from "../../lib/durations.ts";
import { formatTime } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { healthQuery, useHealthActions } from "./administration.queries.ts";
import { TimeOrNever, State } from "./State.tsx";
import { healthLooks } from "./state-words.ts";
import { PreparationList } from "./PreparationList.tsx";
import { PayoutList } from "./PayoutList.tsx";
import { JobList, TaskList } from "./WorkLists.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const order: Record<HealthStatus, number> = { down: 0, warning: 1, ok: 2, off: 3 };

/** Health of the server, problems first, with its background work and payouts. */
export function SystemTab() {
  const { data, error, refetch, isFetching } = useQuery(healthQuery);
  return (
    <div className="scroll-y min-h-0 min-w-0 flex-1" aria-busy={isFetching}>
      <div className="flex flex-wrap items-center gap-2 px-4 py-2.5">
        <p role="status" className="text-sm font-medium text-fg-0">
          {data ? summaryOf(data) : ""}
        </p>
        <span className="flex-1" />
        {data ? <span className="num text-xs text-fg-2">Checked at {formatTime(data.checked_at)}</span> : null}
        <Button
          size="sm"
          variant="ghost"
          icon={<RefreshCw size={14} />}
          isLoading={isFetching}
          loadingWord="Checking…"
          onClick={() => void refetch()}
        >
          Check again
        </Button>
      </div>
      {error && data ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mx-4 mb-3" /> : null}
      {error && !data ? (
        <LoadFailed title="Couldn't load system health" of={{ error, refetch, isFetching }} />
      ) : data ? (
        <div className="grid gap-6 px-4 pb-6">
          <ul className="grid grid-cols-[repeat(auto-fill,minmax(280px,1fr))] gap-2">
            {data.checks
              .toSorted((a, b) => order[a.status] - order[b.status])
              .map((check) => (
                <Check key={check.id} check={check} />
              ))}
          </ul>
          <Providers providers={data.providers} />
          <PreparationList />
          <PayoutList />
          <JobList />
          <TaskList />
          <p className="num text-xs text-fg-2">
            Version {data.version}, running for {formatDuration(data.uptime_seconds * 1000)}.
          </p>
        </div>
      ) : (
        <SkeletonRows count={9} label="Loading system health…" className="px-4" />
      )}
    </div>
  );
}

function summaryOf({ checks }: AdminHealth): string {
  const count = (status: HealthStatus) => checks.filter((check) => check.status === status).length;
  const [down, warning] = [count("down"), count("warning")];
  if (down > 0) return down === 1 ? "1 component is down." : `${down} components are down.`;
  if (warning > 0) return warning === 1 ? "Degraded: 1 component needs attention." : `Degraded: ${warning} components need attention.`;
  return "All systems operational.";
}

function Check({ check }: { check: HealthCheck }) {
  const { tryMail } = useHealthActions();
  return (
    <li className="flex min-w-0 flex-col gap-2 rounded-3 border border-line-0 p-3 text-xs">
      <div className="flex items-center justify-between gap-2">
        <h2 className="text-sm font-medium text-fg-0">{check.title}</h2>
        <State look={healthLooks[check.status]} />
      </div>
      <p className="text-fg-0">{check.summary}</p>
      {check.advice ? <p className="leading-read text-fg-1">{check.advice}</p> : null}
      {check.facts.length > 0 ? (
        <dl className="num grid grid-cols-1 gap-1 border-t border-line-0 pt-2">
          {check.facts.map(({ label, value }) => (
            <div key={label} className="flex justify-between gap-3">
              <dt className="flex-none text-fg-2">{label}</dt>
              <dd className="min-w-0 truncate text-right text-fg-0" title={value}>
                {value}
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
      {check.id === "mail" && check.status !== "off" ? (
        <div>
          <Button
            size="sm"
            isLoading={tryMail.isPending}
            loadingWord="Sending…"
            onClick={() =>
              tryMail.mutate(undefined, {
                onSuccess: ({ message }) => toast(message),
                onError: (error) => toastError(error),
              })
            }
          >
            Send me a test email
          </Button>
        </div>
      ) : null}
    </li>
  );
}

function Providers({ providers }: { providers: ProviderHealth[] }) {
  return (
    <section>
      <h2 className="mb-2 text-xs font-medium text-fg-0">Model providers</h2>
      {providers.length === 0 ? (
        <p className="text-xs text-fg-2">No providers connected for all users</p>
      ) : (
        <ul className="divide-y divide-line-0 border-y border-line-0 text-xs">
          {providers.map((one) => (
            <Provider key={one.provider} one={one} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Provider({ one }: { one: ProviderHealth }) {
  const { tryProvider } = useHealthActions();
  const trial = one.last_trial;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
      <span className="w-32 flex-none font-medium text-fg-0">{one.name}</span>
      <span className="min-w-0 flex-1 basis-52 text-fg-2">
        {one.last_ok_at ? (
          <>
            Last response <TimeOrNever at={one.last_ok_at} />.
          </>
        ) : (
          "No responses in the last 30 days."
        )}{" "}
        {tryProvider.error ? (
          <span role="alert" className="text-err">
            <ErrorSentence of={tryProvider.error} />
          </span>
        ) : trial ? (
          <span role="status" className={trial.ok ? "text-ok" : "text-err"}>
            {trial.message} ({formatDuration(trial.duration_ms)}, <TimeOrNever at={trial.at} />)
          </span>
        ) : null}
      </span>
      <Button
        size="sm"
        isLoading={tryProvider.isPending}
        loadingWord="Testing…"
        aria-label={`Test ${one.name}`}
        onClick={() => tryProvider.mutate(one.provider)}
      >
        Test
      </Button>
    </li>
  );
}
