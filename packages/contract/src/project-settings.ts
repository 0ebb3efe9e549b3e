import type { Workspace } from "./workspace.ts";

/** Settings of a project that are on unless they are false. Settings are free-form JSON, so other values do not count. */
const isOn =
  (name: string) =>
  (settings: Readonly<Record<string, unknown>> | null | undefined): boolean =>
    settings?.[name] !== false;

/** `auto_fix`: after a run, errors and crashes of the running app are sent to the agent. */
export const isAutoFixOn = isOn("auto_fix");
/** `agent_diagnostics`: after each batch of edits, the agent reads the new problems that the project's own checkers find. */
export const isDiagnosticsOn = isOn("agent_diagnostics");

/** `commit_runs`: what a run changed is committed when it ends. Projects that come from a repository start with false. */
export const isCommitOfRunsOn = isOn("commit_runs");

/** `save_databases`: before the first change of a run, the project's running databases are saved. Off unless it is true: it reads every row. */
export const areDatabasesSavedWithRuns = (settings: Readonly<Record<string, unknown>> | null | undefined): boolean =>
  settings?.["save_databases"] === true;

/** The setting of a project: the workspace of messages that name none while another run changes files. */
export const parallelRunsSetting = "parallel_runs";
const workspaces: readonly unknown[] = ["ask", "project", "branch", "wait"] satisfies Workspace[];
/** Anything that is no workspace counts as `ask`. */
export const parallelRunsOf = (settings: Record<string, unknown> | null): Workspace => {
  const value = settings?.[parallelRunsSetting];
  return workspaces.includes(value) ? (value as Workspace) : "ask";
};
