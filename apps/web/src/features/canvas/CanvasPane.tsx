import { useQuery } from "@tanstack/react-query";
import { ReactFlowProvider } from "@xyflow/react";
import type { Preview } from "@tesslate/contract";
import { Suspense, useCallback, useMemo, useRef, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { detailsOf } from "../../lib/errors.ts";
import { readStored, writeStored } from "../../lib/storage.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { useProject, useProjectEvents, useRuntime, useTasks } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { useContainerActions } from "../containers/index.ts";
import { type ShareTarget, ShareDialog } from "../preview/index.ts";
import { CanvasContext, type Canvas, type Subject } from "./canvas-context.ts";
import { servicesQuery } from "./canvas.queries.ts";
import { CanvasBar, type CanvasMode } from "./CanvasBar.tsx";
import { CanvasEmpty, CanvasSkeleton } from "./CanvasStates.tsx";
import { containerSize } from "./graph.ts";
import { GraphList } from "./GraphList.tsx";
import { Inspector } from "./Inspector.tsx";
import { tidy } from "../../lib/graph-layout.ts";
import type { NodePosition } from "./placement.ts";
import { Plane, positionOf } from "./Plane.tsx";
import { useCanvasActions } from "./use-canvas-actions.ts";
import { UsageHistoryProvider, useUsageHistory } from "./use-usage.ts";
import { useGraph } from "./use-graph.ts";
import "../../ui/react-flow.css";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const modeKey = "studio:canvas-mode";
const isMode = (value: unknown): value is CanvasMode => value === "graph" || value === "list";

/** The project's services and how they connect: drawn, or as lists. */
export function CanvasPane() {
  const project = useProject();
  const events = useProjectEvents();
  const actions = useRuntime();
  const { openLogs, show, compose } = useWorkbenchActions();
  const { api } = useServices();
  const catalogue = useQuery(servicesQuery(api)).data;
  const serviceOf = useCallback((slug: string | null | undefined) => catalogue?.find((service) => service.slug === slug), [catalogue]);
  const categoryOf = useCallback((slug: string | null | undefined) => serviceOf(slug)?.category, [serviceOf]);
  const tasks = useTasks();
  const graph = useGraph(project.id, categoryOf);
  const usage = useUsageHistory(project.id);
  const { containers, previews, links, targets, nodes } = graph;

  const [mode, setMode] = useState<CanvasMode>(() => readStored(localStorage, modeKey, isMode) ?? "graph");
  const [subject, setSubject] = useState<{ subject: Subject; takesFocus: boolean }>();
  const [isAdding, setIsAdding] = useState(false);
  const [connectingId, setConnecting] = useState<string>();
  const [liveId, setLive] = useState<string>();
  const [sharing, setSharing] = useState<ShareTarget>();
  const [focusId, setFocusId] = useState<string>();
  const middle = useRef<() => { x: number; y: number }>(undefined);
  const fit = useRef<() => void>(undefined);

  const canvasActions = useCanvasActions({
    projectId: project.id,
    graph,
    middle: () => middle.current?.() ?? { x: 320, y: 240 },
    onAdded: (id, kind) => {
      if (mode === "graph") setFocusId(id);
      else setSubject({ subject: { kind: nodes.find((node) => node.id === id)?.type ?? kind, id }, takesFocus: true });
    },
  });
  const runtime = useContainerActions(project.id);
  const { history, historyState, addContainer, addPreview, connect, showIn, savePath, move, resized, remove } = canvasActions;
  const { addTarget, attach, detach, changeTarget, deployTarget } = canvasActions.targets;

  const inspect = useHandler((next: Subject) => setSubject({ subject: next, takesFocus: true }));
  const close = useHandler(() => {
    const id = subject?.subject.id;
    setSubject(undefined);
    // Return the focus to the node whose details were open.
    if (id && subject?.takesFocus)
      document.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`)?.focus({ preventScroll: true });
  });
  const share = useHandler((preview: Preview) => {
    const container = containers.find(({ id }) => id === preview.connected_container_id);
    if (container) setSharing({ projectId: project.id, name: container.name, preview, containerId: container.id });
  });
  const layout = useHandler(() => {
    const sized = nodes.map(({ id, width, height }) => ({
      id,
      width: width ?? containerSize.width,
      height: height ?? containerSize.height,
    }));
    const places = tidy(
      sized,
      // Targets are placed in rows below: their lines leave downwards.
      graph.edges.filter(({ data }) => data?.kind !== "deploy").map(({ source, target }) => ({ source, target })),
    );
    const before = nodes.map(positionOf);
    const after = before.map((place): NodePosition => ({ ...place, ...places.get(place.id) }));
    if (after.some((place, index) => place.x !== before[index]?.x || place.y !== before[index]?.y))
      move("Tidied canvas", before, after, { when: "now" });
    fit.current?.();
  });
  const changeMode = (next: CanvasMode) => {
    setMode(next);
    writeStored(localStorage, modeKey, next);
  };
  useShortcuts({
    "canvas.add": () => setIsAdding(true),
    "canvas.layout": layout,
    "canvas.undo": () => void history.undo(),
    "canvas.redo": () => void history.redo(),
  });

  const nameOf = useCallback(
    (id: string) => containers.find((container) => container.id === id)?.name ?? "deleted container",
    [containers],
  );
  const openCode = useHandler(() => show("code"));
  const logs = useHandler(openLogs);
  const addPreviewOf = useHandler((containerId: string) => {
    const node = nodes.find(({ id }) => id === containerId);
    void addPreview(containerId, node ? { x: node.position.x - 240, y: node.position.y - 120 } : undefined);
  });
  const canvas = useMemo<Canvas>(
    () => ({
      projectId: project.id,
      containers,
      links,
      targets,
      nameOf,
      serviceOf,
      runtime,
      openLogs: logs,
      openCode,
      inspect,
      connectingId,
      setConnecting,
      connect,
      showIn,
      attach,
      detach,
      changeTarget,
      deployTarget,
      addPreviewOf,
      remove,
      liveId,
      setLive,
      savePath,
      resized,
      share,
      unstored: graph.unstored,
    }),
    [
      project.id,
      containers,
      links,
      targets,
      nameOf,
      serviceOf,
      runtime,
      logs,
      openCode,
      inspect,
      connectingId,
      connect,
      showIn,
      attach,
      detach,
      changeTarget,
      deployTarget,
      addPreviewOf,
      remove,
      liveId,
      savePath,
      resized,
      share,
      graph.unstored,
    ],
  );

  if (graph.error)
    return (
      <ErrorState title="Couldn't load the canvas" onRetry={graph.retry} isRetrying={graph.isRetrying} details={detailsOf(graph.error)}>
        <ErrorSentence of={graph.error} />
      </ErrorState>
    );
  if (graph.isLoading) return <CanvasSkeleton />;
  const isEmpty = nodes.length === 0;
  return (
    <CanvasContext value={canvas}>
      <UsageHistoryProvider value={usage}>
        <ReactFlowProvider>
          <div className="relative flex min-h-0 flex-1">
            <div className="relative flex min-h-0 min-w-0 flex-1 flex-col">
              <CanvasBar
                project={project}
                containers={containers}
                stream={events.state}
                actions={actions}
                mode={mode}
                onMode={changeMode}
                isAdding={isAdding}
                onAdding={setIsAdding}
                onAdd={addContainer}
                onAddPreview={() => void addPreview(containers.find(({ container_type: type }) => type === "base")?.id ?? null)}
                onAddTarget={addTarget}
                onLayout={layout}
                canLayout={nodes.length > 1}
                history={history}
                historyState={historyState}
                onRestartStale={canvasActions.restartStale}
                isRestarting={canvasActions.isRestarting}
                unstoredCount={graph.unstored.size}
                onRetryPlaces={graph.retryPlaces}
              />
              {mode === "graph" ? (
                <Plane
                  graph={graph}
                  middleRef={middle}
                  fitRef={fit}
                  focusId={focusId}
                  onFocused={() => setFocusId(undefined)}
                  inspectedId={subject?.subject.id}
                  onMoved={(before, after, group) => move(`Moved ${counted(after.length, "node")}`, before, after, group ? { group } : {})}
                  onInspectNothing={() => setSubject(undefined)}
                />
              ) : (
                <GraphList containers={containers} previews={previews} links={links} targets={targets} />
              )}
              {isEmpty ? (
                <CanvasEmpty
                  onAdd={() => setIsAdding(true)}
                  onAsk={() => compose("Set up the services this app needs: a database if it stores anything, and connect it.")}
                />
              ) : null}
            </div>
            {subject ? (
              <Inspector
                subject={subject.subject}
                containers={containers}
                previews={previews}
                links={links}
                targets={targets}
                tasks={tasks}
                takesFocus={subject.takesFocus}
                onClose={close}
              />
            ) : null}
          </div>
        </ReactFlowProvider>
      </UsageHistoryProvider>
      {sharing ? (
        <Suspense fallback={null}>
          <ShareDialog target={sharing} onClose={() => setSharing(undefined)} />
        </Suspense>
      ) : null}
      <ConfirmDialog
        isOpen={canvasActions.asked.length > 0}
        onOpenChange={(isOpen) => {
          if (!isOpen) canvasActions.dismiss();
        }}
        title={
          canvasActions.asked.length === 1 ? `Delete ${canvasActions.asked[0]?.name}?` : `Delete ${canvasActions.asked.length} containers?`
        }
        confirmLabel={canvasActions.asked.length === 1 ? "Delete container" : "Delete containers"}
        loadingWord="Deleting…"
        isDanger
        onConfirm={canvasActions.confirmed}
      >
        {canvasActions.asked.length === 1
          ? "This deletes the container, its variables, credentials and connections. Files aren't affected. This can't be undone."
          : "This deletes the containers, their variables, credentials and connections. Files aren't affected. This can't be undone."}
      </ConfirmDialog>
    </CanvasContext>
  );
}
