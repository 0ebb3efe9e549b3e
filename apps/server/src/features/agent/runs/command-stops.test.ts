import { expect, test } from "vitest";
import type { RunEvent } from "@tesslate/contract";
import { call, say } from "@tesslate/testkit";
import { chatWorld, find, findAll } from "../../../testing/chat.ts";

test("a person stops one command of a run; the run goes on, and its events tell what happened", async () => {
  await using world = await chatWorld({
    script: [
      call("run_command", { command: "printf '\\033[32mready\\033[0m\\n'; sleep 120", background: true }),
      call("run_command", { command: "sleep 120" }),
      say("Both ended."),
    ],
  });
  const stranger = await world.app.signUp();
  const client = world.app.as(world.owner);
  const events: RunEvent[] = [];
  const refusals: number[] = [];
  for await (const event of world.send("Start them")) {
    events.push(event);
    if (event.type !== "command_started" || event.data.is_background) continue;
    const { task_id } = event;
    const foreground = event.data.command_id;
    const background = find(events, "command_started")!.data.command_id;
    for (const [user, command_id] of [
      [stranger, foreground],
      [world.owner, "none"],
    ] as const)
      // prettier-ignore
      refusals.push((await world.app.request("/api/chat/agent/stop-command", { method: "POST", user, json: { task_id, command_id } })).status);
    refusals.push(
      (await world.app.request("/api/chat/agent/stop-command", { method: "POST", json: { task_id, command_id: foreground } })).status,
    );
    for (const command_id of [background, foreground])
      expect(await client.chat.stopCommand({ body: { task_id: task_id!, command_id } })).toEqual({ command_id, status: "stop_requested" });
  }
  expect(refusals).toEqual([404, 404, 401]);
  expect(find(events, "command_started")?.data).toMatchObject({ is_background: true, call: { iteration: 1, index: 0 } });
  const output = findAll(events, "command_output").map(({ data }) => data.content).join(""); // prettier-ignore
  expect(output).toContain("\u001b[32mready\u001b[0m");
  expect(findAll(events, "command_ended").map(({ data }) => data.reason)).toEqual(["stopped_by_person", "stopped_by_person"]);
  expect(findAll(events, "agent_step")[1]?.data.tool_results[0]).toMatchObject({
    success: false,
    error: "The person stopped this command.",
  });
  const complete = find(events, "complete");
  expect(complete?.data).toMatchObject({ success: true, final_response: "Both ended." });
  const { task_id } = complete!;
  const command_id = find(events, "command_started")!.data.command_id;
  const late = await world.app.request("/api/chat/agent/stop-command", {
    method: "POST",
    user: world.owner,
    json: { task_id, command_id },
  });
  expect(late.status).toBe(404);
});
