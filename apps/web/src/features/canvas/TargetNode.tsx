import { Position, type NodeProps } from "@xyflow/react";
import { ArrowUpFromLine, Check, CircleX } from "lucide-react";
import { memo } from "react";
import { cx } from "../../lib/cx.ts";
import { Pill } from "../../ui/Pill.tsx";
import { Thread } from "../../ui/thread/index.ts";
import { AttachContainerButton } from "./AttachContainerButton.tsx";
import { useCanvas } from "./canvas-context.ts";
import type { TargetFlowNode } from "./graph.ts";
import { NodeFoot, NodeFrame, NodePort } from "./NodeFrame.tsx";
import { DeployTargetButton } from "./TargetDetails.tsx";
import { useTargetState } from "./use-target-state.ts";

/** A deployment target: what is live there, and its latest versions. */
export const TargetNode = memo(function TargetNode({ data: { target }, selected }: NodeProps<TargetFlowNode>) {
  const { unstored } = useCanvas();
  const { word, tone, isBusy, line, points } = useTargetState(target);
  return (
    <NodeFrame isSelected={selected} isUnsaved={unstored.has(target.id)}>
      <div className="flex items-center gap-2 pt-2.5 pr-2.5 pl-3 text-sm font-semibold text-fg-0">
        <ArrowUpFromLine size={16} className="flex-none text-fg-1" />
        <span className="min-w-0 flex-1 truncate" title={target.name}>
          {target.name}
        </span>
        <Pill isBare tone={tone} isBusy={isBusy} icon={tone === "ok" ? <Check /> : tone === "err" ? <CircleX /> : undefined}>
          {word}
        </Pill>
      </div>
      <p className={cx("truncate pt-0.5 pr-3 pl-9 text-xs", target.is_connected ? "text-fg-2" : "text-warn")} title={line}>
        {line}
      </p>
      <NodeFoot
        actions={
          <>
            <DeployTargetButton target={target} isIcon />
            <AttachContainerButton target={target} />
          </>
        }
      >
        <span className="min-w-0 flex-1">
          {points.length > 0 ? (
            <Thread orientation="horizontal" points={points} label={points.map(({ label }) => label).join(", ")} className="max-w-24" />
          ) : (
            <span className="text-2xs text-fg-2">No deployments yet</span>
          )}
        </span>
      </NodeFoot>
      <NodePort id="takes" type="target" position={Position.Top} title="Containers" />
    </NodeFrame>
  );
});
