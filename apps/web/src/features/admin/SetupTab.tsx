import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, CircleDashed, RefreshCw } from "lucide-react";
import type { ReactNode } from "react";
import type { SetupStep } from "@tesslate/contract";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Progress } from "../../ui/Progress.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { setupQuery } from "./administration.queries.ts";

/** What a new operator sets up. Each step is measured by the server; the tab is hidden once all are done. */
export function SetupTab() {
  const { data, error, refetch, isFetching } = useQuery(setupQuery);
  const done = data?.steps.filter(({ is_done }) => is_done).length ?? 0;
  return (
    <div className="scroll-y min-h-0 min-w-0 flex-1" aria-busy={isFetching}>
      <div className="mx-auto grid max-w-190 grid-cols-1 gap-4 px-4 py-5">
        {error && data ? <ShownFromBefore of={{ error, refetch, isFetching }} /> : null}
        {error && !data ? (
          <LoadFailed title="Couldn't load setup" of={{ error, refetch, isFetching }} />
        ) : !data ? (
          <SkeletonRows count={7} label="Loading setup…" />
        ) : data.is_complete ? (
          <EmptyState
            title="Setup is complete"
            action={
              <Link to="/admin/overview" className={buttonClass({})}>
                View overview
              </Link>
            }
          >
            Every step is done. This page appears again if one of them needs attention.
          </EmptyState>
        ) : (
          <>
            <div className="flex flex-wrap items-center gap-3">
              <h2 className="text-lg font-semibold text-fg-0">Set up this server</h2>
              <span role="status" className="num text-xs text-fg-2">
                {done} of {data.steps.length} done
              </span>
              <span className="flex-1" />
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
            <Progress share={done / data.steps.length} label={`${done} of ${data.steps.length} steps done`} />
            <ol className="grid grid-cols-1 divide-y divide-line-0 rounded-3 border border-line-0">
              {data.steps.map((step) => (
                <Step key={step.id} step={step} />
              ))}
            </ol>
          </>
        )}
      </div>
    </div>
  );
}

const linkClass = buttonClass({ size: "sm" });
/** The one action of a step that is not done. Steps without one have settings to copy. */
const actions: Partial<Record<SetupStep["id"], ReactNode>> = {
  models: (
    <Link to="/connect-model" search={{ next: "/admin/setup" }} className={linkClass}>
      Connect model
    </Link>
  ),
  browser: (
    <Link to="/admin/system" className={linkClass}>
      Install browser
    </Link>
  ),
};

function Step({ step: { id, title, is_done, summary, advice, snippet } }: { step: SetupStep }) {
  return (
    <li className="flex gap-3 p-3.5 narrow:flex-wrap">
      <span className="mt-0.5 flex-none">
        {is_done ? (
          <CircleCheck size={16} className="text-ok" aria-label="Done" />
        ) : (
          <CircleDashed size={16} className="text-fg-2" aria-label="To do" />
        )}
      </span>
      <div className="grid min-w-0 flex-1 grid-cols-1 gap-1.5 narrow:basis-3/4">
        <h3 className="text-sm font-medium text-fg-0">{title}</h3>
        <p className="text-sm wrap-anywhere text-fg-1">{summary}</p>
        {advice ? <p className="text-xs leading-read text-fg-2">{advice}</p> : null}
        {snippet ? (
          <div className="flex items-start gap-2 rounded-2 border border-line-0 bg-bg-2 py-1 pr-1 pl-2.5">
            <pre
              {...scrollable}
              aria-label={`Settings for ${title}`}
              className="min-w-0 flex-1 overflow-x-auto py-1 font-mono text-xs text-fg-0"
            >
              {snippet}
            </pre>
            <CopyButton text={snippet} label={`Copy for ${title}`} />
          </div>
        ) : null}
      </div>
      {is_done ? null : <span className="flex-none self-start empty:hidden narrow:pl-7">{actions[id]}</span>}
    </li>
  );
}
