import type { Container, Model, ProjectEvent, Task, TranscriptEntry, TranscriptEvent, TreeEntry } from "@tesslate/contract";

const day = "2025-03-14T";
export const at = (time: string) => `${day}${time}Z`;
export const chatId = "0a000000-0000-4000-8000-00000000000c";
export const ids = {
  project: "0a000000-0000-4000-8000-000000000001",
  chat: chatId,
  web: "0a000000-0000-4000-8000-00000000000a",
  api: "0a000000-0000-4000-8000-00000000000b",
  database: "0a000000-0000-4000-8000-00000000000c",
  run: "0a000000-0000-4000-8000-0000000000f9",
};

export const container = (
  id: string,
  name: string,
  port: number,
  status: Container["status"],
  over: Partial<Container> = {},
): Container => ({
  id,
  project_id: ids.project,
  base_id: null,
  name,
  directory: name,
  container_name: `bakery-${name}`,
  port,
  internal_port: port,
  env_var_keys: [],
  env_vars_count: 0,
  container_type: "base",
  framework: null,
  service_slug: null,
  deployment_mode: "container",
  external_endpoint: null,
  credentials_id: null,
  injected_env_vars: null,
  service_outputs: null,
  deployment_provider: null,
  position_x: 0,
  position_y: 0,
  status,
  status_message: null,
  exit_code: null,
  url: `http://bakery-${name}.preview.localhost`,
  last_started_at: at("13:00:00"),
  needs_restart: false,
  created_at: at("09:00:00"),
  ...over,
});
const messageId = (id: string) => `0a000000-0000-4000-8000-0000000000${id}`;
export const message = (id: string, text: string, time: string): TranscriptEntry => ({
  type: "message",
  id: messageId(id),
  text,
  attachments: [],
  mentions: [],
  details: null,
  auto_fix: null,
  created_at: at(time),
});
export const entry = (path: string): TreeEntry => ({
  path,
  is_directory: path.endsWith("/"),
  size: 900,
  etag: `e-${path}`,
  mtime: at("14:00:00"),
});
export const tree = [
  "public/",
  "public/logo.svg",
  "src/",
  "src/routes/",
  "src/routes/order.tsx",
  "src/routes/index.tsx",
  "src/server/",
  "src/server/slots.ts",
  "src/server/slots.test.ts",
  "src/server/orders.ts",
  "src/App.tsx",
  "src/main.tsx",
  "src/styles.css",
  "index.html",
  "package.json",
  "README.md",
  "vite.config.ts",
].map(entry);

let seq = 0;
const taskSeqs = new Map<string, number>();
export const frame = (time: string, type: string, data: unknown, taskId?: string): ProjectEvent => {
  seq += 1;
  const taskSeq = taskId ? (taskSeqs.get(taskId) ?? 0) + 1 : undefined;
  if (taskId && taskSeq) taskSeqs.set(taskId, taskSeq);
  return { seq, ts: at(time), type, data, ...(taskId && { task_id: taskId, task_seq: taskSeq }) } as ProjectEvent;
};

/** The answer to a message, by the events of its run. */
export const answer = (events: readonly ProjectEvent[]): TranscriptEntry => ({
  type: "run",
  message_id: messageId("91"),
  task_id: run,
  last_seq: events.at(-1)?.task_seq ?? 0,
  events: events.map(({ task_seq: position = 0, ts, type, data }) => ({ seq: position, task_id: run, ts, type, data }) as TranscriptEvent),
  created_at: at("14:02:01"),
});
/** The end of a run after the third step. */
export const ended = (time: string, completion_reason: string, final_response: string, more: object = {}): ProjectEvent[] => [
  frame(
    time,
    "complete",
    { success: completion_reason === "no_more_actions", iterations: 3, final_response, tool_calls_made: 3, completion_reason, ...more },
    run,
  ),
  frame(time, "done", {}, run),
];
export const started = (model = "ollama/qwen3-coder"): ProjectEvent =>
  frame("14:02:01", "task_started", { chat_id: chatId, message_id: messageId("91"), agent_id: null, model, edit_mode: "ask" }, run);

export const question =
  "People should pick a pick-up slot when they order. Six orders a slot, and a day closes at 18:00 the evening before.";
const todos = [
  { content: "Slots table and capacity rule", status: "completed" },
  { content: "Slot picker in the order page", status: "completed" },
  { content: "Close a day at 18:00 the evening before", status: "in_progress" },
  { content: "Move the 214 existing orders to slots", status: "pending" },
  { content: "Bake list for the kitchen, printed at 18:05", status: "pending" },
];
export const orderDiff =
  '@@ -12,4 +12,6 @@\n export function Order() {\n-  const [time, setTime] = useState("");\n+  const [slot, setSlot] = useState<Slot>();\n+  const slots = useSlots(day);\n   return (\n     <form onSubmit={submit}>\n';
const failedTest = "FAIL src/server/slots.test.ts:41\n  a cancelled order frees its place\n  expected 6 left, received 5 left";

export const read = { name: "read_file", parameters: { file_path: "src/server/slots.ts" } };
export const edit = { name: "edit_file", parameters: { file_path: "src/routes/order.tsx", search: "a", replace: "b" } };
export const test = { name: "run_command", parameters: { command: "pnpm test slots" } };
export const run = ids.run;
export const stats = {
  cost_cents: 0,
  cost_limit_cents: 50,
  iterations: 3,
  iteration_limit: null,
  tokens_in: 0,
  tokens_out: 0,
  duration_ms: 169_000,
  context_window: 200_000,
};
export const step = (
  iteration: number,
  time: string,
  calls: { name: string; parameters: Record<string, unknown> }[],
  results: unknown[],
  text = "",
  thought: string | null = null,
) =>
  frame(
    time,
    "agent_step",
    { iteration, thought, tool_calls: calls, tool_results: results, response_text: text, timestamp: at(time), is_complete: false },
    run,
  );

export const begun = (): ProjectEvent[] => [
  started(),
  frame("14:02:02", "todo_updated", { todos }, run),
  frame("14:02:04", "tool_started", { iteration: 1, tools: [read], timestamp: at("14:02:04") }, run),
  step(1, "14:02:04", [read], [{ success: true, result: { content: "export const capacity = 6;", details: { duration_ms: 300 } } }]),
  frame("14:02:20", "tool_started", { iteration: 2, tools: [edit], timestamp: at("14:02:20") }, run),
  frame("14:02:21", "file_changed", { path: "src/routes/order.tsx", op: "update", diff: orderDiff, by: "agent" }, run),
  step(2, "14:02:21", [edit], [{ success: true, result: { diff: orderDiff } }]),
  frame("14:02:30", "tool_started", { iteration: 3, tools: [test], timestamp: at("14:02:30") }, run),
  step(
    3,
    "14:02:35",
    [test],
    [{ success: false, error: "exit code 1", result: { output: failedTest, details: { exit_code: 1, duration_ms: 4800 } } }],
  ),
  frame(
    "14:02:40",
    "credits_used",
    {
      cost_total_cents: 31,
      credits_deducted: 31,
      new_balance: null,
      usage_log_id: null,
      is_byok: false,
      tokens_in: 48_200,
      tokens_out: 6_100,
    },
    run,
  ),
];
export const streaming = (): ProjectEvent[] => [
  ...begun(),
  frame(
    "14:02:41",
    "text_chunk",
    {
      iteration: 4,
      content:
        "The count includes cancelled orders, so a full slot never opens again. I'm counting only `paid` and `pending`, and the same rule will",
    },
    run,
  ),
];
const command = (known: object) => ({ command_id: "c1", is_background: false, call: { iteration: 4, index: 0 }, ...known });
/** A test run that prints, in colors. */
export const runningCommand = (): ProjectEvent[] => [
  ...begun(),
  frame("14:02:50", "tool_started", { iteration: 4, tools: [test], timestamp: at("14:02:50") }, run),
  frame("14:02:51", "command_started", command({ command: "pnpm test slots" }), run),
  frame(
    "14:02:52",
    "command_output",
    {
      command_id: "c1",
      content:
        "\u001b[1m RUN \u001b[0m v4.1.0 /app\r\n\r\n \u001b[32m✓\u001b[0m src/server/slots.test.ts \u001b[2m(6 tests)\u001b[0m\r\n \u001b[31m×\u001b[0m src/server/orders.test.ts\r\n",
    },
    run,
  ),
];
/** A server in the background, and one that has ended. */
export const backgroundCommand = (): ProjectEvent[] => {
  const dev = { name: "run_command", parameters: { command: "pnpm dev", background: true } };
  const seed = { name: "run_command", parameters: { command: "pnpm seed", background: true } };
  return [
    ...begun(),
    frame("14:02:50", "tool_started", { iteration: 4, tools: [dev, seed], timestamp: at("14:02:50") }, run),
    frame("14:02:50", "command_started", command({ command: "pnpm dev", is_background: true }), run),
    frame(
      "14:02:51",
      "command_started",
      command({ command_id: "c2", command: "pnpm seed", is_background: true, call: { iteration: 4, index: 1 } }),
      run,
    ),
    step(
      4,
      "14:02:51",
      [dev, seed],
      [
        { success: true, result: { command_id: "c1" } },
        { success: true, result: { command_id: "c2" } },
      ],
    ),
    frame("14:02:53", "command_output", { command_id: "c1", content: "\u001b[32m➜\u001b[0m  Local: http://localhost:5173/\r\n" }, run),
    frame("14:02:54", "command_output", { command_id: "c2", content: 'relation "slots" does not exist\r\n' }, run),
    frame("14:02:54", "command_ended", { command_id: "c2", exit_code: 1, reason: "exited", duration_ms: 3_100, is_output_cut: false }, run),
  ];
};
/** The model is overloaded, for the third time; the next call waits. */
export const retrying = (): ProjectEvent[] => {
  const retry = {
    retry_id: "r1",
    iteration: 4,
    of: 5,
    model: "ollama/qwen3-coder",
    message: "Ollama is overloaded (503).",
    kind: "overloaded",
    reason: "server busy, please try again. maximum pending requests exceeded",
  };
  const first = { ...retry, attempt: 2, until: at("14:02:42") };
  // Counts down from when the page is opened.
  const second = { ...retry, attempt: 3, until: new Date(Date.now() + 50_000).toISOString() };
  return [
    ...begun(),
    frame("14:02:41", "model_retry", { ...first, status: "waiting" }, run),
    frame("14:02:42", "model_retry", { ...first, status: "retrying" }, run),
    frame("14:02:43", "model_retry", { ...second, status: "waiting" }, run),
  ];
};
/** A file that the model is writing. */
export const writingFile = (): ProjectEvent[] => {
  const lines = fileText.split("\n");
  return [
    ...begun(),
    frame(
      "14:02:50",
      "tool_progress",
      {
        iteration: 4,
        index: 0,
        name: "write_file",
        path: "src/routes/order.tsx",
        lines: 120,
        chars: 4_200,
        tail: lines.slice(0, 14).join("\n"),
      },
      run,
    ),
  ];
};
export const asking = (): ProjectEvent[] => {
  const push = { name: "run_command", parameters: { command: "pnpm drizzle-kit push --force", timeout: 120 } };
  return [
    ...begun(),
    frame(
      "14:02:41",
      "text_chunk",
      {
        iteration: 4,
        content:
          "The count includes cancelled orders, so a full slot never opens again. I'm counting only `paid` and `pending`. Now the old column goes:",
      },
      run,
    ),
    frame("14:02:50", "tool_started", { iteration: 4, tools: [push], timestamp: at("14:02:50") }, run),
    frame(
      "14:02:50",
      "approval_required",
      {
        approval_id: "0a000000-0000-4000-8000-0000000000a1",
        tool_name: "run_command",
        tool_parameters: push.parameters,
        tool_description: "Runs a command",
      },
      run,
    ),
  ];
};
export const markdown = `Slots work. A day closes at **18:00** the evening before, and a cancelled order frees its place.

| slot | places |
|---|---|
| 07:30 | 2 |
| 08:30 | 4 |

- \`src/server/slots.ts\` counts only \`paid\` and \`pending\`
- the order page asks for a slot before it asks for a name

\`\`\`ts
export const placesLeft = (taken: number) => Math.max(0, capacity - taken);
\`\`\`

Next I would print the bake list: [the plan](https://example.org).`;
export const finished = (): TranscriptEntry[] => [
  message("90", question, "14:02:00"),
  answer([
    started(),
    step(
      1,
      "14:02:04",
      [read],
      [{ success: true, result: { content: "export const capacity = 6;", details: { duration_ms: 300 } } }],
      "I'll read the slot rules first.",
      "The capacity rule is in slots.ts; the page must ask it.",
    ),
    step(
      2,
      "14:02:21",
      [edit, { name: "mystery_tool", parameters: { moon: "full" } }],
      [
        { success: true, result: { diff: orderDiff } },
        { success: true, result: { tide: "high" } },
      ],
    ),
    step(3, "14:04:42", [test], [{ success: true, result: { output: "14 passed", details: { exit_code: 0, duration_ms: 5200 } } }]),
    ...ended("14:04:50", "no_more_actions", markdown, {
      resource_stats: {
        ...stats,
        cost_cents: 31,
        tokens_in: 48_200,
        tokens_out: 6_100,
        context_used: 34_100,
      },
    }),
  ]),
];
export const inProgress = (): TranscriptEntry[] => [message("90", question, "14:02:00")];
export const task = (over: Partial<Task>): Task => ({
  id: "0a000000-0000-4000-8000-0000000000e1",
  user_id: ids.project,
  type: "project_create",
  status: "running",
  created_at: at("14:00:00"),
  started_at: at("14:00:00"),
  completed_at: null,
  progress: { current: 40, total: 100, percentage: 40, message: "Installing packages" },
  result: null,
  error: null,
  logs: ["[2025-03-14T14:00:01Z] Copying the template react-vite", "[2025-03-14T14:00:02Z] Installing packages"],
  metadata: {},
  ...over,
});

export const up = () => [container(ids.web, "web", 5173, "running"), container(ids.api, "api", 3001, "running")];
export const report = (time: string, data: object) => frame(time, "preview_report", { container_id: ids.web, ...data });
export const modelList: Model[] = ["ollama/qwen3-coder", "openai/gpt-5.1", "anthropic/claude-sonnet-4.6"].map((id) => ({
  id,
  name: id.split("/")[1] ?? id,
  source: "provider",
  provider: id.split("/")[0] ?? "",
  provider_name: { ollama: "Ollama", openai: "OpenAI", anthropic: "Anthropic" }[id.split("/")[0] ?? ""] ?? "",
  pricing: id.startsWith("ollama/") ? null : { input: 3, output: 15 },
  available: true,
  health: "healthy",
  disabled: false,
  context_window: id.startsWith("ollama/") ? 32_768 : 200_000,
  vision: !id.startsWith("ollama/"),
  tools: id.startsWith("ollama/") ? "text" : "native",
  score: id.startsWith("ollama/") ? 65 : null,
  tokens_per_second: id.startsWith("ollama/") ? 42 : null,
  reasoning: /claude|gpt-5/.test(id) ? ["off" as const, "low" as const, "medium" as const, "high" as const] : [],
  is_price_known: true,
  message_cents: id.startsWith("ollama/") ? 0 : id.startsWith("openai/") ? 6.2 : 11.7,
  own_key: id.startsWith("ollama/"),
}));

export const fileText = `import { useState } from "react";
import { useSlots, type Slot } from "../server/slots.ts";

const capacity = 6;

/** Where an order gets its pick-up slot. */
export function Order({ day }: { day: string }) {
  const [slot, setSlot] = useState<Slot>();
  const slots = useSlots(day);
  return (
    <form onSubmit={submit} className="order">
      {slots.map((candidate) => (
        <button key={candidate.time} disabled={candidate.left === 0} onClick={() => setSlot(candidate)}>
          {candidate.time} <em>{candidate.left} of {capacity} left</em>
        </button>
      ))}
    </form>
  );
}
`;
