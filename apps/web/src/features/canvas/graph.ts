import type { Edge, Node } from "@xyflow/react";
import type { Container, DeploymentTarget, Preview, Service } from "@tesslate/contract";
import { edgeKindOf, type EdgeKind, type Link } from "./links.ts";

export type ContainerFlowNode = Node<{ container: Container }, "container">;
export type PreviewFlowNode = Node<{ preview: Preview; container: Container | undefined }, "preview">;
export type TargetFlowNode = Node<{ target: DeploymentTarget }, "target">;
export type CanvasNode = ContainerFlowNode | PreviewFlowNode | TargetFlowNode;
/** `link` is missing on lines from a container to a preview or a target. */
export type CanvasEdge = Edge<{ kind: EdgeKind; link?: Link; fromDy?: number; toDy?: number }, "line">;

export const containerSize = { width: 208, height: 89 } as const;
export const previewSize = { width: 288, height: 216, minWidth: 200, minHeight: 140, maxWidth: 1600, maxHeight: 1600 } as const;

export const sizeOfPreview = ({ width, height }: Pick<Preview, "width" | "height">) => ({
  width: width ?? previewSize.width,
  height: height ?? previewSize.height,
});

/** The id of the line to a preview. */
export const previewEdgeId = (previewId: string) => `preview:${previewId}`;
/** The id of the line from a container to a target; `goingOf` reads it. */
export const targetEdgeId = (targetId: string, containerId: string) => `target:${targetId}:${containerId}`;
export function goingOf(edgeId: string): { targetId: string; containerId: string } | undefined {
  const [kind, targetId, containerId] = edgeId.split(":");
  return kind === "target" && targetId && containerId ? { targetId, containerId } : undefined;
}

export function nodesOf(
  containers: readonly Container[],
  previews: readonly Preview[],
  targets: readonly DeploymentTarget[] = [],
): CanvasNode[] {
  const byId = new Map(containers.map((container) => [container.id, container]));
  return [
    ...containers.map((container): ContainerFlowNode => ({
      id: container.id,
      type: "container",
      position: { x: container.position_x, y: container.position_y },
      data: { container },
      ...containerSize,
    })),
    ...previews.map((preview): PreviewFlowNode => ({
      id: preview.id,
      type: "preview",
      position: { x: preview.position_x, y: preview.position_y },
      data: { preview, container: byId.get(preview.connected_container_id ?? "") },
      ...sizeOfPreview(preview),
    })),
    ...targets.map((target): TargetFlowNode => ({
      id: target.id,
      type: "target",
      position: { x: target.position_x, y: target.position_y },
      data: { target },
      ...containerSize,
    })),
  ];
}

export function edgesOf(
  containers: readonly Container[],
  previews: readonly Preview[],
  links: readonly Link[],
  categoryOf: (serviceSlug: string | null | undefined) => Service["category"] | undefined,
  targets: readonly DeploymentTarget[] = [],
): CanvasEdge[] {
  const byId = new Map(containers.map((container) => [container.id, container]));
  return [
    ...links
      .filter((link) => byId.has(link.source_container_id) && byId.has(link.target_container_id))
      .map((link): CanvasEdge => ({
        id: link.id,
        type: "line",
        source: link.source_container_id,
        target: link.target_container_id,
        sourceHandle: "gives",
        targetHandle: "needs",
        data: { kind: edgeKindOf(link, categoryOf(byId.get(link.source_container_id)?.service_slug)), link },
      })),
    ...previews
      .filter((preview) => byId.has(preview.connected_container_id ?? ""))
      .map((preview): CanvasEdge => ({
        id: previewEdgeId(preview.id),
        type: "line",
        source: preview.connected_container_id ?? "",
        target: preview.id,
        sourceHandle: "gives",
        targetHandle: "needs",
        selectable: false,
        focusable: false,
        data: { kind: "preview" },
      })),
    ...targets.flatMap((target) =>
      target.container_ids
        .filter((containerId) => byId.has(containerId))
        .map((containerId): CanvasEdge => ({
          id: targetEdgeId(target.id, containerId),
          type: "line",
          source: containerId,
          target: target.id,
          sourceHandle: "goes",
          targetHandle: "takes",
          data: { kind: "deploy" },
        })),
    ),
  ];
}

/** The server's objects that a node shows. */
const shownIn = (data: CanvasNode["data"]): readonly unknown[] =>
  "target" in data ? [data.target] : "preview" in data ? [data.preview, data.container] : [data.container];
const isSame = (a: CanvasNode["data"], b: CanvasNode["data"]) => {
  const others = shownIn(b);
  return shownIn(a).every((thing, index) => thing === others[index]);
};

/**
 * Updates the nodes on screen from the server's state. Nodes that are being moved or not saved yet (`held`) keep their position;
 * unchanged nodes stay the same object.
 */
export function reconcile(shown: readonly CanvasNode[], latest: readonly CanvasNode[], held: ReadonlySet<string>): CanvasNode[] {
  const known = new Map(shown.map((node) => [node.id, node]));
  return latest.map((node) => {
    const before = known.get(node.id);
    if (!before || before.type !== node.type) return node;
    const keeps = before.dragging || before.resizing || held.has(node.id);
    const position = keeps ? before.position : node.position;
    const width = keeps ? before.width : node.width;
    const height = keeps ? before.height : node.height;
    const isPlaceSame =
      position.x === before.position.x && position.y === before.position.y && width === before.width && height === before.height;
    if (isPlaceSame && isSame(before.data, node.data)) return before;
    return { ...before, data: node.data, position, width, height } as CanvasNode;
  });
}

const fanPx = 14;
const fanLimitPx = 30;

/** Spreads the lines at one side of a node in the order of their other ends: the offset of each from the middle. */
export function fansOf(
  edges: readonly Pick<CanvasEdge, "id" | "source" | "target">[],
  middleOf: (nodeId: string) => number,
): Map<string, { fromDy: number; toDy: number }> {
  const offsets = new Map(edges.map(({ id }) => [id, { fromDy: 0, toDy: 0 }]));
  const fan = (end: "source" | "target", other: "source" | "target", key: "fromDy" | "toDy") => {
    for (const group of Map.groupBy(edges, (edge) => edge[end]).values()) {
      const sorted = group.toSorted((a, b) => middleOf(a[other]) - middleOf(b[other]) || a.id.localeCompare(b.id));
      const step = Math.min(fanPx, (2 * fanLimitPx) / Math.max(1, sorted.length - 1));
      sorted.forEach(({ id }, index) => {
        const offset = offsets.get(id);
        if (offset) offset[key] = (index - (sorted.length - 1) / 2) * step;
      });
    }
  };
  fan("source", "target", "fromDy");
  fan("target", "source", "toDy");
  return offsets;
}
