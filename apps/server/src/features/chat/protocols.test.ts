import { say } from "@tesslate/testkit";
import { expect, test } from "vitest";
import { chatWorld, dataOf } from "../../testing/chat.ts";

/** agent-git-deploy 4.2, 11 item 22: every agent type runs over the stream, on a model without function calling. */
test("an Iterative, a ReAct and a Stream agent write files by text alone", async () => {
  const call = (path: string) => `THOUGHT: I write it.\n\n\`\`\`json\n{'tool_name': 'write_file', 'parameters': {'file_path': '${path}', 'content': 'x\n'}}\n\`\`\``;
  await using world = await chatWorld({
    script: [say(call("iterative.txt")), say("Written. TASK_COMPLETE")],
  });
  const iterative = await world.run("Write it", { agent_id: "react-component-builder" });
  expect(await world.read("iterative.txt")).toBe("x\n");
  expect(dataOf(iterative, "complete")).toMatchObject({ success: true, completion_reason: "task_complete_signal", final_response: "Written.", tool_calls_made: 1 });
  expect(dataOf(iterative, "agent_step")).toMatchObject({ thought: "I write it.", response_text: "" });

  world.model.setScript({ script: [say(call("react.txt")), say("Written. TASK_COMPLETE")] });
  await world.run("Write that", { agent_id: "react-agent" });
  expect(await world.read("react.txt")).toBe("x\n");

  world.model.setScript({ script: [say("Here.\n\n```txt\n// File: stream.txt\nx\n```\nDone.")] });
  const stream = await world.run("Write this", { agent_id: "stream-builder" });
  expect(await world.read("stream.txt")).toBe("x\n");
  expect(stream.filter((event) => event.type === "file_changed")).toHaveLength(1);
  expect(dataOf(stream, "complete")).toMatchObject({ success: true, iterations: 1 });
});
