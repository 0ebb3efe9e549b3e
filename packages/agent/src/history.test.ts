import { describe, expect, test } from "vitest";
import { historyMessages, stepTurns } from "./history.ts";
import type { AgentStep, HistoryStep } from "./types.ts";

const step = (output: string, text = "Let me look."): HistoryStep => ({
  thought: null,
  response_text: text,
  tool_calls: [
    {
      name: "run_command",
      parameters: { command: "ls" },
      result: { success: true, tool: "run_command", result: { success: true, message: "Exit code 0.", output } },
    },
  ],
});

describe("historyMessages", () => {
  test("contains the last twenty messages of people and the assistant unchanged, without empty ones", () => {
    const history = Array.from({ length: 30 }, (_, index) => ({
      role: index % 2 ? ("assistant" as const) : ("user" as const),
      content: index === 25 ? " " : `m${index}`,
    }));
    const messages = historyMessages(history);
    expect(messages).toHaveLength(19);
    expect(messages[0]).toMatchObject({ role: "user", content: "m10" });
    expect(messages.at(-1)).toEqual({ role: "assistant", content: "m29", tool_calls: [] });
  });

  test("contains steps with text, calls and truncated results, and the final answer", () => {
    const messages = historyMessages([
      { role: "user", content: "go" },
      {
        role: "assistant",
        content: "All done.",
        steps: [
          step("x".repeat(2_000)),
          {
            tool_calls: [{ name: "read_file", parameters: {} }],
            tool_results: [{ success: false, tool: "read_file", error: "a.txt does not exist." }],
          },
        ],
      },
    ]);
    expect(messages.map((message) => message.role)).toEqual(["user", "assistant", "user", "assistant", "user", "assistant"]);
    expect(messages[1]!.content).toBe("Let me look.\n\n[tools used]\n- run_command ok: Exit code 0.");
    expect(messages[2]!.content.length).toBeLessThan(600);
    expect(messages[3]!.content).toContain("- read_file failed: a.txt does not exist.");
    expect(messages[5]!.content).toBe("All done.");
  });

  test("does not repeat a final answer", () => {
    const messages = historyMessages([
      { role: "user", content: "go" },
      { role: "assistant", content: "Same.", steps: [{ response_text: "Same.", tool_calls: [] }] },
    ]);
    expect(messages.slice(1)).toEqual([{ role: "assistant", content: "Same.", tool_calls: [] }]);
  });

  test("includes the newest of very many results", () => {
    const messages = historyMessages([
      { role: "user", content: "go" },
      { role: "assistant", content: "end", steps: Array.from({ length: 200 }, (_, index) => step(`${index} ${"y".repeat(600)}`)) },
    ]);
    const results = messages.filter((message) => message.content.startsWith("[tool results]"));
    expect(results.length).toBeGreaterThan(50);
    expect(results.length).toBeLessThan(100);
    expect(results.at(-1)!.content).toContain("199 y");
    expect(messages.filter((message) => message.content.includes("[tools used]"))).toHaveLength(200);
  });
});

test("stepTurns gives every call its result", () => {
  const done: AgentStep = {
    iteration: 3,
    thought: "hm",
    tool_calls: [
      { name: "read_file", parameters: { file_path: "a" } },
      { name: "write_file", parameters: {} },
    ],
    tool_results: [{ success: true, tool: "read_file", result: { success: true, message: "a: 1 lines.", content: "A" } }],
    response_text: "Reading.",
    timestamp: "2026-01-01T00:00:00.000Z",
    is_complete: false,
  };
  expect(stepTurns([done])).toEqual([
    {
      role: "assistant",
      content: "Reading.",
      tool_calls: [
        { id: "call_3_0", name: "read_file", arguments: '{"file_path":"a"}' },
        { id: "call_3_1", name: "write_file", arguments: "{}" },
      ],
    },
    { role: "tool", tool_call_id: "call_3_0", tool_name: "read_file", content: "a: 1 lines.\nA", is_error: false },
    { role: "tool", tool_call_id: "call_3_1", tool_name: "write_file", content: "Error: The result was lost.", is_error: true },
  ]);
});
