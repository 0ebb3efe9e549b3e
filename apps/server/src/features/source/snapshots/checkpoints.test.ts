import { expect, test } from "vitest";
import { call, parallel, pause, say, turn } from "@tesslate/testkit";
import { chatWorld, collect } from "../../../testing/chat.ts";
import type { ChatWorld } from "../../../testing/chat.ts";

const kept = async (world: ChatWorld) =>
  (await world.app.as(world.owner).snapshots.checkpoints({ params: { id: world.project.id }, query: {} })).items;
const taskEnd = async (world: ChatWorld, task_id: string) => {
  for await (const { data } of world.app.as(world.owner).tasks.events({ params: { task_id } })) if (data.completed_at) return data;
  throw new Error("no end");
};

test("checkpoints before each run are comparable and restorable, and not listed as snapshots", async () => {
  await using world = await chatWorld({
    script: [
      turn(call("write_file", { file_path: "a.txt", content: "first\n" })),
      turn(say("done")),
      // Read again: what an earlier run wrote is no longer in the conversation.
      turn(parallel(call("read_file", { file_path: "a.txt" }), call("write_file", { file_path: "a.txt", content: "second\n" }))),
      turn(say("done")),
    ],
  });
  const { owner, project, app } = world;
  const params = { id: project.id };
  await world.run("Write   the\nfirst");
  expect((await kept(world))[0]?.title).toBe("Write the");
  const second = await world.run("Write the second");
  const items = await kept(world);
  expect(items.map((c) => [c.kind, c.label, c.chat_id !== null, c.message_id !== null])).toEqual([
    ["turn", "Write the second", true, true],
    ["turn", "Write the first", true, true],
  ]);
  expect(items[0]?.task_id).toBe(second[0]?.task_id);
  expect((await app.as(owner).snapshots.list({ params, query: {} })).total).toBe(0);

  const [later, earlier] = items;
  const diff = await app.as(owner).snapshots.checkpointDiff({ params: { id: project.id, checkpoint_id: later?.id ?? "" }, query: {} });
  expect(diff.files.map((f) => [f.path, f.status, f.additions, f.deletions])).toEqual([["a.txt", "modified", 1, 1]]);
  const between = await app
    .as(owner)
    .snapshots.checkpointDiff({ params: { id: project.id, checkpoint_id: earlier?.id ?? "" }, query: { against: later?.id ?? "" } });
  expect(between.files.map((f) => [f.path, f.status])).toEqual([["a.txt", "added"]]);

  const accepted = await app
    .as(owner)
    .snapshots.checkpointRestore({ params: { id: project.id, checkpoint_id: later?.id ?? "" }, body: {} });
  expect(await taskEnd(world, accepted.task_id)).toMatchObject({ status: "completed" });
  expect(await world.read("a.txt")).toBe("first\n");
  expect((await kept(world))[0]).toMatchObject({ kind: "restore", label: "Restored before “Write the second”" });
});

test("an active run blocks a restore", async () => {
  await using world = await chatWorld({
    script: [turn(pause(1500), call("write_file", { file_path: "a.txt", content: "by the agent\n" })), turn(say("done"))],
  });
  const { owner, project, app } = world;
  const params = { id: project.id };
  const made = await app.as(owner).snapshots.create({ params, body: {} });
  expect(await taskEnd(world, made.task_id)).toMatchObject({ status: "completed" });
  const run = collect(world.send("Write"));
  await run.until("task_started");
  const attempt = () => app.as(owner).snapshots.restore({ params: { id: project.id, snapshot_id: made.id }, body: {} });
  await expect(attempt()).rejects.toMatchObject({ code: "run_active" });
  await run.ended;
  expect(await world.read("a.txt")).toBe("by the agent\n");
  const accepted = await attempt();
  // And no run starts while files are replaced.
  const refused = await app.request("/api/chat/stream", {
    method: "POST",
    user: owner,
    json: { project_id: project.id, message: "Write" },
  });
  if (refused.status === 409) expect(await refused.json()).toMatchObject({ code: "project_busy" });
  else await refused.body?.cancel();
  expect(await taskEnd(world, accepted.task_id)).toMatchObject({ status: "completed" });
});
