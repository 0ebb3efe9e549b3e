import { useMutation, useQuery } from "@tanstack/react-query";
import { ArrowUpFromLine, Spline, Trash2, Unlink } from "lucide-react";
import type { DeploymentTarget } from "@tesslate/contract";
import { useState } from "react";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import {
  ConnectProvider,
  targetHistoryQuery,
  useDeploys,
  isUnderWay,
  deployProviderNames,
  seriesOf,
  VersionList,
} from "../deployments/index.ts";
import { useCanvas } from "./canvas-context.ts";
import { DetailField, DetailSection } from "./Facts.tsx";
import { InlineEdit } from "./InlineEdit.tsx";
import { useTargetState } from "./use-target-state.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

/** Deploys all containers of a target. Shows which ones failed to start; the others are deployed. */
export function DeployTargetButton({ target, isIcon = false }: { target: DeploymentTarget; isIcon?: boolean }) {
  const { deployTarget } = useCanvas();
  const { openDeployment } = useDeploys();
  const { deployments } = useTargetState(target);
  const deploy = useMutation({
    mutationFn: () => deployTarget(target.id),
    onSuccess: (results) => {
      const begun = results.filter(({ status }) => status === "pending");
      for (const { container_name: name, error } of results.filter(({ status }) => status === "failed"))
        toast(error ? `Couldn't deploy ${name}. ${error}` : `Couldn't deploy ${name}.`, { kind: "failed" });
      if (begun.length === 1 && begun[0]?.deployment_id) openDeployment(begun[0].deployment_id);
    },
    onError: (error) => toastError(error),
  });
  const isReady = target.is_connected && target.container_ids.length > 0 && !deployments.some(isUnderWay) && !deploy.isPending;
  return isIcon ? (
    <IconButton size="sm" label={`Deploy to ${target.name}`} disabled={!isReady} onClick={() => deploy.mutate()}>
      <ArrowUpFromLine size={14} />
    </IconButton>
  ) : (
    <Button
      size="sm"
      icon={<ArrowUpFromLine size={14} />}
      disabled={!isReady}
      isLoading={deploy.isPending}
      loadingWord="Deploying…"
      onClick={() => deploy.mutate()}
    >
      Deploy
    </Button>
  );
}

/** Details of a target: account, environment, attached containers, deployments. */
export function TargetDetails({ target }: { target: DeploymentTarget }) {
  const { api } = useServices();
  const { nameOf, detach, changeTarget, remove, setConnecting, projectId } = useCanvas();
  const { openDeployment, list } = useDeploys();
  const [isReplacing, setIsReplacing] = useState(false);
  const history = useQuery(targetHistoryQuery(api, projectId, target.id));
  // The live list is newer than the history.
  const went = history.data?.map((deployment) => list?.find(({ id }) => id === deployment.id) ?? deployment);
  return (
    <div className="scroll-y min-h-0 flex-1">
      <div className="flex flex-wrap items-center gap-1.5 px-4 pt-1">
        <DeployTargetButton target={target} />
        <Button size="sm" variant="ghost" icon={<Spline size={14} />} onClick={() => setConnecting(target.id)}>
          Attach container
        </Button>
      </div>
      <dl className="px-4 py-3">
        <DetailField label="Name">
          <InlineEdit label="name" value={target.name} onSave={(name) => changeTarget(target.id, { name })} />
        </DetailField>
        <DetailField label="Provider">{deployProviderNames[target.provider]}</DetailField>
        <DetailField label="Environment">
          <SegmentedControl
            label="Environment"
            value={target.environment}
            onChange={(environment) =>
              void changeTarget(target.id, { environment }).then((reason) => reason && toast(reason, { kind: "failed" }))
            }
            segments={[
              { value: "production", label: "Production" },
              { value: "preview", label: "Preview" },
            ]}
          />
        </DetailField>
      </dl>
      {target.provider === "local" ? null : (
        <div className="border-t border-line-0 px-4 py-3">
          {target.is_connected && !isReplacing ? (
            <Button size="sm" variant="ghost" className="-ml-2" onClick={() => setIsReplacing(true)}>
              Use another account
            </Button>
          ) : (
            <ConnectProvider
              provider={target.provider}
              projectId={projectId}
              onConnected={() => setIsReplacing(false)}
              {...(target.is_connected && { onCancel: () => setIsReplacing(false) })}
            />
          )}
        </div>
      )}
      <DetailSection title="Containers">
        {target.container_ids.length === 0 ? (
          <p className="text-xs text-fg-2">No containers yet. Attach a container, or draw a line from it to this target.</p>
        ) : (
          <ul className="text-xs">
            {target.container_ids.map((id) => (
              <li key={id} className="flex min-h-7 items-center gap-2">
                <span className="min-w-0 flex-1 truncate text-fg-0">{nameOf(id)}</span>
                <IconButton size="sm" label={`Detach ${nameOf(id)} from ${target.name}`} onClick={() => void detach(target.id, id)}>
                  <Unlink size={14} />
                </IconButton>
              </li>
            ))}
          </ul>
        )}
      </DetailSection>
      <DetailSection title="History">
        {history.error ? (
          <p role="alert" className="flex items-center gap-2 text-xs text-err">
            <ErrorSentence of={history.error} />
            <Button size="sm" isLoading={history.isFetching} loadingWord="Retrying…" onClick={() => void history.refetch()}>
              Retry
            </Button>
          </p>
        ) : !went ? (
          <Skeleton className="h-16" />
        ) : went.length === 0 ? (
          <p className="text-xs text-fg-2">No deployments yet</p>
        ) : (
          <div className="-ml-2">
            {seriesOf(went).map((series) => (
              <VersionList key={series.key} series={series} chosenId={undefined} onChoose={openDeployment} />
            ))}
          </div>
        )}
      </DetailSection>
      <div className="border-t border-line-0 px-4 py-3">
        <Button size="sm" variant="danger" icon={<Trash2 size={14} />} onClick={() => remove([{ kind: "target", id: target.id }])}>
          Delete target
        </Button>
      </div>
    </div>
  );
}
