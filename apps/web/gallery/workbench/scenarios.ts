import type { Branch, Connection, Container, Preview, Project, ProjectEvent, Task, TranscriptEntry, TreeEntry } from "@tesslate/contract";
import {
  answer,
  asking,
  at,
  backgroundCommand,
  begun,
  container,
  ended,
  entry,
  finished,
  frame,
  ids,
  inProgress,
  markdown,
  message,
  question,
  read,
  report,
  retrying,
  run,
  runningCommand,
  started,
  stats,
  step,
  streaming,
  task,
  tree,
  up,
  writingFile,
} from "./bakery.ts";
import { bakeryCanvas, manyContainers } from "./canvas-scenarios.ts";

/** A project as a server of canned answers returns it. */
export interface Scenario {
  id: string;
  title: string;
  project: Partial<Project>;
  containers: Container[];
  entries: TranscriptEntry[];
  /** What the project's stream brings, at once. */
  events: ProjectEvent[];
  /** What it brings once the page stands. */
  later?: ProjectEvent[];
  tasks: Task[];
  tree: TreeEntry[];
  models: "connected" | "none";
  previews?: Preview[];
  connections?: Connection[];
  branches?: Branch[];
  /** Calls that fail, by operation: `GET /api/projects/{id}/file-tree`. */
  failing?: string[];
  /** Calls that are never answered. */
  hanging?: string[];
}

const base = { project: {}, containers: up(), entries: [], events: [], tasks: [], tree, models: "connected" as const };

export const scenarios: readonly Scenario[] = [
  {
    ...base,
    id: "asks",
    title: "A run asks before it drops data",
    entries: inProgress(),
    events: asking(),
    later: [
      report("14:02:51", {
        kind: "error",
        message: "slots.map is not a function",
        source: "/src/routes/order.tsx",
        line: 18,
        column: 11,
        stack: "TypeError: slots.map is not a function\n    at Order (src/routes/order.tsx:18:11)",
      }),
      report("14:02:52", { kind: "console", level: "warn", message: "Slow slot query: 210 ms" }),
    ],
  },
  { ...base, id: "streams", title: "A reply streams in", entries: inProgress(), events: streaming() },
  { ...base, id: "command", title: "A command runs", entries: inProgress(), events: runningCommand() },
  { ...base, id: "background", title: "A command runs in the background", entries: inProgress(), events: backgroundCommand() },
  { ...base, id: "writing", title: "The agent writes a file", entries: inProgress(), events: writingFile() },
  { ...base, id: "done", title: "A finished run", entries: finished() },
  {
    ...base,
    id: "branch",
    title: "A chat that works on a branch",
    entries: finished(),
    branches: [
      {
        id: "0a000000-0000-4000-8000-0000000000c1",
        project_id: ids.project,
        slug: "alder-street-bakery-k3x9pq",
        chat_id: ids.chat,
        chat_title: "Pick-up slots",
        is_ready: true,
        is_failed: false,
        is_running: false,
        status: "stopped",
        files: 3,
        additions: 48,
        deletions: 6,
        created_at: "2025-03-14T14:00:00Z",
        is_expiring: false,
        deleted_after: "2099-03-28T14:04:00Z",
      },
    ],
  },
  { ...base, id: "empty", title: "No message yet" },
  { ...base, id: "no-model", title: "No model is connected", models: "none" },
  {
    ...base,
    id: "interrupted",
    title: "A run was interrupted",
    entries: [
      message("90", question, "14:02:00"),
      answer([
        started(),
        step(1, "14:02:04", [read], [{ success: true, result: { content: "" } }], "I'll read the slot rules first."),
        ...ended("14:02:30", "interrupted", ""),
      ]),
    ],
  },
  {
    ...base,
    id: "paused",
    title: "A run paused at its cap, the window nearly full",
    entries: [
      message("90", question, "14:02:00"),
      answer([
        started(),
        step(1, "14:02:04", [read], [{ success: true, result: { content: "" } }], "I'll read the slot rules first."),
        ...ended("14:05:05", "resource_limit_exceeded", "Paused at the limit of $0.50 per run. You can continue the run.", {
          resource_stats: { ...stats, cost_cents: 50.2, tokens_in: 412_000, tokens_out: 9_300, context_used: 184_300 },
        }),
      ]),
    ],
  },
  {
    ...base,
    id: "failed",
    title: "The model failed",
    entries: [
      message("90", question, "14:02:00"),
      answer([
        started(),
        ...ended("14:02:20", "error", "", { error: "The model provider answered 429: too many requests. It asks to wait 20 s." }),
      ]),
    ],
  },
  { ...base, id: "retrying", title: "A failed call to the model waits", entries: inProgress(), events: retrying() },
  {
    ...base,
    id: "key-refused",
    title: "The provider refused the API key",
    entries: [
      message("90", question, "14:02:00"),
      answer([
        started("anthropic/claude-sonnet-4.6"),
        frame(
          "14:02:03",
          "error",
          {
            code: "model_auth_failed",
            kind: "auth",
            message: "Anthropic refused the API key. It says: “This API key has been revoked.”",
          },
          run,
        ),
        ...ended("14:02:03", "error", ""),
      ]),
    ],
  },
  {
    ...base,
    id: "denied",
    title: "Answered questions",
    entries: inProgress(),
    events: [
      ...asking(),
      frame(
        "14:07:00",
        "approval_resolved",
        {
          approval_id: "0a000000-0000-4000-8000-0000000000a1",
          response: "deny",
          note: "migrate the rows first",
          by: "Nadia",
          at: at("14:07:00"),
        },
        run,
      ),
      step(
        4,
        "14:07:01",
        [{ name: "run_command", parameters: { command: "pnpm drizzle-kit push --force", timeout: 120 } }],
        [{ success: false, error: "Denied: migrate the rows first" }],
      ),
    ],
  },
  {
    ...base,
    id: "question",
    title: "A question waits",
    entries: inProgress(),
    events: [
      ...begun(),
      frame(
        "14:02:50",
        "question_asked",
        {
          question_id: "0a000000-0000-4000-8000-0000000000b1",
          tool_name: "ask_user",
          kind: "question",
          question: "What happens to orders of a slot that is removed?",
          choices: [{ label: "Cancel them", description: "Customers get an email" }, { label: "Move them to the next slot" }],
          is_multiple: false,
          allows_text: true,
        },
        run,
      ),
    ],
  },
  {
    ...base,
    id: "secret",
    title: "A secret is requested",
    entries: inProgress(),
    events: [
      ...begun(),
      frame(
        "14:02:50",
        "question_asked",
        {
          question_id: "0a000000-0000-4000-8000-0000000000b2",
          tool_name: "request_secret",
          kind: "secret",
          secret_key: "STRIPE_KEY",
          reason: "Orders are paid by card. The key is on the page “API keys” of your Stripe dashboard.",
          container: "web",
        },
        run,
      ),
    ],
  },
  {
    ...base,
    id: "error",
    title: "The app reports an error",
    entries: finished(),
    later: [
      report("14:08:00", {
        kind: "error",
        message: "TypeError: slots.map is not a function",
        source: "/src/routes/order.tsx",
        line: 41,
        column: 9,
        stack: "TypeError: slots.map is not a function\n    at Order (/src/routes/order.tsx:41:9)",
      }),
    ],
  },
  {
    ...base,
    id: "making",
    title: "The project is being created",
    project: { environment_status: "provisioning", status: "creating" },
    containers: [],
    tasks: [task({})],
    tree: [],
  },
  {
    ...base,
    id: "starting",
    title: "The app starts",
    project: { status: "starting" },
    containers: [container(ids.web, "web", 5173, "starting")],
    entries: finished(),
    tasks: [
      task({
        type: "project_start",
        progress: { current: 70, total: 100, percentage: 70, message: "Waiting for port 5173" },
        logs: ["[x] vite v8.3.8 dev server", "[x] ready in 412 ms"],
      }),
    ],
  },
  {
    ...base,
    id: "stopped",
    title: "The app is stopped",
    project: { status: "stopped" },
    containers: [container(ids.web, "web", 5173, "stopped")],
    entries: finished(),
  },
  {
    ...base,
    id: "stopped-memory",
    title: "The app was stopped because the server was low on memory",
    project: { status: "stopped", environment_status: "stopped", stop_reason: "memory" },
    containers: [container(ids.web, "web", 5173, "stopped")],
    entries: finished(),
  },
  {
    ...base,
    id: "crashed",
    title: "The app crashed",
    project: { status: "error" },
    containers: [container(ids.web, "web", 5173, "starting")],
    entries: finished(),
    later: [
      frame("14:08:00", "container_status", {
        container_id: ids.web,
        name: "web",
        status: "failed",
        url: null,
        exit_code: 137,
        message: "The process was killed: out of memory.",
        last_lines: ["vite v8.3.8 building", "FATAL ERROR: Reached heap limit", "Killed"],
        restarts: 3,
        restart_at: "2025-03-14T14:08:04Z",
      }),
    ],
  },
  {
    ...base,
    id: "asleep",
    title: "The app is hibernated",
    project: { status: "hibernated", environment_status: "hibernated" },
    containers: [container(ids.web, "web", 5173, "stopped")],
    entries: finished(),
  },
  {
    ...base,
    id: "setup-failed",
    title: "Project setup failed",
    project: { environment_status: "setup_failed", status: "error" },
    containers: [],
    tasks: [task({ status: "failed", error: "The template could not be installed: no space left on the device." })],
    tree: [],
  },
  {
    ...base,
    id: "files-missing",
    title: "The files are missing",
    project: { environment_status: "files_missing", status: "error" },
    entries: finished(),
    tree: [],
    containers: [container(ids.web, "web", 5173, "stopped"), container(ids.api, "api", 3001, "stopped")],
  },
  {
    ...base,
    id: "files-without-copy",
    title: "The files are missing, without a copy",
    project: { environment_status: "files_missing", status: "error" },
    entries: finished(),
    tree: [],
    containers: [container(ids.web, "web", 5173, "stopped"), container(ids.api, "api", 3001, "stopped")],
    tasks: [task({ type: "files_restore", status: "failed", error: "This copy of a snapshot is damaged: git cannot read it." })],
  },
  {
    ...base,
    id: "restoring-files",
    title: "Files are being restored",
    project: { environment_status: "files_missing", status: "error" },
    entries: finished(),
    tree: [],
    containers: [container(ids.web, "web", 5173, "stopped"), container(ids.api, "api", 3001, "stopped")],
    tasks: [
      task({
        type: "files_restore",
        status: "running",
        progress: { current: 38, total: 100, percentage: 38, message: "Loading the copy" },
        logs: ["[2025-03-14T14:00:01Z] Loading the copy"],
      }),
    ],
  },
  {
    ...base,
    id: "long",
    title: "A chat of 500 messages",
    entries: Array.from({ length: 500 }, (_, index): TranscriptEntry => {
      if (index % 2 === 0)
        return { ...message("90", `Question ${index}: ${question}`, "14:02:00"), id: `user-${index}` } as TranscriptEntry;
      const task_id = `run-${index}`;
      const reply = answer([started(), ...ended("14:02:30", "no_more_actions", markdown)]);
      if (reply.type !== "run") return reply;
      const events = reply.events.map((event) =>
        event.type === "task_started" ? { ...event, task_id, data: { ...event.data, message_id: task_id } } : { ...event, task_id },
      );
      return { ...reply, task_id, message_id: task_id, events };
    }),
  },
  {
    ...base,
    id: "many-files",
    title: "A project of 10 000 files",
    tree: Array.from({ length: 10_000 }, (_, index) => entry(`src/part-${index % 40}/file-${index}.ts`)),
  },
  { ...base, id: "unreadable", title: "Loading the chat and the files failed", failing: ["chat", "tree"], entries: finished() },
  { ...base, id: "deploys", title: "Deployments: v8 is deploying" },
  { ...base, id: "deploy-done", title: "Deployments: v8 is live" },
  { ...base, id: "deploy-failed", title: "Deployments: the build failed" },
  { ...base, id: "deploy-blocked", title: "Deployments: the launch gate blocked v8" },
  { ...base, ...bakeryCanvas, id: "canvas", title: "Canvas: an app with its services" },
  { ...base, id: "canvas-empty", title: "Canvas: empty", containers: [] },
  { ...base, id: "canvas-loading", title: "Canvas: loading", hanging: ["previews"] },
  { ...base, id: "canvas-unreadable", title: "Canvas: loading failed", failing: ["connections"] },
  { ...base, id: "canvas-many", title: "Canvas: 120 containers", containers: manyContainers },
];
