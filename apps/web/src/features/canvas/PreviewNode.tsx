import { NodeResizer, Position, type NodeProps } from "@xyflow/react";
import { AppWindow, Pause, Play, RotateCw, Share2 } from "lucide-react";
import { memo, useState } from "react";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { canStart } from "../containers/index.ts";
import { useCanvas } from "./canvas-context.ts";
import { previewSize, type PreviewFlowNode } from "./graph.ts";
import { LiveFrame } from "./LiveFrame.tsx";
import { statusWord } from "./node-looks.tsx";
import { NodeFrame, NodePort } from "./NodeFrame.tsx";
import { ShowButton } from "./ShowButton.tsx";

/** A preview: a placeholder until it is run, then the live page. At most one is live. */
export const PreviewNode = memo(function PreviewNode({
  data: { preview, container },
  selected,
  width,
  height,
  positionAbsoluteX,
  positionAbsoluteY,
}: NodeProps<PreviewFlowNode>) {
  const { liveId, setLive, share, resized, unstored } = useCanvas();
  const [before, setBefore] = useState({ x: 0, y: 0, width: 0, height: 0 });
  const isServed = container?.status === "running" || container?.status === "frozen";
  const isLive = liveId === preview.id && isServed;
  return (
    <NodeFrame data-live={isLive || undefined} isSelected={selected} isUnsaved={unstored.has(preview.id)} className="flex flex-col">
      <NodeResizer
        isVisible={selected}
        minWidth={previewSize.minWidth}
        minHeight={previewSize.minHeight}
        maxWidth={previewSize.maxWidth}
        maxHeight={previewSize.maxHeight}
        handleClassName="size-2.25 rounded-[2px] border-[1.5px] border-fg-0 bg-bg-1"
        lineClassName="border-transparent"
        onResizeStart={() =>
          setBefore({ x: positionAbsoluteX, y: positionAbsoluteY, width: width ?? previewSize.width, height: height ?? previewSize.height })
        }
        onResizeEnd={(_, after) =>
          resized(preview.id, before, {
            x: Math.round(after.x),
            y: Math.round(after.y),
            width: Math.round(after.width),
            height: Math.round(after.height),
          })
        }
      />
      <div className="drag-area flex h-7.5 flex-none items-center gap-1.5 border-b border-line-0 pr-1 pl-2.5">
        <AppWindow size={14} className="flex-none text-fg-2" />
        <span className="min-w-0 flex-1 truncate font-mono text-xs text-fg-2" title={`${container?.name ?? ""}${preview.current_path}`}>
          {preview.current_path}
        </span>
        <span className="nodrag flex">
          {isLive ? (
            <IconButton size="sm" label="Stop preview" onClick={() => setLive(undefined)}>
              <Pause size={14} />
            </IconButton>
          ) : null}
          {container ? (
            <IconButton size="sm" label={`Share ${container.name}`} onClick={() => share(preview)}>
              <Share2 size={14} />
            </IconButton>
          ) : null}
          <ShowButton preview={preview} />
        </span>
      </div>
      <div className="relative min-h-0 flex-1 overflow-hidden rounded-b-[7px] bg-bg-2">
        {isLive && container ? (
          <LiveFrame
            preview={preview}
            container={container}
            width={width ?? previewSize.width}
            height={(height ?? previewSize.height) - 32}
          />
        ) : (
          <Poster preview={preview} container={container} onRun={() => setLive(preview.id)} />
        )}
      </div>
      <NodePort id="needs" type="target" position={Position.Right} title="Shows" />
    </NodeFrame>
  );
});

/** Shown while no page runs: an outline of one, and the button that runs it. */
function Poster({
  preview,
  container,
  onRun,
}: {
  preview: PreviewFlowNode["data"]["preview"];
  container: PreviewFlowNode["data"]["container"];
  onRun: () => void;
}) {
  const { runtime, setConnecting } = useCanvas();
  const isServed = container?.status === "running" || container?.status === "frozen";
  return (
    <div className="relative grid h-full place-items-center overflow-hidden">
      <div
        aria-hidden="true"
        className="absolute inset-x-4 inset-y-3.5 grid grid-rows-[10px_1fr_1fr] gap-2.5 opacity-70 *:rounded-1 *:bg-bg-3"
      >
        <span />
        <span />
        <span />
      </div>
      <div className="nodrag relative grid justify-items-center gap-1.5 rounded-3 bg-bg-2 px-3 py-2 text-center">
        {container === undefined ? (
          <>
            <p className="text-xs text-fg-2">No app selected</p>
            <Button size="sm" onClick={() => setConnecting(preview.id)}>
              Select app
            </Button>
          </>
        ) : isServed ? (
          <Button size="sm" icon={<Play size={14} />} aria-label={`Run the preview of ${container.name}`} onClick={onRun}>
            Run
          </Button>
        ) : (
          <>
            <p className="text-xs text-fg-2">
              {container.name}: {statusWord(container)}
            </p>
            {canStart(container) ? (
              <Button
                size="sm"
                icon={container.status === "failed" ? <RotateCw size={14} /> : <Play size={14} />}
                disabled={runtime.isActing(container.id)}
                aria-label={container.status === "failed" ? `Restart ${container.name}` : `Start ${container.name}`}
                onClick={() => runtime.start(container.id)}
              >
                {container.status === "failed" ? "Restart" : "Start"}
              </Button>
            ) : null}
          </>
        )}
      </div>
    </div>
  );
}
