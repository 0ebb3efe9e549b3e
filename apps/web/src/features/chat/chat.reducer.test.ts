import { describe, expect, test } from "vitest";
import type { ChatMessage, ProjectEvent } from "@tesslate/contract";
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
    case "approval":
      return `approval:${part.answer?.response ?? "open"}`;
    case "question":
      return `question:${part.answer?.outcome ?? "open"}`;
    case "error":
      return `error:${part.code}`;
    case "steered":
      return `steered:${part.text}`;
    case "notice":
      return `notice ${part.message}`;
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

  test("numbers may skip: the store may join chunks", () => {
    const joined = [started, ev(3, "text_chunk", { content: "I'll add the page.", iteration: 1 }), ...example.slice(3)];
    expect(briefs(play([events(...joined)]))).toEqual(briefs(play([events(...example)])));
  });

  test("a step without its live events is shown whole", () => {
    const state = play([
      events(started, step(8, { thought: "hm", tool_results: [{ success: false, error: "no" }] }), complete(9), ev(10, "done", {})),
    ]);
    expect(briefs(state)).toEqual(["thought:hm", "text:I'll add the page.", "tool:write_file:failed", "text:Added src/About.tsx."]);
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
  test("denied: the tool is refused and stays so after its step", () => {
    const denied = ev(6, "approval_resolved", { approval_id: "a1", response: "deny", note: "later", by: "Nadia", at: at(6) });
    const state = play([events(...example.slice(0, 5), denied, step(7, { tool_results: [{ success: false, error: "denied" }] }))]);
    expect(briefs(state)).toEqual(["text:I'll add the page.", "tool:write_file:refused", "approval:deny"]);
    expect(runIn(state).status).toBe("running");
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

const message = (
  id: string,
  role: "user" | "assistant",
  content: string,
  metadata: Record<string, unknown> | null = null,
): ChatMessage => ({
  id,
  chat_id: "c1",
  role,
  content,
  message_metadata: metadata,
  created_at: at(0),
});
const stored = (over: Record<string, unknown> = {}) =>
  message("m9", "assistant", "Added src/About.tsx.", {
    task_id: "t1",
    completion_reason: "no_more_actions",
    iterations: 2,
    usage: { tokens_in: 900, tokens_out: 80, credits: 1 },
    steps: [
      {
        iteration: 1,
        thought: null,
        response_text: "I'll add the page.",
        timestamp: at(8),
        is_complete: false,
        tool_calls: [{ ...write, result: ok }],
      },
    ],
    ...over,
  });

describe("history", () => {
  const load = (messages: ChatMessage[], active: { task_id: string; started_at: string } | null = null): ChatAction => ({
    type: "loaded",
    chatId: "c1",
    messages,
    active,
  });

  test("a stored run looks like the one that was watched", () => {
    const state = play([load([message("u1", "user", "Add an about page"), stored()])]);
    expect(briefs(state)).toEqual(["text:I'll add the page.", "tool:write_file:ok", "text:Added src/About.tsx."]);
    expect(runIn(state)).toMatchObject({ status: "done", usage: { tokensIn: 900 } });
  });
  test("in progress and alive: goes on; the replay starts it over, without doubles", () => {
    const loaded = play([
      load([message("u1", "user", "x"), stored({ completion_reason: "in_progress" })], { task_id: "t1", started_at: at(0) }),
    ]);
    expect(liveRun(loaded)?.taskId).toBe("t1");
    const state = play(
      [
        { type: "replaying", taskId: "t1", chatId: "c1" },
        { type: "replayed", taskId: "t1", events: example },
      ],
      loaded,
    );
    expect(briefs(state)).toEqual(briefs(play([events(...example)])));
    expect(state.turns).toHaveLength(2);
  });
  test("late events and a second look at the history during a replay change nothing of its outcome", () => {
    const history = load([message("u1", "user", "x"), stored({ completion_reason: "in_progress" })], { task_id: "t1", started_at: at(0) });
    const state = play([
      history,
      { type: "replaying", taskId: "t1", chatId: "c1" },
      events(...example.slice(5, 7)),
      history,
      { type: "replayed", taskId: "t1", events: example },
      events(...example.slice(5, 7)),
    ]);
    expect(briefs(state)).toEqual(briefs(play([events(...example)])));
    expect(state.turns).toHaveLength(2);
  });
  test("in progress but dead: interrupted", () => {
    expect(runIn(play([load([stored({ completion_reason: "in_progress" })])])).status).toBe("interrupted");
  });
  test("what was watched is not replaced by what was stored meanwhile", () => {
    const watched = play([{ type: "sending", id: "u1", text: "x", at: at(0) }, events(...example.slice(0, 9))]);
    const state = play(
      [load([message("u1", "user", "x"), stored({ completion_reason: "in_progress", steps: [] })], { task_id: "t1", started_at: at(0) })],
      watched,
    );
    expect(briefs(state)).toEqual(briefs(watched));
    expect(state.turns).toHaveLength(2);
  });
  test("a message on its way is kept once, under the server's id when it has arrived", () => {
    const onItsWay = play([
      { type: "opened", chatId: "c1" },
      { type: "sending", id: "local", text: "x", at: at(0) },
    ]);
    expect(play([load([])], onItsWay).turns).toHaveLength(1);
    const arrived = play([load([message("u1", "user", "x")])], onItsWay).turns;
    expect(arrived).toHaveLength(1);
    expect(arrived[0]).toMatchObject({ id: "u1", delivery: "sent" });
  });
  test("failed: the reason is shown as an error", () => {
    expect(briefs(play([load([stored({ completion_reason: "error", error: "The model is gone." })])])).at(-1)).toBe("error:error");
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
  test("a run whose beginning was missed is asked for, once; other tasks are not", () => {
    const state = play([
      events(
        ev(5, "text_chunk", { content: "…", iteration: 1 }, "t7"),
        ev(6, "text_chunk", { content: "…", iteration: 1 }, "t7"),
        ev(1, "task_update", {}, "start"),
      ),
    ]);
    expect(state.missedTaskIds).toEqual(["t7"]);
    expect(state.runs).toEqual({});
    expect(play([{ type: "replaying", taskId: "t7", chatId: "c1" }], state).missedTaskIds).toEqual([]);
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
  test("are not put back by what was asked for before they were told, nor by a run that was over", () => {
    const opened = play([{ type: "opened", chatId: "c1" }]);
    const told = play([events(started, ev(2, "todo_updated", { todos }))], opened);
    const answer = { type: "loaded", chatId: "c1", active: null, messages: [], todos: [] } as const;
    expect(play([{ ...answer, todosBefore: opened.todos }], told).todos).toHaveLength(2);
    expect(play([{ ...answer, todosBefore: told.todos }], told).todos).toEqual([]);
    const past = [started, ev(2, "todo_updated", { todos: [] }), ev(3, "done", {})];
    expect(play([{ type: "replayed", taskId: "t1", events: past, isPast: true }], told).todos).toHaveLength(2);
    expect(play([{ type: "replayed", taskId: "t1", events: past }], told).todos).toEqual([]);
  });
  test("survive a reload", () => {
    const call = { name: "todo_write", parameters: { todos }, result: { success: true } };
    const state = play([
      {
        type: "loaded",
        chatId: "c1",
        active: null,
        messages: [
          stored({ steps: [{ iteration: 1, thought: null, response_text: "", timestamp: at(1), is_complete: false, tool_calls: [call] }] }),
        ],
      },
    ]);
    expect(state.todos).toHaveLength(2);
  });
});

test("frames of the project stream: only those of a run", () => {
  const base = { seq: 40, ts: at(1) };
  expect(
    runEventOf({ ...base, task_id: "t1", task_seq: 2, type: "text_chunk", data: { content: "x", iteration: 1 } } as ProjectEvent),
  ).toMatchObject({ taskId: "t1", seq: 2 });
  expect(runEventOf({ ...base, type: "file_changed", data: { path: "a", op: "update" } } as ProjectEvent)).toBeUndefined();
});

test("what was said meanwhile stands where it was heard, live, replayed and after a reload", () => {
  const steered = ev(3, "steered", { id: "q1", message: "Use blue", iteration: 2, at: "2026-01-01T00:00:01.000Z" });
  const second = step(4, { iteration: 2, response_text: "Blue." });
  const live = play([events(started, step(2, { response_text: "" }), steered, second, steered)]);
  expect(briefs(live)).toEqual(["tool:write_file:ok", "steered:Use blue", "text:Blue.", "tool:write_file:ok"]);
  const stored = (iteration: number, response_text: string) => ({
    iteration,
    thought: null,
    tool_calls: [{ ...write, result: ok }],
    response_text,
    timestamp: "2026-01-01T00:00:00.000Z",
    is_complete: false,
  });
  const message = {
    id: "m9",
    chat_id: "c1",
    role: "assistant" as const,
    content: "Done.",
    created_at: "2026-01-01T00:00:00.000Z",
    message_metadata: {
      task_id: "t1",
      completion_reason: "no_more_actions",
      steps: [stored(1, ""), stored(2, "Blue.")],
      steered: [
        { id: "q1", text: "Use blue", iteration: 2, at: "2026-01-01T00:00:01.000Z" },
        { id: "q2", text: "Thanks", iteration: 3, at: "2026-01-01T00:00:02.000Z" },
        { id: "q3", text: "A lot", iteration: 3, at: "2026-01-01T00:00:02.000Z" },
      ],
      notices: [
        { level: "info", message: "is new here", iteration: 1, at: "2026-01-01T00:00:00.000Z" },
        { level: "warning", message: "another answers", iteration: 2, at: "2026-01-01T00:00:01.500Z" },
        { level: "info", message: "installed", iteration: 3, at: "2026-01-01T00:00:01.700Z" },
      ],
    },
  };
  const reloaded = play([{ type: "loaded", chatId: "c1", messages: [message], active: null }]);
  const shown = [
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
  ];
  expect(briefs(reloaded)).toEqual(shown);
  // The same, live.
  const told = (seq: number, message: string) => ev(seq, "notice", { level: "info", message });
  const heard = (seq: number, id: string, message: string, iteration: number) =>
    ev(seq, "steered", { id, message, iteration, at: "2026-01-01T00:00:02.000Z" });
  const whole = play([
    events(
      started,
      told(2, "is new here"),
      step(3, { response_text: "" }),
      heard(4, "q1", "Use blue", 2),
      told(5, "another answers"),
      step(6, { iteration: 2, response_text: "Blue." }),
      told(7, "installed"),
      heard(8, "q2", "Thanks", 3),
      heard(9, "q3", "A lot", 3),
      ev(10, "text_chunk", { content: "Done.", iteration: 3 }),
      complete(11, { iterations: 3, final_response: "Done." }),
    ),
  ]);
  expect(briefs(whole)).toEqual(shown);
});

test("a run that goes on with another's answer is one piece of work, live, replayed and after a reload", () => {
  const question = { id: "m8", chat_id: "c1", role: "user" as const, content: "Write", created_at: at(0), message_metadata: null };
  const call = (iteration: number) => ({
    iteration,
    thought: null,
    tool_calls: [{ ...write, result: ok }],
    response_text: "",
    timestamp: at(iteration),
    is_complete: false,
  });
  const stored = (metadata: Record<string, unknown>, content = "") => ({
    ...question,
    id: "m9",
    role: "assistant" as const,
    content,
    message_metadata: metadata,
  });
  const paused = { task_id: "t1", completion_reason: "resource_limit_exceeded", steps: [call(1)], cost_cents: 5 };
  const before = play([{ type: "loaded", chatId: "c1", messages: [question, stored(paused, "Paused.")], active: null }]);
  expect(shownRuns(before).map((run) => [run.taskId, run.status])).toEqual([["t1", "limited"]]);

  const goesOn = { chat_id: "c1", message_id: "m9", agent_id: null, model: "openai/gpt-5.1", goes_on_after: 1 };
  const own = [
    ev(1, "task_started", goesOn, "t2"),
    ev(2, "agent_step", { ...call(2), tool_calls: [write], tool_results: [ok] }, "t2"),
    ev(3, "text_chunk", { content: "Both.", iteration: 3 }, "t2"),
  ];
  const shown = ["tool:write_file:ok", "tool:write_file:ok", "text:Both."];
  const whole = (state: ChatState) => [...partsOf(runIn(state, "t2"))].map(brief);
  const live = play([events(...own)], before);
  expect(live.turns).toMatchObject([{ kind: "user" }, { kind: "run", taskId: "t2" }]);
  expect([whole(live), runIn(live, "t2").usage.costCents]).toEqual([shown, 5]);
  // What history says of it meanwhile takes nothing away.
  const running = { ...paused, task_id: "t2", completion_reason: "in_progress", steps: [call(1), call(2)], goes_on_after: 1 };
  const messages = [question, stored(running)];
  const active = { task_id: "t2", started_at: at(2) };
  expect(whole(play([{ type: "loaded", chatId: "c1", messages, active }], live))).toEqual(shown);
  // A reload in the middle: steps from history, the rest from the run's own events.
  const reloaded = play([{ type: "loaded", chatId: "c1", messages, active }]);
  expect(whole(reloaded)).toEqual(shown.slice(0, 2));
  const replayed = play(
    [
      { type: "replaying", taskId: "t2", chatId: "c1" },
      { type: "replayed", taskId: "t2", events: own },
    ],
    reloaded,
  );
  expect(whole(replayed)).toEqual(shown);
  expect(new Set(partsOf(runIn(replayed, "t2")).map((part) => part.key)).size).toBe(3);
  const ended = stored({ ...running, completion_reason: "no_more_actions", iterations: 3 }, "Both.");
  expect(whole(play([{ type: "loaded", chatId: "c1", messages: [question, ended], active: null }]))).toEqual(shown);
});
