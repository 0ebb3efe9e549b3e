import type { Workspace } from "./workspace.ts";

/** The setting of a project: the workspace of messages that name none while another run changes files. */
export const parallelRunsSetting = "parallel_runs";

const workspaces: readonly unknown[] = ["ask", "project", "branch", "wait"] satisfies Workspace[];
/** Settings are free-form JSON: anything else is `ask`. */
export const parallelRunsOf = (settings: Record<string, unknown> | null): Workspace => {
  const value = settings?.[parallelRunsSetting];
  return workspaces.includes(value) ? (value as Workspace) : "ask";
};
