import { Link } from "@tanstack/react-router";
import { CircleX, RotateCw } from "lucide-react";
import { useEffect, useState } from "react";
import { shortModelName, usableModels } from "../../lib/model-choice.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { withHelp } from "../../ui/HelpLink.tsx";
import { Menu } from "../../ui/Menu.tsx";
import type { ErrorPart, RetryPart, Run } from "./chat.types.ts";
import { useFailureActions } from "./failure-actions.ts";
import { attemptOf, retryText } from "./retry-text.ts";

/** Whole seconds until `until`; at least 0. */
function useSecondsUntil(until: string): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, Math.ceil((Date.parse(until) - now) / 1_000)) || 0;
}

/** A menu of the models that can be used except `failed`. Renders nothing if there is none. */
function OtherModelMenu({ failed, onPick }: { failed: string | undefined; onPick: (model: string) => void }) {
  const actions = useFailureActions();
  const others = usableModels(actions?.models ?? []).filter(({ id }) => id !== failed);
  if (others.length === 0) return null;
  return (
    <Menu
      label="Other models"
      entries={others.map(({ id, provider, provider_name }) => ({
        label: shortModelName(id),
        hint: provider_name ?? provider,
        onSelect: () => onPick(id),
      }))}
      trigger={<Button size="sm">Try another model…</Button>}
    />
  );
}

const buttons = "flex flex-wrap gap-1.5 pt-2 pl-5.5";

/** A call to the model that failed and is repeated. While it waits, with the time left and what else can be done. */
export function RetryRow({ part, run }: { part: RetryPart; run: Run }) {
  const isWaiting = part.status === "waiting" && run.status === "running";
  return (
    <div role="group" aria-label="Failed model call" className="py-1 text-xs leading-note text-fg-2 narrow:text-sm">
      <p className="flex min-w-0 gap-1.75">
        <RotateCw size={14} className="mt-px flex-none text-warn" aria-hidden="true" />
        <span className="min-w-0 break-words">
          {part.subagent === undefined ? null : <b className="font-medium text-fg-0">{part.subagent}: </b>}
          {isWaiting ? (
            <span className="text-fg-0">
              {part.message} <Countdown part={part} />
            </span>
          ) : (
            retryText(part)
          )}
          {part.reason ? <q className="block">{part.reason}</q> : null}
        </span>
      </p>
      {isWaiting ? <WaitActions part={part} run={run} /> : null}
    </div>
  );
}

function Countdown({ part }: { part: RetryPart }) {
  const seconds = useSecondsUntil(part.until);
  return (
    <span className="num">
      {seconds > 0 ? `Retrying in ${seconds} s` : "Retrying"} {attemptOf(part)}
    </span>
  );
}

function WaitActions({ part, run }: { part: RetryPart; run: Run }) {
  const actions = useFailureActions();
  if (!actions) return null;
  return (
    <div className={buttons}>
      <Button size="sm" onClick={() => actions.retryCall(run.taskId, part.retryId)}>
        Retry now
      </Button>
      <OtherModelMenu failed={part.model} onPick={(model) => actions.retryCall(run.taskId, part.retryId, model)} />
      <Button size="sm" onClick={actions.stop}>
        Stop
      </Button>
    </div>
  );
}

/** The error that ended the run, with what can be done about it if it is the newest run. */
export function ErrorRow({ part, run, isLast }: { part: ErrorPart; run: Run; isLast: boolean }) {
  const actions = useFailureActions();
  const hasSteps = run.parts.some(({ kind }) => kind === "tool") || run.earlier !== undefined;
  return (
    <div role="alert" className="my-1 rounded-2 border border-line-0 bg-bg-1 px-3 py-2 text-sm">
      <p className="flex gap-2 leading-note text-fg-0">
        <CircleX size={14} className="mt-0.75 flex-none text-err" aria-hidden="true" />
        <span className="min-w-0 break-words">{withHelp(isLast ? part.code : undefined, part.message)}</span>
      </p>
      {isLast && actions ? (
        <div className={buttons}>
          {part.errorKind === "context" ? (
            <Button size="sm" isLoading={actions.isCompacting} loadingWord="Compacting…" onClick={() => actions.compact(run)}>
              Compact chat
            </Button>
          ) : null}
          {part.errorKind === "auth" || part.errorKind === "quota" ? (
            <Link to="/settings/models" className={buttonClass({ size: "sm" })}>
              Change key
            </Link>
          ) : null}
          <Button size="sm" onClick={() => actions.rerun(run)}>
            {hasSteps ? "Continue" : "Retry"}
          </Button>
          {part.errorKind ? <OtherModelMenu failed={run.model} onPick={(model) => actions.rerun(run, model)} /> : null}
        </div>
      ) : null}
    </div>
  );
}
