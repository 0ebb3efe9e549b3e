import { png } from "@tesslate/testkit";
import { describe, expect, test } from "vitest";
import {
  answer,
  brokenLine,
  call,
  calls,
  memoryImages,
  play,
  say,
  scripted,
  stop,
  type Reply,
  type RunChanges,
  type Script,
} from "../testing/harness.ts";
import { tempWorkspace, type TempWorkspace } from "../testing/temp-workspace.ts";
import { runAgent } from "../loop.ts";
import type { ModelRequest } from "../model-client.ts";
import type { RunOptions } from "../run-options.ts";
import {
  eventsOf,
  forkCassette,
  readCassette,
  recordRun,
  replayCassette,
  writeCassette,
  type Cassette,
  type CassetteLine,
} from "./index.ts";

/** Runs a script and returns its cassette, parsed from its text. */
async function recorded(
  workspace: TempWorkspace,
  script: Script,
  changes: RunChanges & { redact?: <T>(value: T) => T; maxChars?: number } = {},
) {
  const lines: CassetteLine[] = [];
  const { redact, maxChars, ...rest } = changes;
  const run = await play(workspace, script, {
    ...rest,
    through: async (options: RunOptions) => {
      const recording = recordRun(options, {
        write: (line) => lines.push(line),
        recordedAt: new Date("2026-03-01T00:00:00Z"),
        ...(redact ? { redact } : {}),
        ...(maxChars === undefined ? {} : { maxChars }),
      });
      const result = await runAgent(recording.options);
      recording.finish(result);
      return result;
    },
  });
  const text = writeCassette(lines);
  return { run, text, cassette: readCassette(text) };
}
const bytes = (cassette: { events: unknown[] }): string => JSON.stringify(cassette.events);
const recordedBytes = (cassette: Cassette): string => JSON.stringify(eventsOf(cassette));

const work: Script = [
  [
    ...say("I look ", "at ", "both."),
    ...calls(call("read_file", { file_path: "a.txt" }), call("read_file", { file_path: "missing.txt" }), call("grep", { pattern: "o" })),
  ],
  calls(
    call("edit_file", { file_path: "a.txt", search: "one", replace: "two" }),
    call("nothing_like_it", { x: 1 }),
    call("run_command", { command: "cat a.txt; exit 3" }),
  ),
  [...say("Halfway "), brokenLine()],
  [...say("through."), ...calls(call("todo_write", { todos: [{ content: "More", status: "pending" }] }))],
  answer("All done."),
];

describe("a cassette", () => {
  test("has images of results without their data, and is still replayed without a difference", async () => {
    await using workspace = await tempWorkspace();
    await workspace.files.write("logo.png", png(8, 8));
    const images = memoryImages();
    const script: Script = [calls(call("read_file", { file_path: "logo.png" })), answer("Blue.")];
    const before = await play(workspace, script, { deps: { images } });
    const { cassette, text } = await recorded(workspace, script, { deps: { images }, conversation: before.appended });
    expect(text).toContain("logo.png is an image");
    expect(
      text
        .split("\n")
        .filter((line) => !line.includes('"workspace"'))
        .join("\n"),
    ).not.toContain(png(8, 8).toString("base64"));
    const { differences, drift } = await replayCassette(cassette);
    expect([differences, drift]).toEqual([[], []]);
  });

  test("played twice gives the same events byte for byte, with no project and no model", async () => {
    await using workspace = await tempWorkspace({ "a.txt": "one\n", "AGENTS.md": "Be kind.\n" });
    const { cassette, run } = await recorded(workspace, work);
    expect(run.result.success).toBe(true);
    const [first, second] = [await replayCassette(cassette), await replayCassette(cassette)];
    expect([first.differences, first.drift]).toEqual([[], []]);
    expect(bytes(first)).toBe(recordedBytes(cassette));
    expect(bytes(second)).toBe(bytes(first));
    expect(first.result).toEqual(run.result);
  });

  test("replays reasoning before, between and after text in its order", async () => {
    await using workspace = await tempWorkspace({ "a.txt": "one\n" });
    const reason = (delta: string) => ({ type: "reasoning" as const, delta });
    const { cassette, run } = await recorded(workspace, [
      [reason("First "), reason("this."), ...say("I ", "look."), reason("And then?"), ...calls(call("read_file", { file_path: "a.txt" }))],
      [reason("Seen."), ...say("Done."), stop],
    ]);
    const replay = await replayCassette(cassette);
    expect([replay.differences, replay.drift]).toEqual([[], []]);
    const typesOf = (events: readonly { type: string }[]) =>
      events.map(({ type }) => type).filter((type, index, all) => type !== "conversation_appended" && type !== all[index - 1]);
    expect(typesOf(replay.events)).toEqual(typesOf(run.events));
    expect(typesOf(replay.events).slice(0, 3)).toEqual(["reasoning_chunk", "text_chunk", "reasoning_chunk"]);
  });

  test("keeps approvals, refusals and the person's note", async () => {
    await using workspace = await tempWorkspace({});
    const script: Script = [
      calls(call("write_file", { file_path: "a.txt", content: "a" }), call("write_file", { file_path: "b.txt", content: "b" })),
      answer("Only one."),
    ];
    const { cassette } = await recorded(workspace, script, {
      editMode: "ask",
      answers: [{ decision: "allow_once" }, { decision: "deny", note: "Not b." }],
    });
    const replay = await replayCassette(cassette);
    expect(replay.differences).toEqual([]);
    expect(bytes(replay)).toBe(recordedBytes(cassette));
    expect(bytes(replay)).toContain("Not b.");
  });

  test("records events of sub-agents and does not run them again", async () => {
    await using workspace = await tempWorkspace({ "a.txt": "one\n" });
    const isNested = (request: { system: string }): boolean => request.system.includes("You work for the agent");
    const reply = (request: ModelRequest): Reply => {
      const turns = request.messages.filter((message) => message.role === "assistant").length;
      if (isNested(request)) return turns === 0 ? calls(call("read_file", { file_path: "a.txt" })) : answer("It says one.");
      return turns === 0 ? calls(call("invoke_subagent", { name: "Explore", task: "Read a.txt" })) : answer("One, it says.");
    };
    const { cassette, run } = await recorded(workspace, [reply, reply, reply, reply]);
    expect(run.all("subagent_event").length).toBeGreaterThan(2);
    const replay = await replayCassette(cassette);
    expect(replay.differences).toEqual([]);
    expect(bytes(replay)).toBe(recordedBytes(cassette));
    expect(replay.result).toEqual(run.result);
  });

  test("a cancelled run is cancelled at the same point in the replay", async () => {
    await using workspace = await tempWorkspace({});
    const { cassette } = await recorded(workspace, [[...say("I begin"), "hang"]], {
      onEvent: (event, abort) => {
        if (event.type === "text_chunk") abort.abort(new Error("cancelled"));
      },
    });
    const replay = await replayCassette(cassette);
    expect(replay.result.completion_reason).toBe("cancelled");
    expect(replay.differences).toEqual([]);
    expect(bytes(replay)).toBe(recordedBytes(cassette));
  });

  test("keeps images", async () => {
    await using workspace = await tempWorkspace({});
    const { cassette, text } = await recorded(workspace, [answer("A picture.")], {
      images: [{ type: "image", name: "a.png", media_type: "image/png", data: "AQID", width: 1, height: 1 }],
    });
    expect(text).toContain('"data":"AQID"');
    const { differences, drift } = await replayCassette(cassette);
    expect([differences, drift]).toEqual([[], []]);
  });

  test("records steering messages, and calls written as text", async () => {
    await using workspace = await tempWorkspace({ "a.txt": "one\n" });
    const written = 'THOUGHT: I read it.\n{"tool_name": "read_file", "parameters": {"file_path": "a.txt"}}';
    const { cassette, run } = await recorded(workspace, [answer(written), answer("It says one. TASK_COMPLETE")], {
      agent: { system_prompt: "You are an agent.", tools: null, protocol: "text" },
      deps: { takeSteering: async (iteration) => (iteration === 2 ? ["In English"] : []) },
    });
    expect(run.result).toMatchObject({ success: true, tool_calls_made: 1 });
    const [first, second] = [await replayCassette(cassette), await replayCassette(cassette)];
    expect(first.differences).toEqual([]);
    expect(bytes(second)).toBe(bytes(first));
  });

  test("a fork at a step with another script keeps the recorded steps before it and runs the rest", async () => {
    await using workspace = await tempWorkspace({ "a.txt": "one\n" });
    const { cassette } = await recorded(workspace, work);
    const client = scripted([calls(call("read_file", { file_path: "a.txt" })), answer("Another end.")]);
    const fork = await forkCassette(cassette, { step: 2, client });
    expect(fork.result).toMatchObject({ success: true, final_response: "Another end.", iterations: 4 });
    const steps = (events: { type: string }[]) => events.filter((event) => event.type === "agent_step");
    expect(JSON.stringify(steps(fork.events).slice(0, 2))).toBe(JSON.stringify(steps(eventsOf(cassette)).slice(0, 2)));
    // The other model saw what the first one had done.
    expect(JSON.stringify(client.requests[0]!.messages)).toContain("nothing_like_it");
    await expect(forkCassette(cassette, { step: 99, client })).rejects.toThrow(/no step 99/);
  });

  test("a live fork runs in the project as it was when the run started", async () => {
    await using workspace = await tempWorkspace({ "a.txt": "one\n" });
    const { cassette } = await recorded(workspace, work);
    await using fresh = await tempWorkspace({ "a.txt": "one\n" });
    const client = scripted([calls(call("write_file", { file_path: "b.txt", content: "new\n" })), answer("Written.")]);
    const fork = await forkCassette(cassette, { step: 2, client, workspace: fresh, systemPrompt: "Be brief." });
    expect(fork.result.final_response).toBe("Written.");
    expect(await fresh.snapshot()).toEqual({ "a.txt": "two\n", "b.txt": "new\n" });
    expect(client.requests[0]!.system).toContain("Be brief.");
  });

  test("contains no secrets and can still be replayed", async () => {
    await using workspace = await tempWorkspace({ ".env": "KEY=planted-value-1\n" });
    const redact = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll("planted-value-1", "[secret:KEY]")) as T;
    const { cassette, text } = await recorded(
      workspace,
      [calls(call("read_file", { file_path: ".env" })), answer("It is planted-value-1.")],
      { redact },
    );
    expect(text).not.toContain("planted-value-1");
    expect(text).toContain("[secret:KEY]");
    expect((await replayCassette(cassette)).differences).toEqual([]);
  });

  test("a replay that deviates reports the first difference", async () => {
    await using workspace = await tempWorkspace({ "a.txt": "one\n" });
    const { cassette } = await recorded(workspace, work);
    const tampered = readCassette(
      writeCassette(
        cassette.lines.map((line) =>
          line.kind === "tool" && line.name === "run_command" ? { ...line, parameters: { command: "other" } } : line,
        ),
      ),
    );
    const { differences } = await replayCassette(tampered);
    expect(differences.join("\n")).toMatch(/run_command is not on the cassette[\s\S]*event \d+ is/);
  });

  test("a full cassette stops recording, marks the cut, and cannot be replayed", async () => {
    await using workspace = await tempWorkspace({ "a.txt": "one\n" });
    const { cassette, run, text } = await recorded(workspace, work, { maxChars: 12_000 });
    expect(run.result.success).toBe(true);
    expect(text.length).toBeLessThan(13_000);
    expect(cassette.lines.at(-1)).toMatchObject({ kind: "cut" });
    await expect(replayCassette(cassette)).rejects.toThrow(/full/);
  });

  test("a file that is not a cassette is refused with a message, and so is one of an older version", () => {
    expect(() => readCassette('{"kind":"run","version":1}')).toThrow(/older version/);
    expect(() => readCassette("{")).toThrow(/Line 1 .* not JSON/);
    expect(() => readCassette('{"kind":"party"}')).toThrow(/no known kind/);
    expect(() => readCassette('{"kind":"abort","reason":"cancelled"}')).toThrow(/does not begin/);
  });
});

test("a model that stopped in the middle of a call is replayed as recorded", async () => {
  await using workspace = await tempWorkspace({});
  const { cassette } = await recorded(workspace, [
    [
      ...say("Now"),
      { type: "tool_call_start", id: "c", name: "write_file" },
      { type: "tool_call_delta", id: "c", delta: '{"file_pa' },
      stop,
    ],
    answer("x"),
  ]);
  expect((await replayCassette(cassette)).differences).toEqual([]);
});
