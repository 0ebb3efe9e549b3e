import type { ActivityEntry, ActivityKind, ActorKind, ElementEditRecord, List } from "@tesslate/contract";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { ActivityStore, RecordedAction } from "./activity.store.ts";

const maxSubject = 300;

export type Activity = ReturnType<typeof createActivity>;
/** The activity of a project: who or which agent did what, derived from the event log. */
export function createActivity({
  store,
  projects,
  nameOf,
}: {
  store: ActivityStore;
  projects: { require(userId: string, ref: string): Promise<{ id: string; owner_id: string }> };
  nameOf: (userId: string) => Promise<string | undefined>;
}) {
  return {
    list: async (
      userId: string,
      ref: string,
      query: PageQuery & { actor?: ActorKind; kind?: ActivityKind },
    ): Promise<List<ActivityEntry>> => {
      const project = await projects.require(userId, ref);
      const page = pageOf(query);
      const found = await store.list(project.id, { actor: query.actor, kind: query.kind, limit: page.limit, offset: page.offset });
      const entries = found.filter((action) => action.type !== null);
      const user = { id: project.owner_id, name: (await nameOf(project.owner_id)) ?? "Deleted user" };
      const tools = await store.toolsOf(
        entries.flatMap(({ data }) => (typeof data["approval_id"] === "string" ? [data["approval_id"]] : [])),
      );
      return page.envelope(
        entries.map((action) => entryOf(action, user, tools)),
        Number(found[0]?.total ?? 0),
      );
    },
  };
}

function entryOf(action: RecordedAction, user: { id: string; name: string }, tools: ReadonlyMap<string, string>): ActivityEntry {
  const { seq, ord, at, kind, actor_kind, agent_id, agent_name, task_id, data } = action;
  const [summary, subject] = describe(action, tools);
  return {
    id: action.type === "terminal" ? `terminal-${text(data["id"])}` : `${seq}-${ord}`,
    at: new Date(at).toISOString(),
    kind,
    actor:
      actor_kind === "person"
        ? { kind: "person", ...user }
        : actor_kind === "agent"
          ? { kind: "agent", id: agent_id, name: agent_name ?? "Agent" }
          : { kind: "system", id: null, name: "Server" },
    summary,
    subject: subject === "" ? null : [...subject].length > maxSubject ? `${[...subject].slice(0, maxSubject).join("")}…` : subject,
    task_id,
  };
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const list = (value: unknown): string => (Array.isArray(value) ? value.map(text).filter(Boolean).join(", ") : "");
const fileOps: Record<string, string> = { add: "Added a file", update: "Changed a file", delete: "Deleted a file", move: "Moved a file" };
const ops: Record<string, string> = {
  add: "Added",
  update: "Changed",
  delete: "Removed",
  created: "Added",
  updated: "Changed",
  moved: "Moved",
  deleted: "Deleted",
};
const branchOps: Record<string, string> = {
  created: "Created a branch",
  merged: "Merged a branch",
  discarded: "Discarded a branch",
  expiring: "Announced that an unused branch will be deleted",
  expired: "Deleted an unused branch",
};
const answers: Record<string, string> = {
  allow_once: "Allowed once",
  allow_all: "Allowed for this chat",
  deny: "Denied",
  stop: "Stopped the run instead of answering",
  timeout: "Timed out waiting for an answer",
  cancelled: "Withdrawn",
  expired: "Withdrawn",
};
/** By completion reason; others are a success or an error. */
const endings: Record<string, string> = {
  cancelled: "Was stopped",
  user_stopped: "Was stopped",
  approval_timeout: "Stopped: no answer in time",
  resource_limit_exceeded: "Paused at a limit",
  max_iterations: "Paused at a limit",
  credits_exhausted: "Stopped: no credits left",
};
const stops: Record<string, string> = {
  idle: "Stopped the project because it was idle",
  memory: "Stopped the project to free memory",
  limit: "Stopped the project to start another one",
};
const operations: Record<string, string> = {
  project_creation: "set up the project",
  project_start: "start the project",
  project_restart: "restart the project",
  container_initialization: "add a container",
  container_start: "start a container",
  container_restart: "restart a container",
  snapshot_create: "save a snapshot",
  snapshot_restore: "restore a snapshot",
  files_restore: "restore the files",
  deployment: "deploy",
};

/** Summary and subject of one entry. */
function describe({ type, data, message }: RecordedAction, tools: ReadonlyMap<string, string>): [summary: string, subject: string] {
  switch (type) {
    case "file_changed":
      if (isElementEdit(data["edit"])) return [editSummary(data["edit"]), text(data["path"])];
      return [
        (fileOps[text(data["op"])] ?? "Changed a file").replace(
          "a file",
          `${data["is_directory"] === true ? "a folder" : "a file"}${data["branch_id"] === undefined ? "" : " on a branch"}`,
        ),
        data["new_path"] ? `${text(data["path"])} → ${text(data["new_path"])}` : text(data["path"]),
      ];
    case "command": {
      const parameters = (data["parameters"] ?? {}) as Record<string, unknown>;
      return [
        data["name"] === "run_checks" ? "Ran the checks" : data["name"] === "shell_open" ? "Opened a terminal" : "Ran a command",
        text(parameters["command"]),
      ];
    }
    case "terminal":
      return ["Opened a terminal", ""];
    case "task_started":
      return ["Asked the agent", message ?? ""];
    case "complete":
      return [endings[text(data["completion_reason"])] ?? (data["success"] === true ? "Finished a run" : "Ended a run with an error"), ""];
    case "approval_resolved":
      return [answers[text(data["response"])] ?? "Answered", tools.get(text(data["approval_id"])) ?? ""];
    case "question_resolved":
      return [data["outcome"] === "answered" ? "Answered a question" : "Skipped a question", list(data["choices"])];
    case "secrets_changed":
      return ["Changed secrets", list(data["keys"])];
    case "snapshot_changed":
      return [data["op"] === "delete" ? "Deleted a snapshot" : "Saved a snapshot", ""];
    case "project_status":
      return data["name"] ? ["Renamed the project", text(data["name"])] : [stops[text(data["stop_reason"])] ?? "Stopped the project", ""];
    case "graph_changed":
      return [`${ops[text(data["op"])] ?? "Changed"} a ${text(data["part"]) || "part"} on the canvas`, ""];
    case "board_changed":
      return [`${ops[text(data["op"])] ?? "Changed"} a ${text(data["subject"]) || "card"} on the board`, ""];
    case "branch_changed":
      return [branchOps[text(data["op"])] ?? "Changed a branch", ""];
    case "data_changed":
      return [data["op"] === "import" ? "Imported data into a database" : "Changed data in a database", dataSubject(data)];
    case "git_changed":
      return ["Couldn't commit the changes", text(data["not_committed"])];
    case "notes_changed":
      return ["Changed the notes", ""];
    default: {
      const what = operations[text(data["type"])] ?? text(data["type"]).replaceAll("_", " ");
      const how = { failed: "Couldn't", cancelled: "Canceled:" }[text(data["status"])];
      const facts = (data["metadata"] ?? {}) as Record<string, unknown>;
      return [how ? `${how} ${what}` : past(what), text(facts["container_name"]) || text(data["error"])];
    }
  }
}
const isElementEdit = (value: unknown): value is ElementEditRecord => typeof value === "object" && value !== null;
const editedParts: Record<string, string> = {
  text: "the text",
  classes: "the classes",
  alt: "the alternative text",
  "aria-label": "the accessible name",
  href: "the link address",
  placeholder: "the placeholder",
  src: "the image",
  title: "the title",
};
/** "Changed the text of <h1>": the file is the subject of the entry. */
export function editSummary(edit: DescribedEdit): string {
  return edit.undoes === undefined ? `Changed ${partOf(edit)}` : `Undid a change of ${partOf(edit)}`;
}
/** The label of the checkpoint before an edit: "Before changing the text of <h1> in src/App.tsx". */
export function beforeEdit(edit: DescribedEdit, path: string): string {
  return `Before ${edit.undoes === undefined ? "changing" : "undoing a change of"} ${partOf(edit)} in ${path}`;
}
type DescribedEdit = Pick<ElementEditRecord, "property" | "element" | "undoes">;
const partOf = ({ property, element }: DescribedEdit): string => `${editedParts[property] ?? property} of <${element}>`;
/** The database and the tables that were changed: "PostgreSQL: public.users". */
const dataSubject = (data: Record<string, unknown>): string => [text(data["name"]), list(data["tables"])].filter(Boolean).join(": ");
const irregular: Record<string, string> = { set: "Set", deploy: "Deployed", add: "Added" };
/** "start the project" becomes "Started the project". */
function past(what: string): string {
  const [verb = "", ...rest] = what.split(" ");
  return [irregular[verb] ?? `${verb.charAt(0).toUpperCase()}${verb.slice(1)}${verb.endsWith("e") ? "d" : "ed"}`, ...rest].join(" ");
}
