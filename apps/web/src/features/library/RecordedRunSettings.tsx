import { useQuery } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { Suspense, useState } from "react";
import type { AgentDetail, RecordableRun } from "@tesslate/contract";
import { formatDuration } from "../../lib/durations.ts";
import { formatRelativeTime } from "../../lib/time.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { RecordedRunPlayer } from "../chat/index.ts";
import { recordedRunQuery } from "../marketplace/index.ts";
import { recordableRunsQuery, useRecordedRun } from "./library.queries.ts";

/** The run that the store page of an own agent shows. A change is saved at once. */
export function RecordedRunSettings({ agent, onTry }: { agent: AgentDetail; onTry: () => void }) {
  const { remove } = useRecordedRun(agent.id);
  const [isChoosing, setIsChoosing] = useState(false);
  const recorded = useQuery({ ...recordedRunQuery(agent.slug), enabled: agent.has_recorded_run });
  return (
    <SettingsSection title="Recorded run" hint="People watch it on the store page before they add the agent. It is saved at once.">
      {agent.has_recorded_run && recorded.data ? (
        <div className="mb-3">
          <Suspense fallback={<SkeletonRows count={5} label="Loading recorded run…" />}>
            <RecordedRunPlayer key={recorded.dataUpdatedAt} run={recorded.data} />
          </Suspense>
        </div>
      ) : null}
      <div className="flex flex-wrap gap-3">
        <Button icon={<Play size={14} />} onClick={() => setIsChoosing(true)}>
          {agent.has_recorded_run ? "Change run…" : "Choose run…"}
        </Button>
        {agent.has_recorded_run ? (
          <Button
            variant="ghost"
            isLoading={remove.isPending}
            loadingWord="Removing…"
            onClick={() =>
              remove.mutate(undefined, { onSuccess: () => toast("Recorded run removed."), onError: (error) => toastError(error) })
            }
          >
            Remove run
          </Button>
        ) : null}
      </div>
      {isChoosing ? <ChooseRunDialog agent={agent} onClose={() => setIsChoosing(false)} onTry={onTry} /> : null}
    </SettingsSection>
  );
}

const factsOf = ({ project_name, ran_at, duration_ms }: RecordableRun) =>
  [project_name, formatRelativeTime(ran_at), ...(duration_ms ? [formatDuration(duration_ms)] : [])].join(" · ");

function ChooseRunDialog({ agent, onClose, onTry }: { agent: AgentDetail; onClose: () => void; onTry: () => void }) {
  const runs = useQuery(recordableRunsQuery(agent.id));
  const { set } = useRecordedRun(agent.id);
  const [chosen, setChosen] = useState<RecordableRun>();
  const back = () => {
    set.reset();
    setChosen(undefined);
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && !set.isPending && onClose()}
      title={chosen ? "Show this run?" : "Choose run"}
      description={
        chosen
          ? "Everyone who sees the agent can read its message, texts, changes and outputs. Secrets of the project are already removed."
          : "Your latest successful runs with this agent."
      }
      footer={
        chosen ? (
          <>
            <Button variant="ghost" onClick={back} disabled={set.isPending}>
              Back
            </Button>
            <Button
              variant="primary"
              isLoading={set.isPending}
              loadingWord="Saving…"
              onClick={() =>
                set.mutate(chosen.task_id, {
                  onSuccess: () => {
                    toast("Recorded run saved.");
                    onClose();
                  },
                })
              }
            >
              Show run
            </Button>
          </>
        ) : undefined
      }
    >
      {chosen ? (
        <>
          {set.error ? (
            <Banner tone="err" className="mb-3">
              <ErrorSentence of={set.error} />
            </Banner>
          ) : null}
          <blockquote className="max-h-60 scroll-y text-sm leading-read break-words whitespace-pre-wrap text-fg-0">
            {chosen.message}
          </blockquote>
          <p className="num mt-2 text-xs text-fg-2">{factsOf(chosen)}</p>
        </>
      ) : runs.error && !runs.data ? (
        <LoadFailed className="px-0" title="Couldn't load your runs" of={runs} />
      ) : runs.data?.items.length === 0 ? (
        <EmptyState
          className="px-0"
          title="No runs yet"
          action={
            <Button
              onClick={() => {
                onClose();
                onTry();
              }}
            >
              Try agent
            </Button>
          }
        >
          Successful runs of yours with this agent appear here.
        </EmptyState>
      ) : runs.data ? (
        <ul role="list" aria-label="Runs" className="scroll-y grid max-h-96 gap-px">
          {runs.data.items.map((run) => (
            <li key={run.task_id}>
              <button
                type="button"
                className="block w-full rounded-2 px-2.5 py-2 text-left hover:bg-bg-3 narrow:min-h-11"
                onClick={() => setChosen(run)}
              >
                <span className="line-clamp-2 text-sm text-fg-0">{run.message}</span>
                <span className="num block truncate text-xs text-fg-2">{factsOf(run)}</span>
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <SkeletonRows count={4} label="Loading runs…" />
      )}
    </Dialog>
  );
}
