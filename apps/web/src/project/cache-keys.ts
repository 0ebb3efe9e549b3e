/** What is cached of an open project, by name. */
type Part =
  | "assets"
  | "board"
  | "branches"
  | "card"
  | "commit"
  | "connections"
  | "containers"
  | "database"
  | "databases"
  | "deployment-plan"
  | "deployment-steps"
  | "deployments"
  | "diff"
  | "element"
  | "files-copy"
  | "git"
  | "launch-settings"
  | "points"
  | "previews"
  | "runs"
  | "secrets"
  | "sessions"
  | "shares"
  | "shells"
  | "site-name"
  | "sites"
  | "targets"
  | "tasks"
  | "tree"
  | "wanted-names";

/** The cache key of one part of a project; keys of single items begin with it. */
export const partKey = <P extends Part>(projectId: string, part: P) => ["project", projectId, part] as const;
/** The key of what a run changed. */
export const changeSetsKey = ["change-set"] as const;
export const changeSetKey = (taskId: string) => [...changeSetsKey, taskId] as const;
/** The key of the project itself; the project lists use the same place. */
export const projectKey = (slug: string) => ["projects", slug] as const;

/** For answers that the project's event stream keeps current (project-cache.ts): they never expire by age. */
export const live = { staleTime: Number.POSITIVE_INFINITY, refetchOnWindowFocus: false, refetchOnReconnect: false } as const;
