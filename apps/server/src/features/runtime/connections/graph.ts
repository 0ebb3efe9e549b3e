/** A directed connection. */
export interface Edge {
  source_container_id: string;
  target_container_id: string;
}

/** Whether there is a directed path between two containers. */
export function isReachable(edges: readonly Edge[], from: string, to: string): boolean {
  const next = new Map<string, string[]>();
  for (const edge of edges) next.set(edge.source_container_id, [...(next.get(edge.source_container_id) ?? []), edge.target_container_id]);
  const seen = new Set<string>();
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === to) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...(next.get(at) ?? []));
  }
  return false;
}

/** Columns of a drawing in which edges lead to the right: the length of the longest path to each node. The edges must not form a cycle. */
export function columnsOf(nodes: readonly string[], edges: readonly { from: string; to: string }[]): Map<string, number> {
  const columns = new Map(nodes.map((node) => [node, 0]));
  for (let hasMoved = true, round = 0; hasMoved; round++) {
    if (round > nodes.length) throw new Error("the connections form a cycle");
    hasMoved = false;
    for (const { from, to } of edges) {
      const column = (columns.get(from) ?? 0) + 1;
      if (column <= (columns.get(to) ?? 0)) continue;
      columns.set(to, column);
      hasMoved = true;
    }
  }
  return columns;
}
