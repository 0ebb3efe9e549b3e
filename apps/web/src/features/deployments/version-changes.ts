import type { Deployment, GitCommit, RunSummary } from "@tesslate/contract";

/** What came into a version since the one before it. */
export interface VersionChanges {
  /** Runs that changed files, oldest first. */
  runs: RunSummary[];
  /** Commits that no run made, oldest first. */
  commits: GitCommit[];
}

type Version = Pick<Deployment, "id" | "version" | "status" | "created_at" | "container_id" | "provider" | "metadata">;

/** The successful version before this one, of the same container at the same provider; none for a rollback, which has the files of an earlier version. */
export function versionBefore<T extends Version>(deployment: T, all: readonly T[]): T | undefined {
  if (deployment.metadata.rollback_of !== null) return undefined;
  return seriesOf(deployment, all)
    .filter((other) => other.status === "success" && Date.parse(other.created_at) < Date.parse(deployment.created_at))
    .toSorted((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at))
    .at(-1);
}
const seriesOf = <T extends Version>({ container_id, provider }: Version, all: readonly T[]): T[] =>
  all.filter((other) => other.container_id === container_id && other.provider === provider);

/** When the files of a version were read: a rollback has those of an earlier version. */
function readAt(version: Version, all: readonly Version[]): number {
  const { rollback_of: from } = version.metadata;
  const origin = from === null ? undefined : seriesOf(version, all).find((other) => other.version === from && other.id !== version.id);
  return origin && Date.parse(origin.created_at) < Date.parse(version.created_at) ? readAt(origin, all) : Date.parse(version.created_at);
}

/** A run commits when it ends, and commits have seconds only. */
const commitDelayMs = 10_000;

export function changesBetween(
  before: Version,
  deployment: Version,
  all: readonly Version[],
  { runs, commits }: { runs: readonly RunSummary[]; commits: readonly GitCommit[] },
): VersionChanges {
  const [from, to] = [readAt(before, all), readAt(deployment, all)];
  const isBetween = (at: string) => Date.parse(at) > from && Date.parse(at) <= to;
  const madeByRun = ({ date }: GitCommit) =>
    runs.some(
      ({ started_at, ended_at }) =>
        ended_at !== null && Date.parse(date) >= Date.parse(started_at) - 1000 && Date.parse(date) <= Date.parse(ended_at) + commitDelayMs,
    );
  return {
    runs: runs
      .filter(({ ended_at, files, visibility }) => ended_at !== null && files > 0 && visibility === "shown" && isBetween(ended_at))
      .toSorted((a, b) => Date.parse(a.started_at) - Date.parse(b.started_at)),
    commits: commits
      .filter((commit) => isBetween(commit.date) && !madeByRun(commit))
      .toSorted((a, b) => Date.parse(a.date) - Date.parse(b.date)),
  };
}
