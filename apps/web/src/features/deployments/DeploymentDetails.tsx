import type { Deployment } from "@tesslate/contract";
import { ArrowUp, ArrowUpFromLine, Bot, ExternalLink, RotateCw, ShieldAlert, Trash2, Undo2 } from "lucide-react";
import { useState } from "react";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { currentStep, textOf } from "./deploy-log.ts";
import { AnywayDialog, DeleteDeploymentDialog, PromoteDialog, RollbackDialog } from "./DeployDialogs.tsx";
import { DeployLogView } from "./DeployLogView.tsx";
import { useDeploys } from "./deploys-context.ts";
import { fixDeploymentMessage, isPreview, isUnderWay, versionName, providerTitle, safeUrl, makeLiveWords } from "./deployments.ts";
import { LaunchReportView } from "./LaunchReportView.tsx";
import { blockersOf } from "./launch-report.ts";
import { Outcome } from "./Outcome.tsx";
import { StepLine } from "./StepLine.tsx";
import { useDeployLog } from "./use-deploy-log.ts";
import { VersionChangesView } from "./VersionChangesView.tsx";

/** One deployment: steps, outcome, launch report and log. */
export function DeploymentDetails({
  deployment,
  onShow,
  onGone,
}: {
  deployment: Deployment;
  /** Shows another deployment, started from this one. */
  onShow: (id: string) => void;
  /** It was deleted. */
  onGone: () => void;
}) {
  const deploys = useDeploys();
  const log = useDeployLog(deployment.id);
  const step = currentStep(log.lines) ?? deploys.currentStep(deployment.id);
  const { report } = deployment;
  return (
    <>
      <StepLine deployment={deployment} currentStep={step} />
      <div className="scroll-y flex min-h-0 flex-1 flex-col">
        <Outcome deployment={deployment} onOpenFile={deploys.openFile} />
        <VersionChangesView deployment={deployment} />
        {report ? <LaunchReportView key={report.duration_ms} report={report} onOpenFile={deploys.openFile} /> : null}
        <DeployLogView deployment={deployment} log={log} onOpenFile={deploys.openFile} />
      </div>
      <Foot deployment={deployment} lines={() => textOf(log.lines).split("\n")} onShow={onShow} onGone={onGone} />
    </>
  );
}

function Foot({
  deployment,
  lines,
  onShow,
  onGone,
}: {
  deployment: Deployment;
  lines: () => string[];
  onShow: (id: string) => void;
  onGone: () => void;
}) {
  const { list, compose, openForm, requestOf } = useDeploys();
  const [asks, setAsks] = useState<"rollback" | "promote" | "delete" | "anyway">();
  const url = safeUrl(deployment.deployment_url);
  const isGoing = isUnderWay(deployment);
  const isFailed = deployment.status === "failed";
  const isBlocked = isFailed && deployment.report !== null && blockersOf(deployment.report).length > 0;
  const live = list?.find(
    (other) =>
      other.is_live &&
      other.id !== deployment.id &&
      other.provider === deployment.provider &&
      other.container_id === deployment.container_id,
  );
  const again = () => {
    const { request } = requestOf(deployment);
    openForm({
      provider: deployment.provider,
      environment: deployment.environment,
      containerId: request.container_id ?? undefined,
      mode: request.deployment_mode ?? undefined,
      framework: request.framework ?? undefined,
      buildCommand: request.build_command ?? "",
      outputDirectory: request.output_directory ?? "",
      customDomain: request.custom_domain ?? "",
      extra: Object.entries(request.env_vars ?? {}).map(([name, value]) => ({ name, value })),
      excluded: request.exclude_env ?? [],
    });
  };
  return (
    <div className="flex flex-none flex-wrap items-center gap-2 border-t border-line-0 py-2.5 pr-3.5 pl-5 narrow:px-3">
      <span className="min-w-0 flex-1 truncate text-xs text-fg-2 narrow:basis-full">
        {isGoing
          ? live
            ? deployment.environment === "preview"
              ? `${versionName(live)} stays live. You can close this; the deployment continues.`
              : `${versionName(live)} stays live until this version is ready. You can close this; the deployment continues.`
            : "You can close this; the deployment continues."
          : isFailed && live
            ? `${versionName(live)} is still live.`
            : `${deployment.metadata.container_name} on ${providerTitle(deployment.provider)}`}
      </span>
      {isGoing ? null : (
        <IconButton label={`Delete ${versionName(deployment)}`} onClick={() => setAsks("delete")}>
          <Trash2 size={14} />
        </IconButton>
      )}
      {isFailed ? (
        <>
          {isBlocked ? (
            <Button icon={<ShieldAlert size={14} />} className="narrow:flex-1" onClick={() => setAsks("anyway")}>
              Deploy anyway…
            </Button>
          ) : (
            <Button icon={<RotateCw size={14} />} className="narrow:flex-1" onClick={again}>
              Deploy again
            </Button>
          )}
          <Button
            variant="primary"
            icon={<Bot size={14} />}
            className="narrow:flex-1"
            onClick={() => compose(fixDeploymentMessage(deployment, lines()))}
          >
            Fix with agent
          </Button>
        </>
      ) : null}
      {deployment.status === "success" ? (
        <>
          <Button icon={<ArrowUpFromLine size={14} />} className="narrow:flex-1" onClick={again}>
            Deploy again
          </Button>
          {!deployment.is_live && deployment.can_roll_back ? (
            <Button icon={<Undo2 size={14} />} className="narrow:flex-1" onClick={() => setAsks("rollback")}>
              {makeLiveWords(deployment, live).action}
            </Button>
          ) : null}
          {deployment.can_promote ? (
            <Button variant="primary" icon={<ArrowUp size={14} />} className="narrow:flex-1" onClick={() => setAsks("promote")}>
              Promote to production
            </Button>
          ) : null}
          {url && (deployment.is_live || isPreview(deployment)) ? (
            <Button asChild className="narrow:flex-1">
              <a href={url} target="_blank" rel="noopener noreferrer">
                <ExternalLink size={14} />
                Open
              </a>
            </Button>
          ) : null}
        </>
      ) : null}
      {asks === "rollback" ? (
        <RollbackDialog deployment={deployment} live={live} onClose={() => setAsks(undefined)} onBegun={({ id }) => onShow(id)} />
      ) : null}
      {asks === "promote" ? (
        <PromoteDialog deployment={deployment} live={live} onClose={() => setAsks(undefined)} onBegun={({ id }) => onShow(id)} />
      ) : null}
      {asks === "delete" ? <DeleteDeploymentDialog deployment={deployment} onClose={() => setAsks(undefined)} onGone={onGone} /> : null}
      {asks === "anyway" ? (
        <AnywayDialog deployment={deployment} onClose={() => setAsks(undefined)} onBegun={({ id }) => onShow(id)} />
      ) : null}
    </div>
  );
}
