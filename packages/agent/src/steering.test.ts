import { expect, test } from "vitest";
import { textOf, type ModelMessage } from "./conversation.ts";
import { recordOfHistory, recordOfSteps } from "./history-from-steps.ts";
import { answer, call, calls, play, say } from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";
import type { AgentStep } from "./events.ts";

const list = call("list_dir", {});
const received = (messages: ModelMessage[]) =>
  messages.map((message) => `${message.role}: ${message.role === "tool" ? message.parts[0]!.name : textOf(message).split("\n").at(-1)}`);
/** Gives each text before the call of its iteration, once. */
const steeringOf = (texts: Record<number, string[]>) => async (iteration: number) => texts[iteration]?.splice(0) ?? [];

test("a steering message becomes a user turn before the next call and stays in the conversation", async () => {
  await using ws = await tempWorkspace();
  const run = await play(ws, [[...say("A"), ...calls(list)], [...say("B"), ...calls(list)], answer("Done.")], {
    deps: { takeSteering: steeringOf({ 2: ["Use blue", "and red"] }) },
  });
  expect(run.result).toMatchObject({ success: true, iterations: 3, final_response: "Done." });
  expect(received(run.client.requests[0]!.messages)).toEqual(["user: Do it"]);
  const second = ["user: Do it", "assistant: A", "tool: list_dir", "user: Use blue", "user: and red"];
  expect(received(run.client.requests[1]!.messages)).toEqual(second);
  expect(received(run.client.requests[2]!.messages)).toEqual([...second, "assistant: B", "tool: list_dir"]);
});

test("steering messages are read before the first call too, and no more after the answer", async () => {
  await using ws = await tempWorkspace();
  const iterations: number[] = [];
  const run = await play(ws, [answer("Done.")], {
    deps: { takeSteering: async (iteration) => (iterations.push(iteration), iteration === 1 ? ["In French"] : []) },
  });
  expect(received(run.client.requests[0]!.messages)).toEqual(["user: Do it", "user: In French"]);
  expect(iterations).toEqual([1]);
});

test("a failing takeSteering ends the run with one complete event", async () => {
  await using ws = await tempWorkspace();
  const run = await play(ws, [answer("Done.")], {
    deps: {
      takeSteering: async () => {
        throw new Error("database away");
      },
    },
  });
  expect(run.client.requests).toEqual([]);
  expect(run.result).toMatchObject({ success: false, error_code: "internal_error" });
  expect(run.all("complete")).toHaveLength(1);
});

const step = (iteration: number, response_text: string): AgentStep => ({
  iteration,
  thought: null,
  tool_calls: [{ name: "list_dir", parameters: {} }],
  tool_results: [{ success: true, tool: "list_dir", result: { success: true, message: "ok" } }],
  response_text,
  timestamp: "2026-01-01T00:00:00.000Z",
  is_complete: false,
});

test("the record of older runs has it between the steps; one for an unfinished call is last", () => {
  const steered = [
    { iteration: 3, text: "last" },
    { iteration: 2, text: "middle" },
  ];
  expect(received(recordOfSteps([step(1, "A"), step(2, "B")], steered) as ModelMessage[])).toEqual([
    "assistant: A",
    "tool: list_dir",
    "user: middle",
    "assistant: B",
    "tool: list_dir",
    "user: last",
  ]);
  const messages = recordOfHistory([
    { role: "user", content: "Do it" },
    { role: "assistant", content: "Done.", steps: [step(1, "A"), step(2, "B")], steered },
  ]).flat() as ModelMessage[];
  const texts = messages
    .filter((message) => message.role !== "user" || message.kind !== "note")
    .map((message) => textOf(message).split("\n")[0]);
  expect(texts).toEqual(["Do it", "A", "middle", "B", "last", "Done."]);
});
