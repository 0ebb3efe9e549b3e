import { describe, expect, test } from "vitest";
import {
  answer,
  brokenLine,
  call,
  calls,
  play,
  say,
  stop,
  useTools,
  type Reply,
  answeredIds,
  callIds,
  resultTexts,
} from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";
import type { ModelEvent } from "./model-client.ts";

/** A call as some provider streams it: with this id, these pieces, with or without an end. */
const raw = (id: string, name: string, pieces: string[], hasEnd = true): ModelEvent[] => [
  { type: "tool_call_start", id, name },
  ...pieces.map((delta): ModelEvent => ({ type: "tool_call_delta", id, delta })),
  ...(hasEnd ? [{ type: "tool_call_end", id } satisfies ModelEvent] : []),
];

describe("models that misbehave", () => {
  test("a hundred thousand tokens of text are delivered completely in few events", async () => {
    await using ws = await tempWorkspace();
    const words = Array.from({ length: 100_000 }, (_, index) => `w${index} `);
    const run = await play(ws, [[...say(...words), stop]]);
    expect(run.result).toMatchObject({ success: true, final_response: words.join("") });
    expect(
      run
        .all("text_chunk")
        .map((event) => event.data.content)
        .join(""),
    ).toBe(words.join(""));
    // What arrives while a chunk is being stored is one chunk.
    expect(run.all("text_chunk").length).toBeLessThanOrEqual(words.length);
  });

  test("enormous arguments are written, or refused with a message, and no result repeats them to the model", async () => {
    await using ws = await tempWorkspace();
    const written = JSON.stringify({ file_path: "big.txt", content: "x".repeat(1_000_000) });
    const refused = JSON.stringify({ file_path: "huge.txt", content: "y".repeat(6_000_000) });
    const run = await play(ws, [[...raw("a", "write_file", [written]), ...raw("b", "write_file", [refused]), useTools], answer("Done.")]);
    expect(run.first("agent_step").data.tool_results.map((result) => result.success)).toEqual([true, false]);
    expect(run.first("agent_step").data.tool_results[1]!.error).toContain("do it in parts");
    expect(Object.entries(await ws.snapshot()).map(([path, text]) => [path, text.length])).toEqual([["big.txt", 1_000_000]]);
    const results = resultTexts(run.client.requests[1]!.messages).map((text) => text.length);
    expect(Math.max(...results)).toBeLessThan(20_000);
  });

  test("arguments with unterminated JSON are reported, however long they are", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [
      [...raw("a", "write_file", [`{"file_path":"a","content":"${"y".repeat(500_000)}`]), useTools],
      answer("I stop."),
    ]);
    expect(run.first("agent_step").data.tool_results[0]).toMatchObject({
      success: false,
      error: expect.stringContaining("not valid JSON"),
    });
    expect(run.first("agent_step").data.tool_results[0]!.error!.length).toBeLessThan(1_000);
    expect(await ws.snapshot()).toEqual({});
  });

  test.each([
    ["deeply nested", `{"todos":${"[".repeat(20_000)}${"]".repeat(20_000)}}`],
    ["a prototype", '{"__proto__":{"file_path":"a"},"constructor":{"prototype":{"content":"b"}}}'],
    ["a list", "[1,2,3]"],
    ["a number", "7"],
    ["zero bytes", '{"file_path":"a\\u0000b","content":"x"}'],
    ["control characters", '{"file_path":"a\\u001b[31m","content":"x"}'],
  ])("arguments that are %s change nothing", async (_name, text) => {
    await using ws = await tempWorkspace({ "keep.txt": "k" });
    const run = await play(ws, [calls(call("write_file", text)), answer("Ah.")]);
    expect(run.result.success).toBe(true);
    expect(run.first("agent_step").data.tool_results[0]!.success).toBe(false);
    expect(await ws.snapshot()).toEqual({ "keep.txt": "k" });
    expect(({} as Record<string, unknown>)["file_path"]).toBeUndefined();
  });

  test("the result of an unknown tool names it and lists the available tools", async () => {
    await using ws = await tempWorkspace();
    const names = ["", "Write_File", "functions.write_file", "constructor", "__proto__", "toString", "x".repeat(5_000)];
    const run = await play(ws, [calls(...names.map((name) => call(name, {}))), answer("None.")]);
    const results = run.first("agent_step").data.tool_results;
    expect(results.map((result) => result.success)).toEqual(names.map(() => false));
    expect(results[3]!.error).toMatch(/no tool "constructor".*read_file/);
  });

  test.each([
    ["one after another", (first: ModelEvent[], second: ModelEvent[]) => [...first, ...second]],
    [
      "at the same time",
      ([start, delta, end]: ModelEvent[], second: ModelEvent[]) => [start!, second[0]!, delta!, second[1]!, end!, second[2]!],
    ],
  ])("two calls with one id, %s, get two results in order with distinct ids", async (_name, merge) => {
    await using ws = await tempWorkspace({ "a.txt": "A", "b.txt": "B" });
    for (const id of ["same", ""]) {
      const read = (path: string): ModelEvent[] => [
        { type: "tool_call_start", id, name: "read_file" },
        { type: "tool_call_delta", id, delta: "" },
        { type: "tool_call_end", id, arguments: JSON.stringify({ file_path: path }) },
      ];
      const run = await play(ws, [[...merge(read("a.txt"), read("b.txt")), useTools], answer("Both.")]);
      expect(run.first("agent_step").data.tool_calls.map((one) => one.parameters)).toEqual([
        { file_path: "a.txt" },
        { file_path: "b.txt" },
      ]);
      const received = run.client.requests[1]!.messages;
      const ids = callIds(received);
      expect(answeredIds(received)).toEqual(ids);
      expect(new Set(ids).size).toBe(2);
      expect(ids.every((one) => one !== "")).toBe(true);
    }
  });

  test("repeated call ids in later answers are distinguished, so that each result belongs to its call", async () => {
    const long = (name: string): string => `${name} `.repeat(400);
    await using ws = await tempWorkspace({ "a.txt": long("A"), "b.txt": long("B") });
    const read = (id: string, path: string): Reply => [...raw(id, "read_file", [JSON.stringify({ file_path: path })]), useTools];
    const script = [read("call_0", "a.txt"), read("call_0", "b.txt"), read("call_1", "b.txt"), answer("Both.")];
    const run = await play(ws, script);
    const received = run.client.requests.at(-1)!.messages;
    const ids = callIds(received);
    expect(new Set(ids).size).toBe(3);
    expect(answeredIds(received)).toEqual(ids);
    const results = resultTexts(received);
    expect(results[0]).toContain("A A A");
    expect(results[1]).toContain("B B B");
  });

  test("input tokens are estimated when a provider reports only output tokens", async () => {
    await using ws = await tempWorkspace();
    const counted = (tokens_in: number): Reply => [
      ...say("Hi."),
      { type: "finish", reason: "stop", usage: { tokens_in, tokens_out: 7, tokens_cached: 0 } },
    ];
    const [unreported, reported] = [await play(ws, [counted(0)]), await play(ws, [counted(90)])];
    expect(unreported.charges).toMatchObject([{ tokens_in: expect.any(Number), tokens_out: 7, is_estimated: true }]);
    expect(unreported.charges[0]!.tokens_in).toBeGreaterThan(100);
    expect(reported.charges).toMatchObject([{ tokens_in: 90, tokens_out: 7, is_estimated: false }]);
  });

  test("an answer with reasoning only is an empty response, with the reason", async () => {
    await using ws = await tempWorkspace();
    const thinking = (reason: "stop" | "length"): Reply => [
      { type: "reasoning", delta: "Hm." },
      { type: "finish", reason, usage: null },
    ];
    expect((await play(ws, [thinking("stop")])).result).toMatchObject({ success: false, error: "The model returned an empty response." });
    expect((await play(ws, [thinking("length")])).result.error).toBe("The model reached its output limit before it produced any output.");
  });

  test("an endless answer is cut off, whatever it contains", async () => {
    await using ws = await tempWorkspace();
    const delta = "x".repeat(500_000);
    const endless: ModelEvent[][] = [
      Array.from({ length: 40 }, () => ({ type: "text", delta })),
      Array.from({ length: 40 }, () => ({ type: "reasoning", delta })),
      raw(
        "a",
        "write_file",
        Array.from({ length: 40 }, () => delta),
      ),
      Array.from({ length: 40 }, (_, index) => ({ type: "tool_call_start", id: `c${index}`, name: delta })),
    ];
    for (const reply of endless) {
      const run = await play(ws, [[...reply, stop], answer("never")]);
      expect(run.client.requests).toHaveLength(1);
      expect(run.result).toMatchObject({ success: false, error: expect.stringContaining("was too long") });
      expect(run.charges).toHaveLength(1);
    }
  });

  test("a retry after a billed failure passes beforeModelCall again, and may be refused", async () => {
    await using ws = await tempWorkspace();
    const plans: number[] = [];
    const run = await play(ws, [[...say("The quick "), brokenLine()], answer("never")], {
      deps: {
        beforeModelCall: async ({ tokens_in }) => {
          plans.push(tokens_in);
          return plans.length === 1 ? { ok: true } : { ok: false, stop: "resource_limit_exceeded", message: "Paused at the cap." };
        },
      },
    });
    expect(plans).toHaveLength(2);
    expect(run.client.requests).toHaveLength(1);
    expect(run.result).toMatchObject({ completion_reason: "resource_limit_exceeded", final_response: "The quick\n\nPaused at the cap." });
    // One that cost nothing was planned already.
    const free = await play(ws, [[brokenLine()], answer("ok")], { deps: { beforeModelCall: async () => (plans.push(0), { ok: true }) } });
    expect(free.result.success).toBe(true);
    expect(plans).toHaveLength(3);
  });

  test("a model that repeats a refused call is stopped the third time, and nothing is changed", async () => {
    await using ws = await tempWorkspace();
    const again = (): Reply => calls(call("run_command", { command: "touch done.txt" }));
    const run = await play(ws, [again(), again(), again(), again(), answer("never")], {
      editMode: "ask",
      answers: Array.from({ length: 5 }, () => ({ decision: "deny" as const, note: "Never." })),
    });
    expect(run.result).toMatchObject({ success: false, completion_reason: "error" });
    expect(run.first("error").data.details).toMatchObject({ kind: "loop_detected", repeats: 3 });
    expect(run.approvals.length).toBe(3);
    expect(await ws.snapshot()).toEqual({});
  });

  test("a model that alternates between two failing calls is stopped too", async () => {
    await using ws = await tempWorkspace({ "a.txt": "a" });
    const round = Array.from({ length: 6 }, (_, index) => calls(call("read_file", { file_path: index % 2 ? "x.txt" : "y.txt" })));
    const run = await play(ws, [...round, answer("never")]);
    expect(run.result).toMatchObject({ success: false, completion_reason: "error" });
    expect(run.result.iterations).toBeLessThanOrEqual(5);
  });

  test("three hundred calls in one answer run in order, each with its result", async () => {
    await using ws = await tempWorkspace();
    const many = Array.from({ length: 300 }, (_, index) => call("write_file", { file_path: `f/${index}.txt`, content: String(index) }));
    const run = await play(ws, [calls(...many), answer("All.")]);
    expect(run.result).toMatchObject({ success: true, tool_calls_made: 300 });
    expect(Object.keys(await ws.snapshot()).length).toBe(300);
  });

  test("text after calls, calls without an end and ends without a start are tolerated", async () => {
    await using ws = await tempWorkspace({ "a.txt": "A" });
    const odd: Reply = [
      { type: "tool_call_delta", id: "ghost", delta: "{}" },
      { type: "tool_call_end", id: "ghost" },
      ...raw("a", "read_file", ['{"file_path":', '"a.txt"}'], false),
      ...say("After the call."),
      useTools,
    ];
    const run = await play(ws, [odd, answer("Fine.")]);
    expect(run.result.completion_reason).toMatch(/no_more_actions|error/);
    expect(run.all("complete").length).toBe(1);
  });

  test("a flood of output is truncated for the model and bounded in the step", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [calls(call("run_command", { command: "yes 0123456789abcdef | head -c 8000000" })), answer("Much.")]);
    const received = resultTexts(run.client.requests[1]!.messages)[0]!;
    expect(received.length).toBeLessThan(51_000);
    expect(JSON.stringify(run.first("agent_step")).length).toBeLessThan(300_000);
  });
});
