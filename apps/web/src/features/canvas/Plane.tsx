import {
  Background,
  BackgroundVariant,
  MarkerType,
  MiniMap,
  ReactFlow,
  SelectionMode,
  useNodesInitialized,
  useReactFlow,
  useStore,
  type Connection,
  type Edge,
  type Viewport,
} from "@xyflow/react";
import { useEffect, useMemo, useRef, useState, type FocusEvent, type KeyboardEvent, type RefObject } from "react";
import { readStored, writeStored } from "../../lib/storage.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { deployProviderNames } from "../deployments/index.ts";
import { useCanvas, type Subject } from "./canvas-context.ts";
import { planeClass } from "./CanvasStates.tsx";
import { ContainerNode } from "./ContainerNode.tsx";
import { containerSize, fansOf, goingOf, type CanvasEdge, type CanvasNode } from "./graph.ts";
import { Legend, Line } from "./Line.tsx";
import { attachRefusal, connectionRefusal } from "./links.ts";
import { statusWord } from "./node-looks.tsx";
import type { NodePosition } from "./placement.ts";
import { ConnectionHint, noteClass, Zoom } from "./PlaneTools.tsx";
import { PreviewNode } from "./PreviewNode.tsx";
import { neighbour, type Direction } from "./spots.ts";
import { TargetNode } from "./TargetNode.tsx";
import type { Graph } from "./use-graph.ts";

const nodeTypes = { container: ContainerNode, preview: PreviewNode, target: TargetNode };
const edgeTypes = { line: Line };
/** Of the element around a node, which has the focus. */
const nodeClass = "group/node rounded-3 focus-visible:outline-2 focus-visible:outline-offset-3 focus-visible:outline-focus";
const nudgePx = 8;
const manyNodes = 150;
const viewportKey = (projectId: string) => `studio:canvas:${projectId}`;
const isViewport = (value: unknown): value is Viewport =>
  value !== null &&
  typeof value === "object" &&
  ["x", "y", "zoom"].every((key) => Number.isFinite((value as Record<string, unknown>)[key]));
/** Leaves room for the toolbar at the top, and for zoom and legend at the bottom. */
const fit = { padding: { top: "72px", bottom: "60px", x: "28px" }, maxZoom: 1, duration: 0 } as const;

const subjectOf = (node: CanvasNode): Subject => ({ kind: node.type, id: node.id });
export const positionOf = (node: CanvasNode): NodePosition => ({
  id: node.id,
  kind: node.type,
  x: Math.round(node.position.x),
  y: Math.round(node.position.y),
});
const boxOf = (node: CanvasNode) => ({
  id: node.id,
  ...node.position,
  width: node.width ?? node.measured?.width ?? containerSize.width,
  height: node.height ?? node.measured?.height ?? containerSize.height,
});

/** Accessible name of a node. */
const spoken = (node: CanvasNode): string =>
  node.type === "container"
    ? `${node.data.container.name}, ${statusWord(node.data.container)}`
    : node.type === "target"
      ? `${node.data.target.name}, target at ${deployProviderNames[node.data.target.provider]}`
      : node.data.container
        ? `Preview of ${node.data.container.name}`
        : "Empty preview";

export interface PlaneProps {
  graph: Graph;
  /** Set to a function that returns the center of the visible area. */
  middleRef: RefObject<(() => { x: number; y: number }) | undefined>;
  /** Set to a function that shows all nodes, once they are where they were just moved to. */
  fitRef: RefObject<(() => void) | undefined>;
  /** The node to scroll to and focus. */
  focusId: string | undefined;
  onFocused: () => void;
  /** The node whose details are open: they must not cover it. */
  inspectedId: string | undefined;
  onMoved: (before: readonly NodePosition[], after: readonly NodePosition[], group?: string) => void;
  onInspectNothing: () => void;
}

/** The graph: moved, connected and read with mouse, touch and keyboard. */
export function Plane({ graph, middleRef, fitRef, focusId, onFocused, inspectedId, onMoved, onInspectNothing }: PlaneProps) {
  const canvas = useCanvas();
  const { projectId, links, containers, nameOf, serviceOf, inspect, connect, showIn, attach, detach, remove, setConnecting } = canvas;
  const flow = useReactFlow<CanvasNode, CanvasEdge>();
  const plane = useRef<HTMLDivElement>(null);
  const isNarrow = useIsNarrow();
  const { nodes, edges, targets } = graph;
  const hasOffscreenNodes = useStore(({ nodeLookup, transform: [x, y, zoom], width, height }) =>
    [...nodeLookup.values()].some(
      ({ internals: { positionAbsolute: at }, measured }) =>
        at.x * zoom + x < 0 ||
        at.y * zoom + y < 0 ||
        (at.x + (measured.width ?? 0)) * zoom + x > width ||
        (at.y + (measured.height ?? 0)) * zoom + y > height,
    ),
  );
  const flowId = useStore(({ rfId }) => rfId);
  // On narrow screens the canvas may be ready before it is visible.
  const hasSize = useStore((state) => state.width > 0 && state.height > 0);
  const isReady = useNodesInitialized() && hasSize;
  const [stored] = useState(() => readStored(localStorage, viewportKey(projectId), isViewport));

  const nodeOf = (id: string | null | undefined) => nodes.find((node) => node.id === id);
  const elementOf = (id: string) => plane.current?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`);
  const focusedNode = (): CanvasNode | undefined => {
    const id = document.activeElement?.closest<HTMLElement>(".react-flow__node")?.dataset["id"];
    return nodeOf(id) ?? nodes.find(({ selected }) => selected);
  };

  useEffect(() => {
    middleRef.current = () => {
      const box = plane.current?.getBoundingClientRect();
      return box ? flow.screenToFlowPosition({ x: box.left + box.width / 2, y: box.top + box.height / 2 }) : { x: 0, y: 0 };
    };
    fitRef.current = () => requestAnimationFrame(() => requestAnimationFrame(() => void flow.fitView(fit)));
    return () => {
      middleRef.current = undefined;
      fitRef.current = undefined;
    };
  }, [flow, middleRef, fitRef]);

  const isInView = (node: CanvasNode): boolean => {
    const box = plane.current?.getBoundingClientRect();
    if (!box) return true;
    const { x, y, width, height } = boxOf(node);
    const topLeft = flow.flowToScreenPosition({ x, y });
    const bottomRight = flow.flowToScreenPosition({ x: x + width, y: y + height });
    return topLeft.x >= box.left && topLeft.y >= box.top && bottomRight.x <= box.right && bottomRight.y <= box.bottom;
  };
  // Until a person has moved the view, everything is shown; after that, unless nothing of it is where they left the view.
  const hasOpened = useRef(false);
  const fitAtFirst = useHandler(() => {
    const isLost = !hasOpened.current && !nodes.some(isInView);
    hasOpened.current = true;
    if (stored === undefined || isLost) void flow.fitView(fit);
  });
  useEffect(() => {
    if (isReady) fitAtFirst();
  }, [isReady, fitAtFirst]);

  /** Scrolls to a node that is not fully visible, without changing the zoom. */
  const bringIntoView = (node: CanvasNode) => {
    const { x, y, width, height } = boxOf(node);
    if (!isInView(node)) void flow.setCenter(x + width / 2, y + height / 2, { zoom: flow.getZoom(), duration: 0 });
  };
  const wanted = focusId === undefined ? undefined : nodeOf(focusId);
  const isWantedThere = wanted !== undefined;
  const takeFocus = useHandler(() => {
    if (!wanted) return;
    bringIntoView(wanted);
    graph.change(nodes.map(({ id }) => ({ type: "select", id, selected: id === wanted.id })));
    // The element exists after the next paint.
    requestAnimationFrame(() => {
      elementOf(wanted.id)?.focus({ preventScroll: true });
      onFocused();
    });
  });
  useEffect(() => {
    if (isWantedThere) takeFocus();
  }, [isWantedThere, focusId, takeFocus]);

  const showInspected = useHandler(() => {
    const edge = edges.find(({ id }) => id === inspectedId);
    const shown = edge ? [nodeOf(edge.source), nodeOf(edge.target)] : [nodeOf(inspectedId)];
    const hidden = shown.filter((node) => node !== undefined && !isInView(node));
    if (hidden.length === 0) return;
    if (edge) void flow.fitView({ ...fit, nodes: [{ id: edge.source }, { id: edge.target }] });
    else for (const node of hidden) if (node) bringIntoView(node);
  });
  useEffect(() => {
    if (inspectedId === undefined) return undefined;
    // The details have their width by then.
    const frame = requestAnimationFrame(showInspected);
    return () => cancelAnimationFrame(frame);
  }, [inspectedId, showInspected]);

  const lift = useRef<readonly NodePosition[]>([]);
  const onLift = (_: unknown, __: unknown, dragged: CanvasNode[]) => {
    lift.current = dragged.map(positionOf);
  };
  const onDrop = (_: unknown, __: unknown, dragged: CanvasNode[]) => {
    const after = dragged.map(positionOf);
    const before = lift.current;
    const hasMoved = after.some((place) => {
      const was = before.find(({ id }) => id === place.id);
      return was && (was.x !== place.x || was.y !== place.y);
    });
    if (hasMoved) onMoved(before, after);
  };
  const nudge = (event: globalThis.KeyboardEvent) => {
    const focused = focusedNode();
    if (!focused) return;
    const moved = focused.selected ? nodes.filter(({ selected }) => selected) : [focused];
    const dx = event.key === "ArrowLeft" ? -nudgePx : event.key === "ArrowRight" ? nudgePx : 0;
    const dy = event.key === "ArrowUp" ? -nudgePx : event.key === "ArrowDown" ? nudgePx : 0;
    const before = moved.map(positionOf);
    onMoved(
      before,
      before.map((place) => ({ ...place, x: place.x + dx, y: place.y + dy })),
      `nudge:${before.map(({ id }) => id).join()}`,
    );
  };

  // A line drawn to a preview selects its app, one to a target attaches, all others connect.
  const refusal = (connection: Connection | Edge): string | undefined => {
    const source = containers.find(({ id }) => id === connection.source);
    const target = nodeOf(connection.target);
    if (!source || !target) return "Connections must start at a container.";
    if (target.type === "container")
      return connectionRefusal(source, target.data.container, links, nameOf, serviceOf(target.data.container.service_slug)?.category);
    if (target.type === "target") return attachRefusal(source, target.data.target);
    if (source.container_type !== "base") return `${source.name} is a service. Previews show apps only.`;
    return target.data.preview.connected_container_id === source.id ? `This preview already shows ${source.name}.` : undefined;
  };
  const onConnect = ({ source, target }: Connection) => {
    const type = nodeOf(target)?.type;
    if (type === "preview") void showIn(target, source);
    else if (type === "target") void attach(target, source).then((reason) => reason && setNote(reason));
    else void connect(source, target).then((reason) => reason && setNote(reason));
  };
  const [note, setNote] = useState<string>();
  useEffect(() => {
    if (note === undefined) return undefined;
    const timer = setTimeout(() => setNote(undefined), 6000);
    return () => clearTimeout(timer);
  }, [note]);

  const onKeyDown = (event: KeyboardEvent) => {
    const node = (event.target as Element).matches(".react-flow__node") ? focusedNode() : undefined;
    if (!node || event.altKey || event.ctrlKey || event.metaKey) return;
    const direction = ({ ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" } as Record<string, Direction>)[
      event.key
    ];
    if (direction) {
      event.preventDefault();
      const next = neighbour(nodes.map(boxOf), boxOf(node), direction);
      const target = next && nodeOf(next.id);
      if (!target) return;
      elementOf(target.id)?.focus({ preventScroll: true });
      if (event.shiftKey) graph.change([{ type: "select", id: target.id, selected: true }]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      graph.change(nodes.map(({ id }) => ({ type: "select", id, selected: id === node.id })));
      inspect(subjectOf(node));
    } else if (event.key === " ") {
      event.preventDefault();
      graph.change([{ type: "select", id: node.id, selected: !node.selected }]);
    } else if (event.key === "Escape" && nodes.some(({ selected }) => selected)) {
      event.preventDefault();
      graph.change(nodes.map(({ id }) => ({ type: "select", id, selected: false })));
      onInspectNothing();
    }
  };
  const onFocus = (event: FocusEvent) => {
    const node = event.target.matches(".react-flow__node:focus-visible") ? focusedNode() : undefined;
    if (node) bringIntoView(node);
  };
  useShortcuts(
    {
      "canvas.delete": () => {
        const edgeId = document.activeElement?.closest<HTMLElement>(".react-flow__edge")?.dataset["id"];
        const going = edgeId === undefined ? undefined : goingOf(edgeId);
        if (going) return void detach(going.targetId, going.containerId);
        if (edgeId) return remove([{ kind: "link", id: edgeId }]);
        const node = focusedNode();
        if (!node) return;
        const gone = node.selected ? nodes.filter(({ selected }) => selected) : [node];
        // Move the focus to a node that stays, so that it is not lost.
        const next = nodes.find(({ id }) => !gone.some((item) => item.id === id));
        (next ? elementOf(next.id) : plane.current)?.focus({ preventScroll: true });
        remove(gone.map(subjectOf));
      },
      "canvas.nudge": nudge,
    },
    plane,
  );
  const fitAll = () => void flow.fitView(fit);
  useShortcuts({
    // Not only while the canvas has the focus: a click moves it to the details of the node.
    "canvas.connect": () => {
      const node = focusedNode();
      if (node) setConnecting(node.id);
    },
    "canvas.fit": fitAll,
    "canvas.zoomIn": () => void flow.zoomIn(),
    "canvas.zoomOut": () => void flow.zoomOut(),
  });

  const labeled = useMemo(
    () =>
      nodes.map((node) => ({
        ...node,
        ariaLabel: spoken(node),
        className: nodeClass,
        // React Flow names the description only with its own keys.
        domAttributes: { "aria-describedby": `react-flow__node-desc-${flowId}` },
        ...(node.type === "preview" && { dragHandle: ".drag-area" }),
      })),
    [nodes, flowId],
  );
  const drawn = useMemo(() => {
    const middles = new Map(nodes.map((node) => [node.id, node.position.y + (node.height ?? 0) / 2]));
    // Lines to targets leave downwards, where they overlap no others.
    const sideways = edges.filter(({ data }) => data?.kind !== "deploy");
    const fans = fansOf(sideways, (id) => middles.get(id) ?? 0);
    return edges.map((edge) => ({
      ...edge,
      className: "group/edge",
      ariaLabel:
        edge.data?.kind === "deploy"
          ? `Connection: ${nameOf(edge.source)} deploys to ${targets.find(({ id }) => id === edge.target)?.name ?? "deleted target"}`
          : `Connection: ${nameOf(edge.target)} uses ${nameOf(edge.source)}`,
      ...(edge.data && { data: { ...edge.data, ...fans.get(edge.id) } }),
      ...(edge.data && edge.data.kind !== "preview" && edge.data.kind !== "deploy"
        ? { markerEnd: { type: MarkerType.ArrowClosed, color: `var(--graph-${edge.data.kind})`, width: 14, height: 14 } }
        : {}),
    }));
  }, [edges, nodes, nameOf, targets]);
  const kinds = useMemo(() => new Set(edges.flatMap(({ data }) => data?.kind ?? [])), [edges]);
  return (
    <div ref={plane} tabIndex={-1} className={planeClass}>
      <ReactFlow<CanvasNode, CanvasEdge>
        aria-label="Services and connections"
        onKeyDown={onKeyDown}
        onFocus={onFocus}
        nodes={labeled}
        edges={drawn}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodesChange={graph.change}
        onConnect={onConnect}
        isValidConnection={(connection) => refusal(connection) === undefined}
        onConnectEnd={(_, state) => {
          if (state.isValid || !state.fromNode || !state.toNode) return;
          const isBackwards = state.fromHandle?.type === "target";
          const [source, target] = isBackwards ? [state.toNode.id, state.fromNode.id] : [state.fromNode.id, state.toNode.id];
          setNote(refusal({ source, target, sourceHandle: null, targetHandle: null }));
        }}
        onNodeDragStart={onLift}
        onNodeDragStop={onDrop}
        onSelectionDragStart={(event, dragged) => onLift(event, undefined, dragged)}
        onSelectionDragStop={(event, dragged) => onDrop(event, undefined, dragged)}
        onNodeClick={(event, node) => {
          // React also bubbles clicks in a node's menus, which are rendered elsewhere in the page.
          const isOnNode = event.target instanceof Element && event.currentTarget.contains(event.target);
          const isSelecting = event.shiftKey || event.ctrlKey || event.metaKey;
          if (isOnNode && !isSelecting && !(event.target as Element).closest("button, iframe")) inspect(subjectOf(node));
        }}
        onEdgeClick={(_, edge) => {
          const going = goingOf(edge.id);
          inspect(going ? { kind: "target", id: going.targetId } : { kind: "link", id: edge.id });
        }}
        onPaneClick={onInspectNothing}
        onMoveEnd={(event, viewport) => {
          // Store only what the person chose, not what the code scrolled to.
          if (event) writeStored(localStorage, viewportKey(projectId), viewport);
        }}
        {...(stored && { defaultViewport: stored })}
        minZoom={0.2}
        maxZoom={1.75}
        deleteKeyCode={null}
        // Its own keys move, select and delete something else: arrows move the selection instead of the focus, Space deselects the other nodes,
        // and Delete works wherever the focus is on the page.
        disableKeyboardA11y
        selectionMode={SelectionMode.Partial}
        onlyRenderVisibleElements={nodes.length > manyNodes}
        elevateNodesOnSelect
        proOptions={{ hideAttribution: true }}
        ariaLabelConfig={{
          "node.a11yDescription.default":
            "Press Enter to open details, arrow keys to focus another node, Alt and arrow keys to move, C to connect, Delete to delete.",
          "edge.a11yDescription.default": "Press Delete to disconnect.",
        }}
      >
        <Background variant={BackgroundVariant.Dots} gap={20} size={1} color="var(--graph-dot)" />
        {isNarrow || !hasOffscreenNodes ? null : (
          <MiniMap<CanvasNode>
            pannable
            zoomable
            ariaLabel="Minimap"
            className="right-3.5 bottom-11 m-0 h-25 w-37 overflow-hidden rounded-2 border border-line-0 [&_svg]:size-full"
            nodeBorderRadius={6}
            nodeClassName={(node) => (node.type === "preview" ? "fill-none stroke-line-1 stroke-6" : "")}
          />
        )}
        <ConnectionHint refusal={refusal} />
      </ReactFlow>
      <Zoom onFit={fitAll} />
      <Legend kinds={kinds} />
      <p role="status" className={note ? noteClass : "sr-only"}>
        {note}
      </p>
    </div>
  );
}
