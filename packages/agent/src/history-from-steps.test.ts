import { describe, expect, test } from "vitest";
import { recordOfHistory, recordOfSteps, type HistoryStep } from "./history-from-steps.ts";
import { assistantMessage, textOf, type Message, type ModelMessage } from "./conversation.ts";
import type { AgentStep } from "./events.ts";

const text = (message: Message | undefined): string => textOf(message as ModelMessage);

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

describe("recordOfHistory", () => {
  test("contains the last twenty messages of people and the assistant unchanged, without empty ones", () => {
    const history = Array.from({ length: 30 }, (_, index) => ({
      role: index % 2 ? ("assistant" as const) : ("user" as const),
      content: index === 25 ? " " : `m${index}`,
    }));
    const messages = recordOfHistory(history).flat();
    expect(messages).toHaveLength(19);
    expect([messages[0]!.role, text(messages[0])]).toEqual(["user", "m10"]);
    expect(messages.at(-1)).toEqual(assistantMessage("m29"));
  });

  test("contains steps with text, calls and truncated results, and the final answer", () => {
    const messages = recordOfHistory([
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
    ]).flat();
    expect(messages.map((message) => message.role)).toEqual(["user", "assistant", "user", "assistant", "user", "assistant"]);
    expect(text(messages[1])).toBe("Let me look.\n\n[tools used]\n- run_command ok: Exit code 0.");
    expect(text(messages[2]).length).toBeLessThan(600);
    expect(text(messages[3])).toContain("- read_file failed: a.txt does not exist.");
    expect(text(messages[5])).toBe("All done.");
  });

  test("does not repeat a final answer", () => {
    const messages = recordOfHistory([
      { role: "user", content: "go" },
      { role: "assistant", content: "Same.", steps: [{ response_text: "Same.", tool_calls: [] }] },
    ]).flat();
    expect(messages.slice(1)).toEqual([assistantMessage("Same.")]);
  });

  test("includes the newest of very many results", () => {
    const messages = recordOfHistory([
      { role: "user", content: "go" },
      { role: "assistant", content: "end", steps: Array.from({ length: 200 }, (_, index) => step(`${index} ${"y".repeat(600)}`)) },
    ]).flat();
    const results = messages.filter((message) => text(message).startsWith("[tool results]"));
    expect(results.length).toBeGreaterThan(50);
    expect(results.length).toBeLessThan(100);
    expect(text(results.at(-1))).toContain("199 y");
    expect(messages.filter((message) => text(message).includes("[tools used]"))).toHaveLength(200);
  });
});

test("recordOfSteps gives every call its result", () => {
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
  expect(recordOfSteps([done])).toEqual([
    assistantMessage("Reading.", [
      { id: "call_3_0", name: "read_file", arguments: '{"file_path":"a"}' },
      { id: "call_3_1", name: "write_file", arguments: "{}" },
    ]),
    {
      role: "tool",
      parts: [
        {
          type: "tool_result",
          call_id: "call_3_0",
          name: "read_file",
          content: [{ type: "text", text: "a: 1 lines.\nA" }],
          is_error: false,
        },
        {
          type: "tool_result",
          call_id: "call_3_1",
          name: "write_file",
          content: [{ type: "text", text: "Error: The result was lost." }],
          is_error: true,
        },
      ],
    },
  ]);
});
