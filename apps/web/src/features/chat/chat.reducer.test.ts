import { describe, expect, test } from "vitest";
import type { ProjectEvent, Transcript, TranscriptEntry, TranscriptEvent, TranscriptMessage, TranscriptRun } from "@tesslate/contract";
import { chatReducer, emptyChat, liveRun, runEventOf, shownRuns, type ChatAction } from "./chat.reducer.ts";
import type { IncomingRunEvent, ChatState, Part, Run } from "./chat.types.ts";
import { partsOf } from "./run-events.ts";

const at = (second: number) => `2026-03-05T10:00:${String(second).padStart(2, "0")}Z`;
const ev = (seq: number, type: string, data: unknown, taskId = "t1"): IncomingRunEvent => ({ taskId, seq, at: at(seq), type, data });
const play = (actions: ChatAction[], from: ChatState = emptyChat) => actions.reduce(chatReducer, from);
const events = (...list: IncomingRunEvent[]): ChatAction => ({ type: "events", events: list });
const runIn = (state: ChatState, taskId = "t1"): Run => {
  const run = state.runs[taskId];
  if (!run) throw new Error(`no run ${taskId}`);
  return run;
};
const brief = (part: Part): string => {
  switch (part.kind) {
    case "text":
    case "thought":
      return `${part.kind}:${part.text}`;
    case "tool":
      return `tool:${part.name}:${part.status}`;
    case "draft":
      return `draft:${part.draft.path}:${part.draft.lines}`;
    case "command":
      return `command:${part.command.ending?.reason ?? "running"}`;
    case "approval":
      return `approval:${part.answer?.response ?? "open"}`;
    case "question":
      return `question:${part.answer?.outcome ?? "open"}`;
    case "error":
      return `error:${part.code}`;
    case "retry":
      return `retry:${part.retryId}:${part.status}:${part.attempt}`;
    case "steered":
      return `steered:${part.text}`;
    case "notice":
      return `notice ${part.message}`;
    case "compaction":
      return `compaction of ${part.replaced}`;
    case "plain":
      return `plain:${part.type}`;
  }
};
const briefs = (state: ChatState, taskId = "t1") => runIn(state, taskId).parts.map(brief);

const started = ev(1, "task_started", { chat_id: "c1", message_id: "m9", agent_id: null, model: "openai/gpt-5.1" });
const write = { name: "write_file", parameters: { file_path: "src/About.tsx", content: "x" } };
const ok = { success: true, tool: "write_file", result: { file_path: "src/About.tsx" } };
const step = (seq: number, over: Record<string, unknown> = {}) =>
  ev(seq, "agent_step", {
    iteration: 1,
    thought: null,
    tool_calls: [write],
    tool_results: [ok],
    response_text: "I'll add the page.",
    timestamp: at(seq),
    is_complete: false,
    ...over,
  });
const complete = (seq: number, over: Record<string, unknown> = {}) =>
  ev(seq, "complete", {
    success: true,
    iterations: 2,
    final_response: "Added src/About.tsx.",
    tool_calls_made: 1,
    completion_reason: "no_more_actions",
    ...over,
  });

/** A run with an approval and a file change, as the server sends it. */
const example = [
  started,
  ev(2, "text_chunk", { content: "I'll add ", iteration: 1 }),
  ev(3, "text_chunk", { content: "the page.", iteration: 1 }),
  ev(4, "tool_started", { iteration: 1, tools: [write], timestamp: at(4) }),
  ev(5, "approval_required", {
    approval_id: "a1",
    tool_name: "write_file",
    tool_parameters: write.parameters,
    tool_description: "Writes a file",
  }),
  ev(6, "approval_resolved", { approval_id: "a1", response: "allow_once", note: null, by: "Nadia", at: at(6) }),
  ev(7, "file_changed", { path: "src/About.tsx", op: "add", size: 1, diff: "+x" }),
  step(8),
  ev(9, "text_chunk", { content: "Added src/About.tsx.", iteration: 2 }),
  ev(10, "credits_used", {
    cost_total_cents: 2,
    credits_deducted: 1,
    new_balance: 499,
    usage_log_id: null,
    is_byok: false,
    tokens_in: 900,
    tokens_out: 80,
  }),
  complete(11),
  ev(12, "done", {}),
];

describe("a run, event by event", () => {
  test("streams text, shows the tool, waits, goes on and ends", () => {
    expect(briefs(play([events(...example.slice(0, 2))]))).toEqual(["text:I'll add "]);
    const running = play([events(...example.slice(0, 4))]);
    expect(briefs(running)).toEqual(["text:I'll add the page.", "tool:write_file:running"]);
    const held = play([events(...example.slice(0, 5))]);
    expect(briefs(held)).toEqual(["text:I'll add the page.", "tool:write_file:waiting", "approval:open"]);
    expect(liveRun(held)?.status).toBe("waiting");
    const end = play([events(...example)]);
    expect(briefs(end)).toEqual(["text:I'll add the page.", "tool:write_file:ok", "approval:allow_once", "text:Added src/About.tsx."]);
    expect(runIn(end)).toMatchObject({
      status: "done",
      reason: "no_more_actions",
      usage: { tokensIn: 900, tokensOut: 80, credits: 1, costCents: 2 },
    });
    expect(liveRun(end)).toBeUndefined();
    const tool = runIn(end).parts[1];
    expect(tool).toMatchObject({ durationMs: 2000, edits: [{ path: "src/About.tsx", op: "add", diff: "+x" }] });
  });

  test("one at a time or all at once: the same", () => {
    expect(play(example.map((event) => events(event)))).toEqual(play([events(...example)]));
  });

  test.each([
    ["twice", [...example, ...example]],
    ["each doubled", example.flatMap((event) => [event, event])],
    ["an old one again", [...example.slice(0, 8), ...example.slice(2, 5), ...example.slice(8)]],
  ])("duplicates and old news change nothing: %s", (_, list) => expect(play([events(...list)])).toEqual(play([events(...example)])));

  test("a step without its live events is shown whole", () => {
    const state = play([
      events(started, step(8, { thought: "hm", tool_results: [{ success: false, error: "no" }] }), complete(9), ev(10, "done", {})),
    ]);
    expect(briefs(state)).toEqual(["thought:hm", "text:I'll add the page.", "tool:write_file:failed", "text:Added src/About.tsx."]);
  });

  test("reasoning is one thought that lasts until the next event, live and after a reload", () => {
    const reason = (seq: number, content: string) => ev(seq, "reasoning_chunk", { content, iteration: 1 });
    const text = ev(9, "text_chunk", { content: "Looking.", iteration: 1 });
    const rest = [text, step(11, { thought: "Where is it?", response_text: "Looking." })];
    const live = play([events(started, reason(2, "Where "), reason(3, "is it?"), ...rest)]);
    const reloaded = play([events(started, reason(2, "Where is it?"), ...rest)]);
    for (const state of [live, reloaded]) {
      expect(briefs(state)).toEqual(["thought:Where is it?", "text:Looking.", "tool:write_file:ok"]);
      expect(runIn(state).parts[0]).toMatchObject({ durationMs: 7_000 });
    }
  });

  test("a thought between two texts is one of its own", () => {
    const state = play([
      events(
        started,
        ev(2, "reasoning_chunk", { content: "hm", iteration: 1 }),
        ev(3, "text_chunk", { content: "First.", iteration: 1 }),
        ev(4, "reasoning_chunk", { content: "\n\nand then", iteration: 1 }),
        ev(5, "text_chunk", { content: "Second.", iteration: 1 }),
        step(6, { thought: "hm\n\nand then", response_text: "First.Second." }),
      ),
    ]);
    expect(briefs(state)).toEqual(["thought:hm", "text:First.", "thought:and then", "text:Second.", "tool:write_file:ok"]);
  });

  test("a thought stands before what was said, even when the text came first", () => {
    const state = play([
      events(
        started,
        ev(2, "text_chunk", { content: "Looking.", iteration: 1 }),
        ev(3, "tool_started", { iteration: 1, tools: [write], timestamp: at(3) }),
      ),
      events(step(4, { thought: "where is it?" })),
    ]);
    expect(briefs(state)).toEqual(["thought:where is it?", "text:Looking.", "tool:write_file:ok"]);
  });

  test("equal calls of one batch get their own results, in order", () => {
    const read = { name: "read_file", parameters: { file_path: "a" } };
    const state = play([
      events(
        started,
        ev(2, "tool_started", { iteration: 1, tools: [read, write, read], timestamp: at(2) }),
        step(3, {
          tool_calls: [read, write, read],
          tool_results: [{ success: true, result: { content: "1" } }, ok, { success: false, error: "gone" }],
        }),
      ),
    ]);
    expect(briefs(state)).toEqual(["text:I'll add the page.", "tool:read_file:ok", "tool:write_file:ok", "tool:read_file:failed"]);
  });

  test("while one call of a batch waits for an approval, those before it have ended and those behind it have not begun", () => {
    const call = (name: string, file_path: string) => ({ name, parameters: { file_path } });
    const tools = [call("read_file", "a"), call("write_file", "b"), call("write_file", "c"), call("read_file", "d")];
    const asks = (seq: number, approval_id: string, of: (typeof tools)[number]) =>
      ev(seq, "approval_required", { approval_id, tool_name: of.name, tool_parameters: of.parameters, tool_description: "" });
    const answered = (seq: number, approval_id: string, response: string) =>
      ev(seq, "approval_resolved", { approval_id, response, note: null, by: "Nadia", at: at(seq) });
    const list = [started, ev(2, "tool_started", { iteration: 1, tools, timestamp: at(2) }), asks(3, "a1", tools[1]!)];
    const statuses = (state: ChatState) => runIn(state).parts.flatMap((part) => (part.kind === "tool" ? [part.status] : []));
    expect(statuses(play([events(...list)]))).toEqual(["ended", "waiting", "queued", "queued"]);
    list.push(answered(4, "a1", "allow_once"));
    expect(statuses(play([events(...list)]))).toEqual(["ended", "running", "running", "running"]);
    list.push(asks(5, "a2", tools[2]!));
    expect(statuses(play([events(...list)]))).toEqual(["ended", "ended", "waiting", "queued"]);
    list.push(answered(6, "a2", "deny"));
    const tool_results = [ok, ok, { success: false, error: "Declined." }, { success: false, error: "It is gone." }];
    list.push(step(7, { tool_calls: tools, tool_results }));
    expect(statuses(play([events(...list)]))).toEqual(["ok", "ok", "refused", "failed"]);
  });

  test("a sub-agent's approval says nothing of the batch", () => {
    const tools = [
      { name: "invoke_subagent", parameters: { name: "a" } },
      { name: "invoke_subagent", parameters: { name: "b" } },
    ];
    const asked = ev(3, "approval_required", { approval_id: "a1", tool_name: "write_file", tool_parameters: {}, tool_description: "" });
    const state = play([events(started, ev(2, "tool_started", { iteration: 1, tools, timestamp: at(2) }), asked)]);
    expect(briefs(state)).toEqual(["tool:invoke_subagent:running", "tool:invoke_subagent:running", "approval:open"]);
  });

  test("unknown events stay, as what they are", () => {
    const state = play([events(started, ev(2, "checkpoint_created", { id: "c14" }), complete(3))]);
    expect(briefs(state)).toEqual(["plain:checkpoint_created", "text:Added src/About.tsx."]);
  });
});

describe("ways to end", () => {
  test("cancelled: what was open is closed, no notice as text", () => {
    const state = play([
      events(
        ...example.slice(0, 5),
        complete(6, { success: false, completion_reason: "cancelled", final_response: "Stopped." }),
        ev(7, "done", {}),
      ),
    ]);
    expect(briefs(state)).toEqual(["text:I'll add the page.", "tool:write_file:refused", "approval:stop"]);
    expect(runIn(state).status).toBe("cancelled");
  });
  test("a call that was running when the run ended was stopped, unless its change was made", () => {
    const call = (name: string, file_path: string) => ({ name, parameters: { file_path } });
    const tools = [call("write_file", "src/About.tsx"), call("run_command", "npm test")];
    const state = play([
      events(
        started,
        ev(2, "tool_started", { iteration: 1, tools, timestamp: at(2) }),
        ev(3, "file_changed", { path: "src/About.tsx", op: "add" }),
        complete(4, { success: false, completion_reason: "interrupted", final_response: "" }),
      ),
    ]);
    expect(briefs(state)).toEqual(["tool:write_file:ok", "tool:run_command:stopped"]);
  });
  test("denied: the tool is refused and stays so after its step", () => {
    const denied = ev(6, "approval_resolved", { approval_id: "a1", response: "deny", note: "later", by: "Nadia", at: at(6) });
    const state = play([events(...example.slice(0, 5), denied, step(7, { tool_results: [{ success: false, error: "denied" }] }))]);
    expect(briefs(state)).toEqual(["text:I'll add the page.", "tool:write_file:refused", "approval:deny"]);
    expect(runIn(state).status).toBe("running");
  });
  test("an approval without an answer in time: the tool is not run, and its row says why", () => {
    const timeout = ev(6, "approval_resolved", { approval_id: "a1", response: "timeout", note: null, by: null, at: at(6) });
    const state = play([events(...example.slice(0, 5), timeout)]);
    expect(briefs(state)).toEqual(["text:I'll add the page.", "tool:write_file:refused", "approval:timeout"]);
  });
  test("error, then complete: one error row", () => {
    const state = play([
      events(
        started,
        ev(2, "error", { message: "The model refused.", code: "model_error" }),
        complete(3, { success: false, completion_reason: "error", final_response: "" }),
        ev(4, "done", {}),
      ),
    ]);
    expect(briefs(state)).toEqual(["error:model_error"]);
    expect(runIn(state).status).toBe("failed");
  });
  test("interrupted can be resumed: no error row", () => {
    const state = play([
      events(
        started,
        ev(2, "error", { message: "The server was stopped.", code: "interrupted" }),
        complete(3, { success: false, completion_reason: "interrupted", final_response: "" }),
      ),
    ]);
    expect(runIn(state).status).toBe("interrupted");
    expect(briefs(state)).toEqual([]);
  });
  test.each([
    ["max_iterations", "limited"],
    ["credits_exhausted", "limited"],
    ["user_stopped", "cancelled"],
    ["approval_timeout", "cancelled"],
    ["task_complete_signal", "done"],
    ["something_new", "failed"],
  ])("%s is %s", (reason, status) =>
    expect(runIn(play([events(started, complete(2, { completion_reason: reason, success: false }))])).status).toBe(status),
  );
  test("done without complete is a failure, not an endless run", () => {
    expect(runIn(play([events(started, ev(2, "done", { error: "lost" }))])).status).toBe("failed");
  });
});

describe("approvals", () => {
  test("an answer shows at once and is taken back when the server refuses it", () => {
    const held = play([events(...example.slice(0, 5))]);
    const answered = play([{ type: "answered", approvalId: "a1", response: "deny", note: "no", by: "You", at: at(6) }], held);
    expect(briefs(answered).at(-1)).toBe("approval:deny");
    expect(liveRun(answered)?.status).toBe("running");
    expect(play([{ type: "unanswered", approvalId: "a1" }], answered)).toEqual(held);
  });
  test("the same question twice (replay after reload) is one card", () => {
    const again = ev(6, "approval_required", example[4]?.data);
    expect(briefs(play([events(...example.slice(0, 5), again)])).filter((text) => text.startsWith("approval"))).toHaveLength(1);
  });
});

describe("sending", () => {
  test("a message that waits for the setup is queued", () => {
    const state = play([{ type: "sending", id: "u1", text: "Add an about page", at: at(0), isQueued: true }]);
    expect(state.turns[0]).toMatchObject({ delivery: "sending", isQueued: true });
  });
  const sending: ChatAction = { type: "sending", id: "u1", text: "Add an about page", at: at(0) };
  test("the message is there before the server speaks, whichever answer comes first", () => {
    const sent: ChatAction = { type: "sent", id: "u1", taskId: "t1", chatId: "c1", editMode: "ask" };
    for (const order of [
      [sending, sent, events(started)],
      [sending, events(started), sent],
    ]) {
      const state = play(order);
      expect(state.turns.map((turn) => (turn.kind === "user" ? `${turn.text}:${turn.delivery}` : turn.taskId))).toEqual([
        "Add an about page:sent",
        "t1",
      ]);
      expect(runIn(state)).toMatchObject({ chatId: "c1", editMode: "ask", status: "running" });
      expect(state.chatId).toBe("c1");
    }
  });
  test("refused: it stays, with the reason", () => {
    const state = play([sending, { type: "refused", id: "u1", failure: { code: "chat_busy", message: "busy" } }]);
    expect(state.turns[0]).toMatchObject({ delivery: "failed", failure: { code: "chat_busy" } });
    expect(play([{ type: "withdrawn", id: "u1" }], state).turns).toEqual([]);
  });
});

const question = (id: string, text: string, over: Partial<TranscriptMessage> = {}): TranscriptMessage => ({
  type: "message",
  id,
  text,
  attachments: [],
  mentions: [],
  details: null,
  auto_fix: null,
  created_at: at(0),
  ...over,
});
/** As the server sends them: consecutive text of a step is one event. */
const transcriptEvents = (list: readonly IncomingRunEvent[]): TranscriptEvent[] =>
  list.reduce<TranscriptEvent[]>((before, { taskId, seq, at: ts, type, data }) => {
    const last = before.at(-1);
    const event = { seq, task_id: taskId, ts, type, data } as TranscriptEvent;
    return event.type === "text_chunk" && last?.type === "text_chunk" && last.data.iteration === event.data.iteration
      ? before.with(-1, { ...last, data: { ...last.data, content: last.data.content + event.data.content } })
      : [...before, event];
  }, []);
const answered = (list: readonly IncomingRunEvent[], over: Partial<TranscriptRun> = {}): TranscriptRun => ({
  type: "run",
  message_id: "m9",
  task_id: list.at(-1)?.taskId ?? "t1",
  last_seq: list.at(-1)?.seq ?? 0,
  events: transcriptEvents(list),
  created_at: at(0),
  ...over,
});
const pageOf = (entries: TranscriptEntry[], over: Partial<Transcript> = {}): Transcript => ({
  entries,
  before: null,
  todos: [],
  rewound: [],
  ...over,
});
const loaded = (entries: TranscriptEntry[], over: Partial<Transcript> = {}): ChatAction => ({
  type: "loaded",
  chatId: "c1",
  page: pageOf(entries, over),
});
const ids = (state: ChatState) => state.turns.map((turn) => (turn.kind === "user" ? turn.id : turn.taskId));

/** An answer with everything that a run can have: it is interrupted, resumed as `t2`, and gets a notice after its end. */
const eventful = (() => {
  const seqs = { t1: 0, t2: 0 };
  const next = (taskId: "t1" | "t2", type: string, data: unknown) => ev((seqs[taskId] += 1), type, data, taskId);
  const first = (type: string, data: unknown) => next("t1", type, data);
  const second = (type: string, data: unknown) => next("t2", type, data);
  const text = (content: string, iteration: number) => ({ content, iteration });
  const bash = { name: "bash_exec", parameters: { command: "npm test" } };
  const ask = { name: "ask_question", parameters: { question: "Which?" } };
  const secret = { name: "request_secret", parameters: { name: "STRIPE_KEY" } };
  const agent = { name: "invoke_subagent", parameters: { name: "Explore", task: "find it" } };
  const committed = (iteration: number, calls: object[], results: object[], more: object = {}) => ({
    iteration,
    thought: null,
    tool_calls: calls,
    tool_results: results,
    response_text: "",
    timestamp: at(iteration * 5),
    is_complete: false,
    ...more,
  });
  const started = { chat_id: "c1", message_id: "m9", agent_id: null, model: "openai/gpt-5.1", edit_mode: "ask" };
  const needs = (approval_id: string, call: { name: string; parameters: object }) => ({
    approval_id,
    tool_name: call.name,
    tool_parameters: call.parameters,
    tool_description: "",
  });
  const decided = (approval_id: string, response: string, note: string | null) => ({ approval_id, response, note, by: "Ada", at: at(9) });
  const sub = (kind: string, more: object = {}) => ({ agent_id: "s1", name: "Explore", call: { iteration: 3, index: 0 }, kind, ...more });
  const asked = { question_id: "q1", tool_name: "ask_question", kind: "question", question: "Which?", choices: [{ label: "One" }], is_multiple: false, allows_text: true }; // prettier-ignore
  const wanted = { question_id: "q2", tool_name: "request_secret", kind: "secret", secret_key: "STRIPE_KEY", reason: "", container: null };
  const resolved = (question_id: string, choices: string[]) => ({
    question_id,
    outcome: "answered",
    choices,
    text: null,
    by: "Ada",
    at: at(20),
  });
  const cost = { cost_total_cents: 2, credits_deducted: 1, new_balance: 9, usage_log_id: null, is_byok: false, tokens_in: 900, tokens_out: 80, purpose: "turn", context_window: 10_000 }; // prettier-ignore
  return [
    first("task_started", started),
    first("notice", { level: "info", message: "Packages are installed." }),
    first("text_chunk", text("I'll ", 1)),
    first("text_chunk", text("write.", 1)),
    first("credits_used", cost),
    first("tool_started", { iteration: 1, tools: [write, bash], timestamp: at(2) }),
    first("approval_required", needs("a1", write)),
    first("approval_resolved", decided("a1", "allow_once", "carefully")),
    first("file_changed", { path: "src/About.tsx", op: "add", diff: "+x", by: "agent" }),
    first("approval_required", needs("a2", bash)),
    first("approval_resolved", decided("a2", "deny", "not now")),
    first(
      "agent_step",
      committed(1, [write, bash], [ok, { success: false, error: "denied" }], { thought: "hm", response_text: "I'll write." }),
    ),
    first("todo_updated", { todos: [{ id: "1", content: "About", status: "pending" }] }),
    first("steered", { id: "m1", message: "Use blue", iteration: 2, at: at(6) }),
    first("tool_started", { iteration: 2, tools: [ask], timestamp: at(7) }),
    first("question_asked", asked),
    first("question_resolved", resolved("q1", ["One"])),
    first("agent_step", committed(2, [ask], [{ success: true }])),
    first("text_chunk", text("This was ", 3)),
    first("text_chunk", text("lost.", 3)),
    first("error", { message: "The server was stopped.", code: "interrupted" }),
    first("complete", { success: false, iterations: 2, final_response: "", tool_calls_made: 3, completion_reason: "interrupted" }),
    first("done", {}),
    second("task_started", { ...started, goes_on_after: 2 }),
    second("tool_started", { iteration: 3, tools: [agent], timestamp: at(12) }),
    second("subagent_event", sub("started", { task: "find it" })),
    second("subagent_event", sub("text", { content: "Looking." })),
    second("subagent_event", sub("tool_started", { iteration: 1, tools: [bash] })),
    second("subagent_event", sub("step", { iteration: 1, tool_calls: [{ ...bash, success: true, message: "" }] })),
    second("subagent_event", sub("finished", { success: true })),
    second("agent_step", committed(3, [agent], [{ success: true, result: { details: { duration_ms: 700 } } }])),
    second("tool_started", { iteration: 4, tools: [secret], timestamp: at(19) }),
    second("question_asked", wanted),
    second("question_resolved", resolved("q2", [])),
    second("agent_step", committed(4, [secret], [{ success: true }])),
    second("credits_used", cost),
    second("text_chunk", text("All ", 5)),
    second("text_chunk", text("done.", 5)),
    second("evidence_added", { id: "e1", task_id: "t2", message_id: "m9", verify: null, checks: null, created_at: at(30) }),
    second("complete", { success: true, iterations: 5, final_response: "All done.", tool_calls_made: 5, completion_reason: "no_more_actions", changes: { files: 1, additions: 1, deletions: 0 } }), // prettier-ignore
    second("done", {}),
    second("notice", { level: "warning", message: "The app still reports errors." }),
    second("compacted", { replaced: 12, kept: 3, tokens_before: 90_000, tokens_after: 21_000, summary: "What was done." }),
  ];
})();

describe("a transcript", () => {
  const live = (list: readonly IncomingRunEvent[]) => play([{ type: "opened", chatId: "c1" }, ...list.map((event) => events(event))]);
  const reloaded = (list: readonly IncomingRunEvent[], after: readonly IncomingRunEvent[] = []) =>
    play([{ type: "opened", chatId: "c1" }, loaded([answered(list)]), events(...after)]);

  test("is the state of a run that was watched, in every part", () => {
    const watched = shownRuns(live(eventful));
    expect(shownRuns(reloaded(eventful))).toEqual(watched);
    const [run] = watched;
    expect(run?.taskId).toBe("t2");
    expect(partsOf(run!).map(brief)).toEqual([
      "notice Packages are installed.",
      "thought:hm",
      "text:I'll write.",
      "tool:write_file:ok",
      "tool:bash_exec:refused",
      "approval:allow_once",
      "approval:deny",
      "steered:Use blue",
      "tool:ask_question:ok",
      "question:answered",
      "tool:invoke_subagent:ok",
      "tool:request_secret:ok",
      "question:answered",
      "text:All done.",
      "notice The app still reports errors.",
      "compaction of 12",
    ]);
    expect(run).toMatchObject({ editMode: "ask", changes: { files: 1 }, evidence: [{ id: "e1" }], usage: { costCents: 4, credits: 2 } });
  });

  test("of an active run is continued by the stream, wherever it was read, with events that it has already", () => {
    const watched = live(eventful);
    for (let end = 1; end < eventful.length; end += 1) {
      const state = reloaded(eventful.slice(0, end), eventful.slice(Math.max(0, end - 3)));
      expect([end, shownRuns(state)]).toEqual([end, shownRuns(watched)]);
    }
  });

  test("has the events that arrived since it was requested, but not those of other chats", () => {
    const other = ev(1, "task_started", { chat_id: "c2", message_id: "m", agent_id: null, model: "x" }, "t7");
    const state = play([
      { type: "opened", chatId: "c1" },
      { type: "loading" },
      // The page was opened in the middle of the run.
      events(...example.slice(5)),
      events(ev(4, "text_chunk", { content: "…", iteration: 1 }, "t8"), other),
      loaded([question("u1", "Add an about page"), answered(example.slice(0, 8))]),
    ]);
    expect(shownRuns(state)).toEqual(shownRuns(live(example)));
    expect([ids(state), state.sinceRequest, Object.keys(state.runs)]).toEqual([["u1", "t1"], undefined, ["t7", "t1"]]);
  });

  test("replaces what was shown of a run, and takes out runs that are gone", () => {
    const watched = play([
      { type: "sending", id: "u1", text: "x", at: at(0) },
      events(...example),
      { type: "sent", id: "u1", taskId: "t1", chatId: "c1", editMode: undefined },
    ]);
    expect(play([loaded([])], watched).turns).toEqual([]);
    const again = play([loaded([question("u1", "x"), answered(example)])], watched);
    expect(shownRuns(again)).toEqual(shownRuns(watched));
    expect(again.turns).toHaveLength(2);
  });

  test("of a run that has not started is a run in progress; a resumed one shows what it did before", () => {
    const state = play([loaded([question("u1", "x"), answered([], { task_id: "t1" })])]);
    expect(liveRun(state)).toMatchObject({ taskId: "t1", messageId: "m9", startedAt: at(0) });
    expect(briefs(play([events(...example)], state))).toEqual(briefs(live(example)));
    const interrupted = eventful.filter(({ taskId }) => taskId === "t1");
    const resumed = play([loaded([answered(interrupted, { task_id: "t2", last_seq: 0 })])]);
    expect(shownRuns(resumed).map(({ taskId, status }) => [taskId, status])).toEqual([["t1", "interrupted"]]);
    expect(shownRuns(play([events(...eventful)], resumed))).toEqual(shownRuns(live(eventful)));
  });

  test("a message on its way is kept once, under the server's id when it has arrived", () => {
    const onItsWay = play([
      { type: "opened", chatId: "c1" },
      { type: "sending", id: "local", text: "x", at: at(0) },
    ]);
    expect(play([loaded([])], onItsWay).turns).toHaveLength(1);
    const arrived = play([loaded([question("u1", "x", { auto_fix: 1, mentions: [{ path: "a" }] })])], onItsWay).turns;
    expect(arrived).toEqual([{ kind: "user", id: "u1", text: "x", at: at(0), delivery: "sent", autoFix: 1, mentions: ["a"] }]);
  });

  test("a run that was just started stays while the transcript does not have it", () => {
    const sent = play([
      { type: "opened", chatId: "c1" },
      { type: "sending", id: "local", text: "x", at: at(0) },
      { type: "sent", id: "local", taskId: "t1", chatId: "c1", editMode: "plan" },
    ]);
    expect(ids(play([loaded([])], sent))).toEqual(["local", "t1"]);
    expect(runIn(play([loaded([question("u1", "x"), answered([])])], sent)).editMode).toBe("plan");
  });

  test("earlier pages come before what is shown and stay when the newest page is read again", () => {
    const run = (taskId: string) => {
      const [first, ...rest] = example.map((event) => ({ ...event, taskId }));
      return answered([{ ...first!, data: { chat_id: "c1", message_id: `m${taskId}`, agent_id: null, model: "x" } }, ...rest]);
    };
    const newest = [question("u2", "two"), run("t2")];
    const state = play([{ type: "opened", chatId: "c1" }, loaded(newest, { before: 2 })]);
    expect(state.before).toBe(2);
    const earlier: ChatAction = { type: "earlier_loaded", chatId: "c1", before: 2, page: pageOf([question("u1", "one"), run("t1")]) };
    const whole = play([earlier, earlier], state);
    expect([ids(whole), whole.before]).toEqual([["u1", "t1", "u2", "t2"], undefined]);
    expect(briefs(whole, "t1")).toEqual(briefs(live(example)));
    const again = play([loaded([...newest, question("u3", "three"), run("t3")], { before: 2 })], whole);
    expect([ids(again), again.before]).toEqual([["u1", "t1", "u2", "t2", "u3", "t3"], undefined]);
    // A page that does not continue them replaces them.
    expect([ids(play([loaded([run("t9")], { before: 5 })], whole)), play([loaded([run("t9")], { before: 5 })], whole).before]).toEqual([
      ["t9"],
      5,
    ]);
    expect(ids(play([{ type: "opened", chatId: "c2" }, earlier], whole))).toEqual([]);
  });

  test("an error has one row, also without an event of its own", () => {
    const failed = [started, complete(2, { success: false, completion_reason: "error", error: "The model is gone.", final_response: "" })];
    expect(briefs(play([loaded([answered(failed)])]))).toEqual(["error:error"]);
  });

  test("hidden messages are those that a restore hid, until a new message starts a run", () => {
    const rewound = [{ id: "u2", role: "user" as const, text: "Later", created_at: at(1) }];
    const state = play([loaded([question("u1", "x")], { rewound })]);
    expect(state.rewound).toEqual([{ id: "u2", role: "user", text: "Later", at: at(1) }]);
    expect(play([events(started)], state).rewound).toEqual([]);
  });
});

describe("several runs", () => {
  test("a run of another session does not enter this one", () => {
    const other = ev(1, "task_started", { chat_id: "c2", message_id: "m", agent_id: null, model: "x" }, "t2");
    const state = play([
      { type: "opened", chatId: "c1" },
      events(started, other, ev(2, "text_chunk", { content: "elsewhere", iteration: 1 }, "t2")),
    ]);
    expect(shownRuns(state).map((run) => run.taskId)).toEqual(["t1"]);
    expect(runIn(state, "t2").parts).toHaveLength(1);
  });
  test("of a run that started before the page was open, only its transcript is shown; other tasks are no runs", () => {
    const state = play([events(ev(5, "text_chunk", { content: "…", iteration: 1 }, "t7"), ev(1, "task_update", {}, "start"))]);
    expect(state).toEqual(emptyChat);
  });
});

describe("to-dos", () => {
  const todos = [
    { id: "1", content: "Slots table", status: "completed" },
    { content: "Slot picker", status: "in_progress" },
    { content: "", status: "pending" },
    "nonsense",
  ];
  test("from the event, and from todo_write in a step", () => {
    const fromEvent = play([{ type: "opened", chatId: "c1" }, events(started, ev(2, "todo_updated", { todos }))]);
    expect(fromEvent.todos.map((todo) => `${todo.content}:${todo.status}`)).toEqual(["Slots table:completed", "Slot picker:in_progress"]);
    const call = { name: "todo_write", parameters: { todos: [{ content: "One", status: "odd" }] } };
    const fromStep = play([events(step(3, { tool_calls: [call], tool_results: [{ success: true }] }))], fromEvent);
    expect(fromStep.todos).toEqual([{ id: "0", content: "One", status: "pending" }]);
  });
  test("of a transcript are those of the server, unless an event changes them after it was read", () => {
    const list = [started, ev(2, "todo_updated", { todos })];
    const opened: ChatAction[] = [{ type: "opened", chatId: "c1" }, { type: "loading" }];
    const read = (last: number, own: typeof todos) => loaded([answered(list.slice(0, last))], { todos: own as Transcript["todos"] });
    expect(play([...opened, events(...list), read(1, [])]).todos).toHaveLength(2);
    expect(play([...opened, events(...list), read(2, [])]).todos).toEqual([]);
    expect(play([...opened, read(2, todos.slice(0, 1))]).todos).toHaveLength(1);
  });
});

test("frames of the project stream: only those of a run", () => {
  const base = { seq: 40, ts: at(1) };
  expect(
    runEventOf({ ...base, task_id: "t1", task_seq: 2, type: "text_chunk", data: { content: "x", iteration: 1 } } as ProjectEvent),
  ).toMatchObject({ taskId: "t1", seq: 2 });
  expect(runEventOf({ ...base, type: "file_changed", data: { path: "a", op: "update" } } as ProjectEvent)).toBeUndefined();
  const ofTask = (type: string) => runEventOf({ ...base, task_id: "t1", task_seq: 2, type, data: {} } as unknown as ProjectEvent);
  expect(["task_update", "queue_changed", "container_status"].map(ofTask)).toEqual([undefined, undefined, undefined]);
  expect(ofTask("event_of_a_newer_server")).toMatchObject({ type: "event_of_a_newer_server" });
});

test("a message that was sent during a run stands before the step that received it, notices where they were sent", () => {
  const notice = (seq: number, text: string) => ev(seq, "notice", { level: "info", message: text });
  const steered = (seq: number, id: string, text: string, iteration: number) =>
    ev(seq, "steered", { id, message: text, iteration, at: "2026-01-01T00:00:02.000Z" });
  const state = play([
    events(
      started,
      notice(2, "is new here"),
      step(3, { response_text: "" }),
      steered(4, "q1", "Use blue", 2),
      notice(5, "another answers"),
      step(6, { iteration: 2, response_text: "Blue." }),
      notice(7, "installed"),
      steered(8, "q2", "Thanks", 3),
      steered(9, "q3", "A lot", 3),
      ev(10, "text_chunk", { content: "Done.", iteration: 3 }),
      complete(11, { iterations: 3, final_response: "Done." }),
    ),
  ]);
  expect(briefs(state)).toEqual([
    "notice is new here",
    "tool:write_file:ok",
    "steered:Use blue",
    "notice another answers",
    "text:Blue.",
    "tool:write_file:ok",
    "notice installed",
    "steered:Thanks",
    "steered:A lot",
    "text:Done.",
  ]);
});

test("a run that is resumed after a pause is one answer with the cost of both tasks", () => {
  const call = (iteration: number) => ({
    iteration,
    thought: null,
    tool_calls: [write],
    tool_results: [ok],
    response_text: "",
    timestamp: at(iteration),
    is_complete: false,
  });
  const stats = { cost_cents: 5, cost_limit_cents: 5, iterations: 1, iteration_limit: null, tokens_in: 1, tokens_out: 1, duration_ms: 1 };
  const paused = [
    started,
    ev(2, "agent_step", call(1)),
    complete(3, { success: false, completion_reason: "resource_limit_exceeded", final_response: "Paused.", resource_stats: stats }),
    ev(4, "done", {}),
  ];
  const before = play([loaded([question("u1", "Write"), answered(paused)])]);
  expect(shownRuns(before).map((run) => [run.taskId, run.status])).toEqual([["t1", "limited"]]);
  const resumed = [
    ev(1, "task_started", { chat_id: "c1", message_id: "m9", agent_id: null, model: "openai/gpt-5.1", goes_on_after: 1 }, "t2"),
    ev(2, "agent_step", call(2), "t2"),
    ev(3, "text_chunk", { content: "Both.", iteration: 3 }, "t2"),
  ];
  const state = play([events(...resumed)], before);
  expect(ids(state)).toEqual(["u1", "t2"]);
  expect(partsOf(runIn(state, "t2")).map(brief)).toEqual(["tool:write_file:ok", "tool:write_file:ok", "text:Both."]);
  expect(runIn(state, "t2").usage.costCents).toBe(5);
  expect(new Set(partsOf(runIn(state, "t2")).map((part) => part.key)).size).toBe(3);
});

test("the retry of a sub-agent's call has its name", () => {
  const call = { iteration: 1, index: 0 };
  const state = play([
    events(
      started,
      ev(2, "tool_started", { iteration: 1, tools: [{ name: "invoke_subagent", parameters: {} }] }),
      ev(3, "subagent_event", { agent_id: "s1", name: "Explorer", call, kind: "started", task: "Look" }),
      ev(4, "model_retry", {
        retry_id: "a",
        iteration: 1,
        status: "waiting",
        attempt: 2,
        of: 5,
        until: at(4),
        model: "openai/gpt-5.1",
        message: "OpenAI is overloaded (503).",
        agent_id: "s1",
      }),
    ),
  ]);
  expect(runIn(state).parts.at(-1)).toMatchObject({ kind: "retry", subagent: "Explorer" });
});

test("the retries of one call are one part, and an error keeps its kind", () => {
  const retry = (seq: number, retry_id: string, status: string, attempt: number) =>
    ev(seq, "model_retry", {
      retry_id,
      iteration: 1,
      status,
      attempt,
      of: 5,
      until: at(seq),
      model: "openai/gpt-5.1",
      message: "OpenAI is overloaded (503).",
    });
  const state = play([
    events(
      started,
      retry(2, "a", "waiting", 2),
      retry(3, "a", "retrying", 2),
      retry(4, "b", "waiting", 2),
      retry(5, "a", "waiting", 3),
      ev(6, "error", { code: "model_auth_failed", kind: "auth", message: "OpenAI refused the API key." }),
    ),
  ]);
  expect(briefs(state)).toEqual(["retry:a:waiting:3", "retry:b:waiting:2", "error:model_auth_failed"]);
  expect(runIn(state).parts.at(-1)).toMatchObject({ errorKind: "auth" });
});
