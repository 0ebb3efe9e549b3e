import { continues, say, turn } from "@tesslate/testkit";
import { expect, test } from "vitest";
import { chatWorld, find } from "../../../testing/chat.ts";

/** Every agent type runs over the stream, on a model without function calling. */
test("Iterative, ReAct and Stream agents write files by text protocol", async () => {
  const call = (path: string) =>
    `THOUGHT: I write it.\n\n\`\`\`json\n{'tool_name': 'write_file', 'parameters': {'file_path': '${path}', 'content': 'x\n'}}\n\`\`\``;
  await using world = await chatWorld({
    script: [
      turn(say(call("iterative.txt")), continues()),
      turn(say("Written. TASK_COMPLETE")),
      turn(say(call("react.txt")), continues()),
      turn(say("Written. TASK_COMPLETE")),
      say("Here.\n\n```txt\n// File: stream.txt\nx\n```\nDone."),
    ],
  });
  const iterative = await world.run("Write it", { agent_id: "react-component-builder" });
  expect(await world.read("iterative.txt")).toBe("x\n");
  expect(find(iterative, "complete")?.data).toMatchObject({
    success: true,
    completion_reason: "task_complete_signal",
    final_response: "Written.",
    tool_calls_made: 1,
  });
  expect(find(iterative, "agent_step")?.data).toMatchObject({ thought: "I write it.", response_text: "" });

  await world.run("Write that", { agent_id: "react-agent" });
  expect(await world.read("react.txt")).toBe("x\n");

  const stream = await world.run("Write this", { agent_id: "stream-builder" });
  expect(await world.read("stream.txt")).toBe("x\n");
  expect(stream.filter((event) => event.type === "file_changed")).toHaveLength(1);
  expect(find(stream, "complete")?.data).toMatchObject({ success: true, iterations: 1 });
});
