import { Graph, layout } from "@dagrejs/dagre";

export interface LayoutNode {
  id: string;
  width: number;
  height: number;
}

/**
 * Positions for all nodes: a node is left of those it uses, as in the usual drawing of an app (page, server, database).
 * `links` lead from provider to user. Nodes without a link are placed in rows below, so that they do not stretch the graph.
 */
export function tidy(
  nodes: readonly LayoutNode[],
  links: readonly { source: string; target: string }[],
): Map<string, { x: number; y: number }> {
  const linked = new Set(links.flatMap(({ source, target }) => [source, target]));
  const places = new Map<string, { x: number; y: number }>();
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 56, ranksep: 184, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of nodes) if (linked.has(id)) graph.setNode(id, { width, height });
  for (const { source, target } of links) if (graph.hasNode(source) && graph.hasNode(target)) graph.setEdge(target, source);
  if (graph.nodeCount() > 0) layout(graph);
  let bottom = 0;
  for (const { id, width, height } of nodes) {
    if (!linked.has(id)) continue;
    const { x, y } = graph.node(id) as { x: number; y: number };
    places.set(id, { x: Math.round(x - width / 2), y: Math.round(y - height / 2) });
    bottom = Math.max(bottom, y + height / 2);
  }
  let x = 0;
  let y = places.size > 0 ? Math.round(bottom) + 72 : 0;
  let rowHeight = 0;
  for (const { id, width, height } of nodes) {
    if (linked.has(id)) continue;
    if (x > 0 && x + width > 1100) {
      x = 0;
      y += rowHeight + 40;
      rowHeight = 0;
    }
    places.set(id, { x, y });
    x += width + 48;
    rowHeight = Math.max(rowHeight, height);
  }
  return places;
}
