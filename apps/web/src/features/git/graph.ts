import type { GitCommit } from "@tesslate/contract";

/** A line in one row of the graph, between its upper edge, middle and lower edge. */
export interface Edge {
  from: number;
  to: number;
  /** `in` ends at the commit, `out` starts at it, `past` passes it. */
  kind: "in" | "out" | "past";
  /** Color index of its lane. */
  color: number;
}
export interface GraphRow {
  sha: string;
  /** The column of the commit. */
  lane: number;
  color: number;
  /** Number of columns of this row. */
  width: number;
  isMerge: boolean;
  edges: Edge[];
}

interface Lane {
  /** The commit that this lane waits for. */
  sha: string;
  color: number;
}

/**
 * Columns and lines for commits listed newest first, children before their parents. Each lane waits for one commit. The first parent of a
 * commit continues in its lane, other parents get new lanes. Lanes of parents that are not listed yet end at the bottom.
 */
export function graphOf(commits: readonly Pick<GitCommit, "sha" | "parents">[]): GraphRow[] {
  let lanes: (Lane | undefined)[] = [];
  let colors = 0;
  const free = (among: readonly (Lane | undefined)[]): number => {
    const at = among.indexOf(undefined);
    return at < 0 ? among.length : at;
  };
  return commits.map(({ sha, parents }) => {
    const above = lanes;
    const waiting = above.findIndex((lane) => lane?.sha === sha);
    const lane = waiting < 0 ? free(above) : waiting;
    const color = above[lane]?.color ?? colors++;
    const edges: Edge[] = [];
    const below: (Lane | undefined)[] = above.map((one) => (one?.sha === sha ? undefined : one));
    above.forEach((one, at) => {
      if (!one) return;
      if (one.sha === sha) edges.push({ from: at, to: lane, kind: "in", color: one.color });
      else edges.push({ from: at, to: at, kind: "past", color: one.color });
    });
    parents.forEach((parent, order) => {
      const known = below.findIndex((one) => one?.sha === parent);
      if (known >= 0) {
        edges.push({ from: lane, to: known, kind: "out", color: below[known]?.color ?? color });
        return;
      }
      const at = order === 0 && below[lane] === undefined ? lane : free(below);
      const own = order === 0 ? color : colors++;
      below[at] = { sha: parent, color: own };
      edges.push({ from: lane, to: at, kind: "out", color: own });
    });
    while (below.length > 0 && below.at(-1) === undefined) below.pop();
    lanes = below;
    return { sha, lane, color, width: Math.max(above.length, below.length, lane + 1), isMerge: parents.length > 1, edges };
  });
}
