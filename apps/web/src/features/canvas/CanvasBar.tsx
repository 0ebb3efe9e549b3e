import { List, Play, Redo2, RotateCw, Square, Undo2, Workflow } from "lucide-react";
import type { Container, DeployProvider, Project } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import type { StreamState } from "../../lib/project-stream.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { ariaKeys } from "../../lib/use-shortcuts.ts";
import type { RuntimeActions } from "../../project/use-runtime-actions.ts";
import type { ShortcutId } from "../../shortcuts.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { ShortcutKeys } from "../../ui/ShortcutKeys.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { canStart, canStop } from "../containers/index.ts";
import { AddPanel } from "./AddPanel.tsx";
import type { History, HistoryState } from "./history.ts";
import type { NewContainer } from "./use-canvas-actions.ts";

export type CanvasMode = "graph" | "list";
const keys = (id: ShortcutId) => <ShortcutKeys id={id} />;

export interface CanvasBarProps {
  project: Project;
  containers: readonly Container[];
  stream: StreamState;
  actions: RuntimeActions;
  mode: CanvasMode;
  onMode: (mode: CanvasMode) => void;
  isAdding: boolean;
  onAdding: (isOpen: boolean) => void;
  onAdd: (wanted: NewContainer) => Promise<string | undefined>;
  onAddPreview: () => void;
  onAddTarget: (provider: DeployProvider) => Promise<string | undefined>;
  onLayout: () => void;
  canLayout: boolean;
  history: History;
  historyState: HistoryState;
  onRestartStale: (containers: readonly Container[]) => void;
  isRestarting: boolean;
  unstoredCount: number;
  onRetryPlaces: () => void;
}

/** The toolbar of the canvas. */
export function CanvasBar(props: CanvasBarProps) {
  const isNarrow = useIsNarrow();
  const { containers, actions, mode, history, historyState } = props;
  const stale = containers.filter((container) => container.needs_restart && canStop(container));
  const isAnyUp = containers.some(canStop);
  const isAnyDown = containers.some(canStart);
  return (
    <div
      className={cx(
        "flex flex-wrap gap-1.5",
        mode === "graph" ? "pointer-events-none absolute inset-x-3 top-3 z-6 *:pointer-events-auto" : "flex-none px-3 pt-3",
      )}
    >
      <div role="toolbar" aria-label="Canvas" className="flex flex-wrap gap-1.5">
        <AddPanel
          isOpen={props.isAdding}
          onOpenChange={props.onAdding}
          onAdd={props.onAdd}
          onAddPreview={props.onAddPreview}
          onAddTarget={props.onAddTarget}
        />
        {mode === "graph" ? (
          <Button
            size="sm"
            icon={<Workflow size={14} />}
            keys={keys("canvas.layout")}
            aria-keyshortcuts={ariaKeys("canvas.layout")}
            disabled={!props.canLayout}
            onClick={props.onLayout}
          >
            <span className="narrow:sr-only">Tidy</span>
          </Button>
        ) : null}
        <span className="inline-flex rounded-2 border border-line-0 bg-bg-1">
          <IconButton
            size="sm"
            label={historyState.undo ? `Undo: ${historyState.undo}` : "Nothing to undo"}
            keys={keys("canvas.undo")}
            aria-keyshortcuts={ariaKeys("canvas.undo")}
            disabled={!historyState.undo || historyState.isBusy}
            onClick={() => void history.undo()}
          >
            <Undo2 size={14} />
          </IconButton>
          <IconButton
            size="sm"
            label={historyState.redo ? `Redo: ${historyState.redo}` : "Nothing to redo"}
            keys={keys("canvas.redo")}
            aria-keyshortcuts={ariaKeys("canvas.redo")}
            disabled={!historyState.redo || historyState.isBusy}
            onClick={() => void history.redo()}
          >
            <Redo2 size={14} />
          </IconButton>
        </span>
        {stale.length > 0 ? (
          <Button
            size="sm"
            icon={<RotateCw size={14} />}
            title={stale.map(({ name }) => name).join(", ")}
            isLoading={props.isRestarting}
            loadingWord="Restarting…"
            onClick={() => props.onRestartStale(stale)}
          >
            <span className="narrow:sr-only">Restart {counted(stale.length, "container")}</span>
            <span aria-hidden="true" className="num hidden narrow:inline">
              {stale.length}
            </span>
          </Button>
        ) : null}
        {isAnyDown ? (
          <Button
            size="sm"
            icon={<Play size={14} />}
            isLoading={actions.isStarting}
            loadingWord="Starting…"
            onClick={() => void actions.start()}
          >
            <span className="narrow:sr-only">Start all</span>
          </Button>
        ) : null}
        {isAnyUp ? (
          <Button size="sm" icon={<Square size={14} />} isLoading={actions.isStopping} loadingWord="Stopping…" onClick={actions.stop}>
            <span className="narrow:sr-only">Stop all</span>
          </Button>
        ) : null}
      </div>
      <span className="flex-1" />
      {props.stream === "reconnecting" ? (
        <Pill tone="info" isBusy className="self-center">
          Reconnecting
        </Pill>
      ) : null}
      {props.unstoredCount > 0 ? (
        <Button size="sm" icon={<RotateCw size={14} />} onClick={props.onRetryPlaces}>
          Retry saving {counted(props.unstoredCount, "position")}
        </Button>
      ) : null}
      <SegmentedControl
        label="Canvas view"
        value={mode}
        onChange={props.onMode}
        segments={[
          { value: "graph", label: "Graph", icon: <Workflow size={14} />, isLabelShown: !isNarrow },
          { value: "list", label: "List", icon: <List size={14} />, isLabelShown: !isNarrow },
        ]}
      />
    </div>
  );
}
