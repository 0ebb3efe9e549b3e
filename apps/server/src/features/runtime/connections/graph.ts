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
