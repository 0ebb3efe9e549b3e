import { describe, expect, test } from "vitest";
import { textOf } from "../conversation.ts";
import {
  answer,
  call,
  calls,
  play,
  read,
  say,
  scripted,
  useTools,
  write,
  resultTexts,
  type Reply,
  type RunChanges,
  type TestRun,
} from "../testing/harness.ts";
import { tempWorkspace, type TempWorkspace } from "../testing/temp-workspace.ts";
import type { ModelRequest } from "../model-client.ts";
import type { ApprovalDecision } from "../events.ts";
import type { SubagentEvent } from "./events.ts";

const invoke = (name: string, task: string, more: Record<string, unknown> = {}) => call("invoke_subagent", { name, task, ...more });

/** The text of the newest task in a conversation, and how many turns were taken since. */
function standing(request: ModelRequest): { task: string; turn: number; isNested: boolean } {
  const at = request.messages.findLastIndex((message) => message.role === "user" && message.kind === undefined);
  return {
    task: at === -1 ? "" : (textOf(request.messages[at]!).split("[/CONTEXT]\n\n")[1] ?? ""),
    turn: request.messages.slice(at).filter((message) => message.role === "assistant").length,
    isNested: request.system.includes("You work for the agent"),
  };
}

/** Conversations run at the same time, so replies are found by task and turn, not by order. */
async function crew(ws: TempWorkspace, replies: Record<string, Reply[]>, changes: RunChanges = {}): Promise<TestRun> {
  const decide = (request: ModelRequest): Reply => {
    const { task, turn } = standing(request);
    return replies[task]?.[turn] ?? answer(`nothing for "${task}" turn ${turn}`);
  };
  const client = scripted(Array.from({ length: 260 }, () => decide));
  const run = await play(ws, [], { message: "go", ...changes, model: { client } });
  return { ...run, client };
}

const subagentEvents = (run: TestRun, name?: string): SubagentEvent[] =>
  run
    .all("subagent_event")
    .map((event) => event.data)
    .filter((event) => name === undefined || event.name === name);
const kinds = (events: SubagentEvent[]): string[] => events.map((event) => event.kind);

describe("invoke_subagent", () => {
  test("allow all for one also answers the waiting requests", async () => {
    await using ws = await tempWorkspace();
    const names = ["a", "b", "c", "d"];
    const run = await crew(
      ws,
      {
        go: [calls(...names.map((name) => invoke("general-purpose", name))), answer("Done.")],
        ...Object.fromEntries(names.map((name) => [name, [calls(write(name)), answer(name)]])),
      },
      { editMode: "ask", answers: [{ decision: "allow_all" }] },
    );
    expect(run.approvals).toHaveLength(1);
    expect(Object.keys(await ws.snapshot()).toSorted()).toEqual(names);
  });

  test("has its own conversation, nested events and charges; the agent gets only its report", async () => {
    await using ws = await tempWorkspace({ "src/a.ts": "export const a = 1;\n" });
    const run = await crew(ws, {
      go: [calls(invoke("Explore", "find a", { context: "The project is small." })), answer("It is in src/a.ts.")],
      "The project is small.\n\nfind a": [[...say("Looking."), ...read("src/a.ts"), useTools], answer("a is in src/a.ts:1")],
    });
    expect(run.result).toMatchObject({ success: true, final_response: "It is in src/a.ts.", tool_calls_made: 1, iterations: 2 });
    expect(kinds(subagentEvents(run))).toEqual(["started", "text", "tool_started", "step", "text", "finished"]);
    expect(new Set(subagentEvents(run).map((event) => event.agent_id)).size).toBe(1);
    expect(subagentEvents(run)[0]).toMatchObject({
      name: "Explore",
      call: { iteration: 1, index: 0 },
      task: "The project is small.\n\nfind a",
      is_resumed: false,
    });
    expect(subagentEvents(run)[3]).toMatchObject({ iteration: 1, text: "Looking.", tool_calls: [{ name: "read_file", success: true }] });
    expect(subagentEvents(run).at(-1)).toMatchObject({ success: true, iterations: 2, tool_calls_made: 1 });
    expect(run.charges.map((one) => [one.purpose, one.iteration])).toEqual([["turn", 1], ["subagent", 1], ["subagent", 1], ["turn", 2]]); // prettier-ignore
    expect(run.result.resource_stats.tokens_in).toBe(400);
    // Nothing of it but the report enters the agent's conversation; nothing of the agent's enters its.
    const last = run.client.requests.at(-1)!;
    const report = resultTexts(last.messages)[0]!;
    expect(report).toContain("a is in src/a.ts:1");
    expect(report).not.toContain("Looking.");
    const nested = run.client.requests[1]!;
    expect(nested.messages).toHaveLength(1);
    expect(nested.tools.map((tool) => tool.name).toSorted()).toEqual(expect.arrayContaining(["glob", "grep", "list_dir", "read_file"]));
    for (const name of ["write_file", "run_command", "todo_write", "invoke_subagent"])
      expect(nested.tools.map((tool) => tool.name)).not.toContain(name);
    // A reload shows it from the step.
    expect(run.first("agent_step").data.tool_results[0]!.result).toMatchObject({
      agent_id: expect.stringMatching(/^[0-9a-f]{8}$/),
      activity: [
        { iteration: 1, text: "Looking.", tool_calls: [{ name: "read_file", parameters: { file_path: "src/a.ts" }, success: true }] },
      ],
    });
  });

  test("several in one turn run concurrently, at most ten", async () => {
    await using ws = await tempWorkspace({ "a.txt": "x" });
    const tasks = Array.from({ length: 14 }, (_, index) => `look ${index}`);
    let busy = 0;
    let most = 0;
    const run = await crew(
      ws,
      {
        go: [calls(...tasks.map((task) => invoke("Explore", task))), answer("ok")],
        ...Object.fromEntries(tasks.map((task) => [task, [calls(read("a.txt")), answer(task)]])),
      },
      {
        onEvent: (event) => {
          if (event.type !== "subagent_event") return;
          if (event.data.kind === "started") most = Math.max(most, ++busy);
          if (event.data.kind === "finished") busy--;
        },
      },
    );
    expect(most).toBe(10);
    expect(run.first("agent_step").data.tool_results.map((result) => result.result?.["content"])).toEqual(tasks);
    expect(new Set(subagentEvents(run).map((event) => event.agent_id)).size).toBe(14);
    expect(run.client.requests).toHaveLength(2 + 28);
  });

  test("requests approvals through the run, one at a time; allow all applies to the others", async () => {
    await using ws = await tempWorkspace();
    const run = await crew(
      ws,
      {
        go: [calls(invoke("general-purpose", "one"), invoke("general-purpose", "two")), calls(write("3")), answer("ok")],
        one: [calls(write("1")), answer("wrote 1")],
        two: [calls(write("2")), answer("wrote 2")],
      },
      { editMode: "ask", answers: [{ decision: "allow_all" }] },
    );
    expect(run.result.success).toBe(true);
    expect(run.approvals).toHaveLength(1);
    // In any order: they run concurrently.
    expect(run.first("approval_required")).toMatchObject({
      pending: {
        kind: "subagent",
        iteration: 1,
        results: [],
        nested: expect.toSatisfy(({ index, name, task }) => name === "general-purpose" && task === ["one", "two"][index]),
      },
      data: { tool_name: "write_file", tool_description: expect.stringContaining("sub-agent general-purpose") },
    });
    expect(Object.keys(await ws.snapshot()).toSorted()).toEqual(["1", "2", "3"]);
    expect(
      run
        .all("file_changed")
        .map((event) => event.data.path)
        .toSorted(),
    ).toEqual(["1", "2", "3"]);
  });

  test.each([
    ["deny", { success: true, reason: "no_more_actions" }],
    ["stop", { success: false, reason: "user_stopped" }],
    ["timeout", { success: false, reason: "approval_timeout" }],
  ] as [ApprovalDecision, { success: boolean; reason: string }][])("the decision %s applies to its calls", async (decision, expected) => {
    await using ws = await tempWorkspace();
    const run = await crew(
      ws,
      { go: [calls(invoke("general-purpose", "one")), answer("ok")], one: [calls(write("1")), answer("could not")] },
      { editMode: "ask", answers: [{ decision }] },
    );
    expect(run.result).toMatchObject({ success: expected.success, completion_reason: expected.reason });
    expect(await ws.snapshot()).toEqual({});
    expect(kinds(subagentEvents(run)).at(-1)).toBe("finished");
    expect(run.all("agent_step")).toHaveLength(1);
  });

  test("plan mode applies to sub-agents too", async () => {
    await using ws = await tempWorkspace({ "a.txt": "x" });
    const run = await crew(
      ws,
      {
        go: [calls(invoke("general-purpose", "one")), answer("ok")],
        one: [calls(write("1"), call("run_command", { command: "echo hi > a.txt" })), answer("read-only")],
      },
      { editMode: "plan" },
    );
    expect(run.approvals).toHaveLength(0);
    expect(await ws.snapshot()).toEqual({ "a.txt": "x" });
    expect(subagentEvents(run).find((event) => event.kind === "step")).toMatchObject({
      tool_calls: [{ success: false, message: expect.stringContaining("plan mode") }, { success: false }],
    });
  });

  test("cancel stops a sub-agent's model call and command immediately, and keeps what was done", async () => {
    await using ws = await tempWorkspace();
    const run = await crew(
      ws,
      {
        go: [calls(invoke("general-purpose", "sleep"), invoke("Explore", "think"))],
        sleep: [calls(write("1")), calls(call("run_command", { command: "touch started; sleep 60; touch ended" }))],
        think: [["hang"]],
      },
      {
        onEvent: (event, abort) => {
          if (event.type === "subagent_event" && event.data.kind === "tool_started" && event.data.iteration === 2)
            void (async () => {
              while (!(await ws.files.stat("started"))) await new Promise((resolve) => setTimeout(resolve, 10));
              abort.abort();
            })();
        },
      },
    );
    expect(run.result).toMatchObject({ success: false, completion_reason: "cancelled" });
    expect(Object.keys(await ws.snapshot()).toSorted()).toEqual(["1", "started"]);
    const step = run.first("agent_step").data;
    expect(step.is_complete).toBe(true);
    expect(step.tool_results[0]).toMatchObject({
      success: false,
      result: { activity: [{ tool_calls: [{ name: "write_file", success: true }] }, {}] },
    });
    expect(run.order.at(-1)).toBe("complete");
  });

  test("stops after a hundred turns, and resume_id continues the same conversation", async () => {
    await using ws = await tempWorkspace({ "a.txt": "x" });
    let id = "";
    const client = scripted(
      Array.from({ length: 260 }, () => (request: ModelRequest): Reply => {
        const { task, turn, isNested } = standing(request);
        if (isNested)
          return task === "and now?"
            ? answer(`after ${request.messages.length}`)
            : calls(call("read_file", { file_path: "a.txt", offset: 1, limit: turn + 1 }));
        const results = resultTexts(request.messages);
        id = /"agent_id":"(\w{8})"/.exec(results[0] ?? "")?.[1] ?? "";
        return results.length === 0
          ? calls(invoke("Explore", "loop"))
          : results.length === 1
            ? calls(invoke("whatever", "and now?", { resume_id: id }))
            : answer("ok");
      }),
    );
    const run = await play(ws, [], { message: "go", model: { client, context_window: 10_000_000 } });
    const [first, second] = run.all("agent_step").map((event) => event.data.tool_results[0]!);
    expect(first).toMatchObject({
      success: false,
      error: "Explore stopped at its limit of 100 turns.",
      result: { suggestion: `Continue with resume_id "${id}".` },
    });
    // 100 turns with their results, the two tasks, and the note on the limit.
    expect(second).toMatchObject({ success: true, result: { agent_id: id, content: "after 203" } });
    expect(
      subagentEvents(run)
        .filter((event) => event.kind === "started")
        .map((event) => event.is_resumed),
    ).toEqual([false, true]);
    expect((first!.result!["activity"] as unknown[]).length).toBeLessThanOrEqual(60);
  });

  test("unknown names and ids list the valid ones", async () => {
    await using ws = await tempWorkspace({
      ".tesslate/agents/styler.md": "---\nname: styler\ndescription: makes it pretty\n---\nBe bold.",
    });
    const run = await crew(ws, { go: [calls(invoke("nobody", "x"), invoke("Explore", "y", { resume_id: "00000000" })), answer("ok")] });
    const [unknown, lost] = run.first("agent_step").data.tool_results;
    expect(unknown!.error).toBe('There is no sub-agent "nobody". There are: general-purpose, Explore, Plan, styler.');
    expect(lost!.error).toContain("00000000");
    expect(subagentEvents(run)).toEqual([]);
  });

  test("a sub-agent of the project takes prompt, tools and model from its file, with at most the agent's tools", async () => {
    await using ws = await tempWorkspace({
      ".tesslate/agents/styler.md":
        "---\nname: styler\ndescription: makes it pretty\ntools: read_file, write_file, run_command, invoke_subagent\nmodel: openai/other\n---\nYou are the stylist.",
    });
    const other = scripted([answer("styled")]);
    const run = await crew(
      ws,
      { go: [calls(invoke("STYLER", "style it")), answer("ok")] },
      {
        agent: { system_prompt: "You are an agent.", tools: ["invoke_subagent", "read_file", "write_file"] },
        deps: { modelFor: async (id) => (id === "openai/other" ? { client: other } : Promise.reject(new Error("no"))) },
      },
    );
    expect(run.result.success).toBe(true);
    expect(other.requests[0]!.system).toContain("You are the stylist.");
    expect(other.requests[0]!.tools.map((tool) => tool.name)).toEqual(["read_file", "write_file", "read_output"]);
    expect(run.charges.map((one) => one.model)).toEqual([undefined, "openai/other", undefined]);
  });

  test("a sub-agent of the agent's creator replaces a built-in one, with its own limit of turns", async () => {
    await using ws = await tempWorkspace({
      "a.txt": "x",
      ".tesslate/agents/e.md": "---\nname: explore\ndescription: the project's\n---\nNo.",
    });
    const subagents = [
      { name: "Explore", description: "looks in its own way", tools: ["read_file"], model: null, system_prompt: "Mine.", max_turns: 2 },
    ];
    const look = calls(read("a.txt"));
    const run = await crew(
      ws,
      { go: [calls(invoke("Explore", "look")), answer("ok")], look: [look, look, look] },
      { agent: { system_prompt: "You are an agent.", tools: null, subagents } },
    );
    expect(run.client.requests[1]!.system.startsWith("Mine.")).toBe(true);
    expect(run.first("agent_step").data.tool_results[0]!.error).toBe("Explore stopped at its limit of 2 turns.");
  });

  test("its calls count towards the run's limits; reaching one ends the run and keeps its step", async () => {
    await using ws = await tempWorkspace({ "a.txt": "x" });
    const replies = {
      go: [calls(invoke("Explore", "one")), answer("ok")],
      one: [calls(read("a.txt")), answer("seen")],
    };
    const limited = await crew(ws, replies, { limits: { max_tokens: 200 } });
    expect(limited.result).toMatchObject({ completion_reason: "resource_limit_exceeded", resource_stats: { tokens_in: 200 } });
    expect(limited.all("agent_step")).toHaveLength(1);
    const broke = await crew(ws, replies, {
      deps: {
        beforeModelCall: async ({ purpose }) =>
          purpose === "subagent" ? { ok: false, stop: "credits_exhausted", message: "No credits." } : { ok: true },
      },
    });
    expect(broke.result).toMatchObject({ completion_reason: "credits_exhausted", error_code: "insufficient_credits" });
    expect(broke.all("agent_step")).toHaveLength(1);
    expect(broke.order.slice(-2)).toEqual(["error", "complete"]);
  });

  test("the run's time limit ends it", async () => {
    await using ws = await tempWorkspace();
    const run = await crew(ws, { go: [calls(invoke("Explore", "think"))], think: [["hang"]] }, { limits: { max_run_ms: 150 } });
    expect(run.result.completion_reason).toBe("resource_limit_exceeded");
    expect(kinds(subagentEvents(run))).toContain("finished");
  });

  test("a failing hook ends the run", async () => {
    await using ws = await tempWorkspace();
    const run = await crew(
      ws,
      { go: [calls(invoke("Explore", "one"))], one: [answer("x")] },
      {
        deps: {
          afterModelCall: async ({ purpose }) => (purpose === "subagent" ? Promise.reject(new Error("database away")) : { ok: true }),
        },
      },
    );
    expect(run.result).toMatchObject({ success: false, error_code: "internal_error" });
    expect(run.order.at(-1)).toBe("complete");
  });
});
