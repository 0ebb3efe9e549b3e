import pg from "pg";
import { describe, expect, inject, test } from "vitest";
import { call, hang, parallel, say, turn, when } from "@tesslate/testkit";
import { all, answer, find, orderOf, type ChatWorld } from "../../../testing/chat.ts";
import { awaitsApproval, killDuringRun, shutDownDuringRun, task } from "../../../testing/interrupted.ts";
import { testConnection } from "../../../testing/postgres.ts";

describe("a server that dies", () => {
  test.each(["killed", "shut down", "killed twice"])(
    "while it waits for an approval (%s): the question stays open, and the model call is not repeated",
    async (how) => {
      const script = [call("write_file", { file_path: "a.txt", content: "a" }), say("Done.")];
      const { world, seen } =
        how === "shut down"
          ? await shutDownDuringRun({ script })
          : await killDuringRun({ script }, awaitsApproval, "ask", how === "killed twice");
      await using _ = world;
      const client = world.app.as(world.owner).chat;
      const { approval_id } = find(seen, "approval_required")!.data;
      const allEvents = await all(client.runEvents({ params: { task_id: task(seen) } }));
      expect(orderOf(allEvents).slice(-3)).toEqual(["error", "complete", "done"]);
      expect(find(allEvents, "approval_resolved")).toBeUndefined();
      expect(find(allEvents, "complete")?.data).toMatchObject({ completion_reason: "interrupted" });

      const { chat_id, message_id } = find(allEvents, "task_started")!.data;
      const chat = await client.get({ params: { chat_id } });
      expect(chat.pending_approval).toMatchObject({ approval_id });
      const requestsBefore = world.model.requests.length;
      await answer(world, world.owner, approval_id, "allow_once");
      await expect(answer(world, world.owner, approval_id, "deny")).rejects.toMatchObject({ code: "already_answered" });
      const resumed = await all(client.runEvents({ params: { task_id: chat.active_task!.task_id } }));
      expect(find(resumed, "task_started")?.data).toMatchObject({ chat_id, message_id });
      expect(find(resumed, "approval_resolved")?.data).toMatchObject({ approval_id, response: "allow_once" });
      expect(find(resumed, "complete")?.data).toMatchObject({ success: true, final_response: "Done." });
      expect(world.model.requests.length).toBe(requestsBefore + 1);
      expect(await world.read("a.txt")).toBe("a");
      const steps = (await client.get({ params: { chat_id } })).messages[1]?.message_metadata?.["steps"] as { iteration: number }[];
      expect(steps.map((s) => s.iteration)).toEqual([1]);
    },
  );
});

test("a run with a pending cancellation whose server died is cancelled, and its question is closed", async () => {
  const options = { script: [call("write_file", { file_path: "a.txt", content: "a" }), say("Never sent.")] };
  // Another server stored the cancellation because the one that runs it does not respond.
  const stop = async ({ state }: ChatWorld) => {
    const client = new pg.Client(testConnection(inject("postgres").server, state.database));
    await client.connect();
    await client.query("update tasks set cancel_requested_at = now() where type = 'agent_execution'");
    await client.end();
  };
  const { world, seen } = await killDuringRun(options, awaitsApproval, "ask", false, stop);
  await using _ = world;
  const client = world.app.as(world.owner).chat;
  const allEvents = await all(client.runEvents({ params: { task_id: task(seen) } }));
  expect(orderOf(allEvents).slice(-3)).toEqual(["approval_resolved", "complete", "done"]);
  expect(find(allEvents, "approval_resolved")?.data.response).toBe("cancelled");
  expect(find(allEvents, "complete")?.data).toMatchObject({ success: false, completion_reason: "cancelled" });
  const { chat_id } = find(allEvents, "task_started")!.data;
  expect(await client.get({ params: { chat_id } })).toMatchObject({ status: "active", active_task: null, pending_approval: null });
  await expect(answer(world, world.owner, find(seen, "approval_required")!.data.approval_id, "allow_once")).rejects.toMatchObject({
    status: 404,
  });
});

test.each(["killed", "killed twice"])(
  "while a sub-agent waits for an approval (%s): it resumes with its own conversation, and its sibling is reported as cut off",
  async (how) => {
    const script = [
      when(/make a\.txt/, [
        turn(say("I look first."), call("glob", { pattern: "*.txt" })),
        turn(say("Writing."), call("write_file", { file_path: "a.txt", content: "a" })),
        say("Made a.txt."),
      ]),
      when(/look around/, [hang({ afterTokens: 0 })]),
      when(/Go/, [
        parallel(
          call("invoke_subagent", { name: "general-purpose", task: "make a.txt" }),
          call("invoke_subagent", { name: "Explore", task: "look around" }),
        ),
        say("Done by a helper."),
      ]),
    ];
    const { world, seen } = await killDuringRun({ script }, awaitsApproval, "ask", how === "killed twice");
    await using _ = world;
    const client = world.app.as(world.owner).chat;
    const { approval_id } = find(seen, "approval_required")!.data;
    const allEvents = await all(client.runEvents({ params: { task_id: task(seen) } }));
    expect(find(allEvents, "approval_resolved")).toBeUndefined();
    const { chat_id } = find(allEvents, "task_started")!.data;
    const chat = await client.get({ params: { chat_id } });
    expect(chat.pending_approval).toMatchObject({ approval_id, tool_description: expect.stringContaining("sub-agent general-purpose") });
    expect(await world.read("a.txt")).toBeUndefined();
    const requestsBefore = world.model.requests.length;
    await answer(world, world.owner, approval_id, "allow_once");
    const resumed = await all(client.runEvents({ params: { task_id: chat.active_task!.task_id } }));
    expect(find(resumed, "complete")?.data).toMatchObject({ success: true, final_response: "Done by a helper." });
    expect(await world.read("a.txt")).toBe("a");
    // One call for the sub-agent's report, one for the agent's answer: no model or tool call is repeated.
    expect(world.model.requests.length).toBe(requestsBefore + 2);
    const nested = world.model.requests[requestsBefore]!.request!.messages;
    expect(nested.map((message) => message.role)).toEqual(["user", "assistant", "tool", "assistant", "tool"]);
    const steps = (await client.get({ params: { chat_id } })).messages[1]?.message_metadata?.["steps"] as {
      tool_calls: { result: { success: boolean; error?: string; result?: Record<string, unknown> } }[];
    }[];
    expect(steps).toHaveLength(1);
    expect(steps[0]!.tool_calls.map((one) => one.result)).toMatchObject([
      { success: true, result: { content: "Made a.txt.", activity: [{ text: "I look first." }, { text: "Writing." }] } },
      { success: false, error: expect.stringContaining("cannot be resumed") },
    ]);
  },
);
