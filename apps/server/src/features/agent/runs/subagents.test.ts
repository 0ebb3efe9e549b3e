import { and, eq } from "drizzle-orm";
import { expect, test } from "vitest";
import { call, say, turn, when } from "@tesslate/testkit";
import { all, answer, chatWorld, find, orderOf, collect } from "../../../testing/chat.ts";
import { events } from "../../../db/schema/core.ts";
import { describeInterruptedSubagents } from "./interrupted-steps.ts";
import { createRunsStore } from "./runs.store.ts";

test("a sub-agent emits nested events, is billed, asks through the run, and is shown after a reload", async () => {
  await using world = await chatWorld({
    script: [
      when(/make a\.txt/, [turn(say("Writing."), call("write_file", { file_path: "a.txt", content: "a" })), say("Made a.txt.")]),
      when(/Go/, [call("invoke_subagent", { name: "general-purpose", task: "make a.txt" }), say("Done by a helper.")]),
    ],
  });
  const stream = collect(world.send("Go", { edit_mode: "ask" }));
  const { data: approval } = await stream.until("approval_required");
  expect(approval).toMatchObject({ tool_name: "write_file", tool_description: expect.stringContaining("sub-agent general-purpose") });
  await answer(world, world.owner, approval.approval_id, "allow_once");
  const seen = await stream.ended;
  expect(await world.read("a.txt")).toBe("a");
  expect(orderOf(seen)).toEqual([
    "task_started", "credits_used", "tool_started", "subagent_event", "credits_used", "subagent_event", "subagent_event", "approval_required",
    "approval_resolved", "file_changed", "subagent_event", "credits_used", "subagent_event", "subagent_event", "agent_step", "text_chunk", "credits_used",
    "complete", "done",
  ]); // prettier-ignore
  const subagentEvents = seen.flatMap((event) => (event.type === "subagent_event" ? [event.data] : []));
  expect(subagentEvents.map((event) => event.kind)).toEqual(["started", "text", "tool_started", "step", "text", "finished"]);
  // Four calls, each with a row of its own.
  const client = world.app.as(world.owner);
  const stats = find(seen, "complete")!.data.resource_stats!;
  const used = seen.flatMap((event) => (event.type === "credits_used" ? [event.data] : []));
  expect(new Set(used.map((one) => one.usage_log_id)).size).toBe(4);
  expect(stats.tokens_in).toBe(used.reduce((sum, one) => sum + (one.tokens_in ?? 0), 0));
  // Its step is closed; only if the server had died earlier would the next run mention it.
  const runs = createRunsStore(world.app.db);
  expect(await runs.listSubagentsSinceStep(seen[0]!.task_id)).toEqual([]);
  const replayed = await all(client.chat.runEvents({ params: { task_id: seen[0]!.task_id } }));
  expect(replayed).toEqual(seen);
  const chat = await client.chat.get({ params: { chat_id: find(seen, "task_started")!.data.chat_id } });
  expect(chat.messages[1]!.message_metadata).toMatchObject({
    steps: [
      {
        tool_calls: [
          {
            name: "invoke_subagent",
            result: {
              success: true,
              result: { content: "Made a.txt.", activity: [{ text: "Writing.", tool_calls: [{ name: "write_file", success: true }] }] },
            },
          },
        ],
      },
    ],
  });
  await world.app.db.delete(events).where(and(eq(events.task_id, seen[0]!.task_id), eq(events.type, "agent_step")));
  expect(describeInterruptedSubagents(await runs.listSubagentsSinceStep(seen[0]!.task_id))).toEqual([
    expect.stringMatching(/^Sub-agent general-purpose had finished.*write_file a\.txt\.$/),
  ]);
  // Its messages are not part of the agent's conversation.
  const last = JSON.stringify(world.model.requests.at(-1)!.body);
  expect(last).toContain("Made a.txt.");
  expect(last).not.toContain("Writing.");
});

test("the description of interrupted sub-agents for the model", () => {
  const head = { agent_id: "1", name: "general-purpose", call: { iteration: 1, index: 0 } };
  expect(
    describeInterruptedSubagents([
      { ...head, kind: "started", task: "make it" },
      { ...head, kind: "tool_started", iteration: 1, tools: [{ name: "write_file", parameters: { file_path: "a.txt", content: "…" } }] },
      {
        ...head,
        kind: "step",
        iteration: 1,
        text: "",
        tool_calls: [{ name: "write_file", parameters: { file_path: "a.txt" }, success: true, message: "" }],
      },
      { ...head, kind: "tool_started", iteration: 2, tools: [{ name: "run_command", parameters: { command: "npm  i" } }] },
      { ...head, agent_id: "2", name: "Explore", kind: "started", task: "look" },
      { ...head, agent_id: "2", name: "Explore", kind: "finished", success: true },
    ]),
  ).toEqual([
    'Sub-agent general-purpose was interrupted and cannot be resumed. Its task: "make it". It had run: write_file a.txt. It is not known how these ended: run_command npm i.',
    'Sub-agent Explore had finished, but its report was lost. Its task: "look". It had run nothing.',
  ]);
  expect(describeInterruptedSubagents([])).toEqual([]);
});
