import { commitsQuery, runsQuery } from "../../project/history.queries.ts";
import { useProject, useProjectQuery } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { useDeploys } from "../deployments/index.ts";
import { pointsQuery } from "./timeline.queries.ts";
import { entriesOf, historyOf, type Entry, type Happening, type PointFilter } from "./timeline.ts";

/** The history of the open project: its points, with commits and deployments, oldest first. */
export function useHistory(filter: PointFilter = "all", hidden?: ReadonlySet<string>) {
  const project = useProject();
  const { api } = useServices();
  const points = useProjectQuery(pointsQuery(api, project.id));
  const runs = useProjectQuery(runsQuery(api, project.id));
  const commits = useProjectQuery({ ...commitsQuery(api, project.id), enabled: project.has_git_repo });
  const deploys = useDeploys().list ?? [];
  // Without their runs the points are shown as checkpoints.
  const isKnown = points.data !== undefined && (runs.data !== undefined || runs.isError);
  const entries: Entry[] = isKnown ? entriesOf({ ...points.data, runs: runs.data ?? [] }).filter(({ id }) => !hidden?.has(id)) : [];
  const history: (Entry | Happening)[] = historyOf(entries, commits.data ?? [], deploys, filter);
  return {
    points,
    runs: runs.data ?? [],
    isKnown,
    entries,
    history,
    /** Also if the filter hides everything. */
    hasAny: entries.length + (commits.data?.length ?? 0) + deploys.length > 0,
  };
}
