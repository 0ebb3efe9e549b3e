import { describe, expect, test } from "vitest";
import { createArgumentsReader } from "./call-progress.ts";
import { answer, call, calls, play, useTools, type Reply } from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";
import type { AgentEvent } from "./events.ts";

function readAll(text: string, pieceChars = text.length) {
  const reader = createArgumentsReader();
  for (let at = 0; at < text.length; at += pieceChars) reader.push(text.slice(at, at + pieceChars));
  return reader.read();
}

describe("the arguments of a call while they arrive", () => {
  const content = 'const a = "x\\y";\n\tconst ß = "\u2028 😀";\n';
  const whole = JSON.stringify({ file_path: "src/App.tsx", content });
  const escaped = whole.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

  test.each([1, 2, 3, 7, 10_000])("are read the same in pieces of %i characters", (pieceChars) => {
    for (const text of [whole, escaped, whole.slice(0, -2)])
      expect(readAll(text, pieceChars)).toEqual({ path: "src/App.tsx", lines: 2, chars: content.length, tail: content });
  });

  test("the path is unknown until its value is complete, and may come last", () => {
    expect(readAll('{"file_path":"src/Ap')).toEqual({ lines: 0, chars: 0, tail: "" });
    expect(readAll('{"content":"a\\nb","path":"x.ts"')).toEqual({ path: "x.ts", lines: 2, chars: 3, tail: "a\nb" });
  });

  test("of several texts the newest counts; a path in one of them is not the file", () => {
    const edits = JSON.stringify({ file_path: "a.ts", edits: [{ search: "old", replace: "new\nnewer" }] });
    expect(readAll(edits)).toEqual({ path: "a.ts", lines: 2, chars: 9, tail: "new\nnewer" });
    expect(readAll('{"items":[{"path":"b.ts"},"text"]')).toEqual({ lines: 1, chars: 4, tail: "text" });
  });

  test("the end of a long text is bounded, its size is not", () => {
    const text = "0123456789\n".repeat(10_000);
    const read = readAll(JSON.stringify({ content: text }), 50);
    expect(read).toEqual({ lines: 10_000, chars: text.length, tail: text.slice(-2_000) });
  });

  test.each(["", "null", "}}]", '{"a" "b"', '{"content":"\\uZZZZ', "[[[[", '{"file_path":7,"content":"x'])(
    "invalid JSON does not fail: %s",
    (text) => {
      expect(readAll(text, 1).chars).toBeLessThan(5);
    },
  );
});

/** Arguments that take `ms` to arrive. */
function slowly(ms: number, name: string, parameters: unknown): Reply {
  const events = call(name, parameters);
  return events.flatMap((event, index) => (index === 0 ? [event] : [{ wait: ms / events.length }, event]));
}

describe("the events of a run", () => {
  test("a call that is written for longer reports what was written, in order, before it starts", async () => {
    await using ws = await tempWorkspace();
    const content = "line of a file\n".repeat(20);
    const run = await play(ws, [[...slowly(700, "write_file", { file_path: "a.txt", content }), useTools], answer("Done.")]);
    const reports = run.all("tool_progress").map(({ data }) => data);
    expect(reports.length).toBeGreaterThanOrEqual(2);
    expect(reports.length).toBeLessThanOrEqual(12);
    for (const [at, { chars, tail, ...known }] of reports.entries()) {
      expect(known).toMatchObject({ iteration: 1, index: 0, name: "write_file" });
      expect(content.slice(0, chars)).toBe(tail);
      expect(chars).toBeGreaterThanOrEqual(reports[at - 1]?.chars ?? 0);
    }
    expect(reports.at(-1)?.path).toBe("a.txt");
    expect(run.order.lastIndexOf("tool_progress")).toBeLessThan(run.order.indexOf("tool_started"));
  });

  test("a call that is complete at once reports nothing, and neither does a run that is not streamed", async () => {
    await using ws = await tempWorkspace();
    const quick = await play(ws, [calls(call("write_file", { file_path: "a.txt", content: "x" })), answer("Done.")]);
    expect(quick.all("tool_progress")).toEqual([]);
    const script = [[...slowly(300, "write_file", { file_path: "b.txt", content: "x".repeat(100) }), useTools], answer("Done.")];
    expect((await play(ws, script, { isStreamed: false })).all("tool_progress")).toEqual([]);
  });

  test("the calls of a sub-agent name it", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [
      calls(call("invoke_subagent", { name: "general-purpose", task: "Write it" })),
      [...slowly(500, "write_file", { file_path: "a.txt", content: "x".repeat(100) }), useTools],
      answer("Written."),
      answer("Done."),
    ]);
    const agents = run.all("subagent_event").map(({ data }) => data.agent_id);
    const reports = run.all("tool_progress").map(({ data }) => data);
    expect(reports.length).toBeGreaterThan(0);
    for (const report of reports) expect(report).toMatchObject({ agent_id: agents[0], name: "write_file", iteration: 1, index: 0 });
  });

  test("a report that could not be stored ends the run", async () => {
    await using ws = await tempWorkspace();
    const script = [[...slowly(400, "write_file", { file_path: "a.txt", content: "x".repeat(100) }), useTools], answer("Done.")];
    const events: AgentEvent["type"][] = [];
    const emit = async (event: AgentEvent) => {
      events.push(event.type);
      if (event.type === "tool_progress") throw new Error("no connection");
    };
    const run = await play(ws, script, { deps: { emit } });
    expect(run.result).toMatchObject({ success: false, completion_reason: "error" });
    expect(events).not.toContain("tool_started");
  });
});
