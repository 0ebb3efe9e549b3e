import { expect, test } from "vitest";
import type { RunEvent, RunEventType } from "@tesslate/contract";
import { call, say } from "@tesslate/testkit";
import type { TestUser } from "../../../testing/app.ts";
import { chatWorld, find } from "../../../testing/chat.ts";

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
  const statusOf = async (user: TestUser | undefined, task_id: string | null, command_id: string): Promise<number> =>
    (await world.app.request("/api/chat/agent/stop-command", { method: "POST", user, json: { task_id, command_id } })).status;
  const events: RunEvent[] = [];
  const allOf = <T extends RunEventType>(type: T) => events.filter((event) => event.type === type) as Extract<RunEvent, { type: T }>[];
  const refusals: number[] = [];
  for await (const event of world.send("Start them")) {
    events.push(event);
    if (event.type !== "command_started" || event.data.is_background) continue;
    const { task_id } = event;
    const foreground = event.data.command_id;
    const background = find(events, "command_started")!.data.command_id;
    refusals.push(await statusOf(stranger, task_id, foreground));
    refusals.push(await statusOf(world.owner, task_id, "none"));
    refusals.push(await statusOf(undefined, task_id, foreground));
    for (const command_id of [background, foreground])
      expect(await client.chat.stopCommand({ body: { task_id: task_id!, command_id } })).toEqual({ command_id, status: "stop_requested" });
  }
  expect(refusals).toEqual([404, 404, 401]);
  expect(find(events, "command_started")?.data).toMatchObject({ is_background: true, call: { iteration: 1, index: 0 } });
  const output = allOf("command_output").map(({ data }) => data.content);
  expect(output.join("")).toContain("\u001b[32mready\u001b[0m");
  expect(allOf("command_ended").map(({ data }) => data.reason)).toEqual(["stopped_by_person", "stopped_by_person"]);
  expect(allOf("agent_step")[1]?.data.tool_results[0]).toMatchObject({ success: false, error: "The person stopped this command." });
  const complete = find(events, "complete");
  expect(complete?.data).toMatchObject({ success: true, final_response: "Both ended." });
  const { task_id } = complete!;
  const command_id = find(events, "command_started")!.data.command_id;
  expect(await statusOf(world.owner, task_id, command_id)).toBe(404);
});
