import { Position, type NodeProps } from "@xyflow/react";
import { AppWindow, Play, RotateCw, ScrollText, Square } from "lucide-react";
import { memo } from "react";
import { cx } from "../../lib/cx.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { ContainerDot, containerLook, canStart, canStop } from "../containers/index.ts";
import { useCanvas } from "./canvas-context.ts";
import { NodeUsage } from "./ContainerUsage.tsx";
import { ConnectButton } from "./ConnectButton.tsx";
import type { ContainerFlowNode } from "./graph.ts";
import { containerIcon, crashCause, lacksCredentials, containerSummary, portText, statusWord } from "./node-looks.tsx";
import { NodeFoot, NodeFrame, NodePort } from "./NodeFrame.tsx";

/** A container with its kind, status and most important actions. The inspector has the rest. */
export const ContainerNode = memo(function ContainerNode({ data: { container }, selected }: NodeProps<ContainerFlowNode>) {
  const { runtime, openLogs, addPreviewOf, unstored, serviceOf } = useCanvas();
  const { id, name } = container;
  const look = containerLook(container);
  const service = serviceOf(container.service_slug);
  const line = containerSummary(container, service);
  const isExternal = container.deployment_mode === "external";
  const isFailed = container.status === "failed";
  const pill = (
    <Pill
      isBare
      tone={look.tone}
      isBusy={look.isBusy}
      icon={<ContainerDot status={container.status} needs_restart={container.needs_restart} />}
    >
      {statusWord(container)}
    </Pill>
  );
  // "Crashed (exit 137)" replaces the line below, and must not take space from the name.
  const hasLongWord = isFailed && crashCause(container.status_message) !== "";
  return (
    <NodeFrame
      data-status={container.status}
      isSelected={selected}
      isUnsaved={unstored.has(id)}
      isFailed={isFailed}
      isExternal={isExternal}
    >
      <div className="flex items-center gap-2 pt-2.5 pr-2.5 pl-3 text-sm font-semibold text-fg-0">
        <span className="flex-none text-fg-1">{containerIcon(container, service)}</span>
        <span className="min-w-0 flex-1 truncate" title={name}>
          {name}
        </span>
        {hasLongWord ? null : pill}
      </div>
      {hasLongWord ? (
        <p className="flex h-4.5 items-center pl-9" title={line}>
          {pill}
        </p>
      ) : (
        <p
          className={cx(
            "truncate pt-0.5 pr-3 pl-9 text-xs",
            isFailed ? "text-err" : lacksCredentials(container, service) ? "text-warn" : "text-fg-2",
          )}
          title={line}
        >
          {line}
        </p>
      )}
      <NodeFoot
        actions={
          <>
            {isFailed ? (
              <IconButton size="sm" label={`Logs of ${name}`} onClick={() => openLogs(id)}>
                <ScrollText size={14} />
              </IconButton>
            ) : null}
            {container.container_type === "base" ? (
              <IconButton size="sm" label={`Add preview of ${name}`} onClick={() => addPreviewOf(id)}>
                <AppWindow size={14} />
              </IconButton>
            ) : null}
            {canStop(container) && container.needs_restart ? (
              <IconButton size="sm" label={`Restart ${name}`} disabled={runtime.isActing(id)} onClick={() => runtime.restart(id)}>
                <RotateCw size={14} />
              </IconButton>
            ) : canStop(container) ? (
              <IconButton size="sm" label={`Stop ${name}`} disabled={runtime.isActing(id)} onClick={() => runtime.stop(id)}>
                <Square size={14} />
              </IconButton>
            ) : canStart(container) ? (
              <IconButton
                size="sm"
                label={isFailed ? `Restart ${name}` : `Start ${name}`}
                disabled={runtime.isActing(id)}
                onClick={() => runtime.start(id)}
              >
                {isFailed ? <RotateCw size={14} /> : <Play size={14} />}
              </IconButton>
            ) : null}
            <ConnectButton container={container} />
          </>
        }
      >
        <span className="min-w-0 truncate font-mono text-2xs text-fg-2">{portText(container)}</span>
        <span className="flex min-w-0 flex-1 pl-1">
          <NodeUsage containerId={id} />
        </span>
      </NodeFoot>
      <NodePort id="gives" type="source" position={Position.Left} title="Provides" />
      {container.container_type === "base" ? (
        <NodePort id="goes" type="source" position={Position.Bottom} title="Deploys to" isQuiet />
      ) : null}
      {isExternal ? null : <NodePort id="needs" type="target" position={Position.Right} title="Uses" />}
    </NodeFrame>
  );
});
