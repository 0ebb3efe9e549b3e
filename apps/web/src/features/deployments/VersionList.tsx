import type { Deployment } from "@tesslate/contract";
import { ArrowUp, Check, CircleX, ExternalLink, Undo2 } from "lucide-react";
import { useState } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { formatDuration } from "../../lib/durations.ts";
import { formatDateTime, formatRelativeTime } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { Thread, ThreadItem } from "../../ui/thread/index.ts";
import { PromoteDialog, RollbackDialog } from "./DeployDialogs.tsx";
import {
  timelineMarker,
  durationOf,
  isPreview,
  isSuperseded,
  isUnderWay,
  versionName,
  providerTitle,
  deployProviderNames,
  safeUrl,
  type Series,
  shortUrl,
  stateOf,
  makeLiveWords,
} from "./deployments.ts";
import { useDeploys } from "./deploys-context.ts";

const shownAtOnce = 8;

/** The versions of one container at one provider, oldest first. */
export function VersionList({
  series,
  chosenId,
  onChoose,
}: {
  series: Series;
  chosenId: string | undefined;
  onChoose: (id: string) => void;
}) {
  const [showsAll, setShowsAll] = useState(false);
  const { deployments, containerName, provider } = series;
  const live = deployments.find(({ is_live }) => is_live);
  const older = deployments.length - shownAtOnce;
  const shown = showsAll
    ? deployments
    : deployments.filter((deployment, index) => index >= older || deployment.is_live || deployment.id === chosenId);
  return (
    <section aria-label={`${containerName} on ${providerTitle(provider)}`} className="pb-3">
      <h2 className="mb-1.5 flex items-center gap-2 pl-2 text-md">
        {containerName}
        <span className="text-sm font-regular text-fg-2">{deployProviderNames[provider]}</span>
        <span className="flex-1" />
        {older > 0 && !showsAll ? (
          <Button size="sm" variant="ghost" onClick={() => setShowsAll(true)}>
            Show {counted(older, "older version")}
          </Button>
        ) : null}
      </h2>
      <Thread label={`Versions of ${containerName} on ${providerTitle(provider)}`}>
        {shown.map((deployment, index) => (
          <VersionRow
            key={deployment.id}
            deployment={deployment}
            live={live}
            edge={shown.length === 1 ? "both" : index === 0 ? "start" : index === shown.length - 1 ? "end" : undefined}
            isChosen={deployment.id === chosenId}
            onChoose={onChoose}
          />
        ))}
      </Thread>
    </section>
  );
}

function VersionRow({
  deployment,
  live,
  edge,
  isChosen,
  onChoose,
}: {
  deployment: Deployment;
  live: Deployment | undefined;
  edge: "start" | "end" | "both" | undefined;
  isChosen: boolean;
  onChoose: (id: string) => void;
}) {
  const { currentStep } = useDeploys();
  const [asks, setAsks] = useState<"rollback" | "promote">();
  const { bead, tone, line } = timelineMarker(deployment);
  const state = stateOf(deployment, currentStep(deployment.id));
  const url = safeUrl(deployment.deployment_url);
  const isGoing = isUnderWay(deployment);
  return (
    <ThreadItem
      bead={bead}
      tone={tone}
      line={line}
      beadYPx={17}
      {...(edge && { edge })}
      {...(edge === "both" && { className: "before:hidden" })}
    >
      <div
        data-testid="version"
        data-version={deployment.version}
        data-live={deployment.is_live || undefined}
        className={cx("mb-1 rounded-2", isChosen && "bg-bg-3")}
      >
        <button
          type="button"
          aria-pressed={isChosen}
          onClick={() => onChoose(deployment.id)}
          className={cx("w-full min-w-0 rounded-2 px-2 py-1.5 text-left", !isChosen && "hover:bg-bg-2")}
        >
          <span className="flex min-h-5.5 items-center gap-2 text-sm">
            <b className="font-semibold">{versionName(deployment)}</b>
            <time
              dateTime={deployment.created_at}
              title={formatDateTime(deployment.created_at)}
              className="min-w-0 flex-1 truncate text-fg-2"
            >
              {isGoing ? `started ${formatRelativeTime(deployment.created_at)}` : formatRelativeTime(deployment.created_at)}
            </time>
            {isSuperseded(deployment) ? (
              <span className="sr-only">{state.word}</span>
            ) : (
              <Pill
                tone={state.tone}
                isBusy={isGoing}
                icon={state.tone === "ok" ? <Check /> : state.tone === "err" ? <CircleX /> : undefined}
              >
                {state.word}
              </Pill>
            )}
          </span>
          <span className={cx("block truncate text-xs", isChosen ? "text-fg-1" : "text-fg-2")}>{lineOf(deployment, live)}</span>
        </button>
        {isGoing || (!url && !deployment.can_roll_back && !deployment.can_promote) || deployment.status === "failed" ? null : (
          <div className="flex flex-wrap gap-1 pb-1">
            {url && (deployment.is_live || isPreview(deployment)) ? (
              <Button size="sm" variant="ghost" asChild className="max-w-full shrink! justify-start!">
                <a href={url} target="_blank" rel="noopener noreferrer">
                  <ExternalLink size={14} className="flex-none" />
                  <span className="truncate">{shortUrl(url)}</span>
                </a>
              </Button>
            ) : null}
            {!deployment.is_live && deployment.can_roll_back ? (
              <Button size="sm" variant="ghost" icon={<Undo2 size={14} />} onClick={() => setAsks("rollback")}>
                {makeLiveWords(deployment, live).action}
              </Button>
            ) : null}
            {deployment.can_promote ? (
              <Button size="sm" variant="ghost" icon={<ArrowUp size={14} />} onClick={() => setAsks("promote")}>
                Promote {versionName(deployment)}
              </Button>
            ) : null}
          </div>
        )}
        {asks === "rollback" ? (
          <RollbackDialog deployment={deployment} live={live} onClose={() => setAsks(undefined)} onBegun={({ id }) => onChoose(id)} />
        ) : null}
        {asks === "promote" ? (
          <PromoteDialog deployment={deployment} live={live} onClose={() => setAsks(undefined)} onBegun={({ id }) => onChoose(id)} />
        ) : null}
      </div>
    </ThreadItem>
  );
}

/** One line about a version: its state while it runs, why it failed, or what it consists of. */
function lineOf(deployment: Deployment, live: Deployment | undefined): string {
  const { rollback_of: from, files, custom_domain: domain } = deployment.metadata;
  if (isUnderWay(deployment) && deployment.environment === "preview")
    return live ? `Preview. ${versionName(live)} stays live.` : "Preview with a separate URL.";
  if (isUnderWay(deployment)) return live ? `${versionName(live)} stays live until this version is ready.` : "First version.";
  if (deployment.status === "failed") return deployment.error ?? "The deployment failed.";
  if (deployment.error) return deployment.error;
  return [
    from === null ? "" : `rollback to v${from}`,
    files === null ? "" : counted(files, "file"),
    domain ?? "",
    formatDuration(durationOf(deployment, Date.parse(deployment.updated_at))),
  ]
    .filter(Boolean)
    .join(", ");
}
