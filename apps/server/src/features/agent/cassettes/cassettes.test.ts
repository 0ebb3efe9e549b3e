import { expect, test } from "vitest";
import { forkCassette, readCassette, readSpec, replayCassette, scriptedModel } from "@tesslate/agent";
import { call, say, turn } from "@tesslate/testkit";
import { chatWorld, find } from "../../../testing/chat.ts";

test("a cassette is recorded only when switched on, readable only by its owner, contains no secrets, and replays byte for byte", async () => {
  const value = "planted-cassette-key-77";
  await using world = await chatWorld({
    script: [
      turn(say("I look."), call("run_command", { command: "cat .env" }), call("write_file", { file_path: "a.txt", content: "a" })),
      turn(say("Done, as it is.")),
      say("Off the record."),
    ],
  });
  const { app, owner, project } = world;
  const client = app.as(owner);
  await client.secrets.set({ params: { project_id: project.id }, body: { key: "KEY", value } });
  await world.sandbox.files.write(".env", `KEY=${value}\n`);
  await client.projects.update({ params: { id: project.id }, body: { settings: { record_cassettes: true } } });
  const events = await world.run("Look at it");
  const { task_id } = find(events, "task_started")!;
  const path = `/api/chat/runs/${task_id}/cassette`;
  const response = await app.request(path, { user: owner });
  expect([response.status, response.headers.get("content-type"), response.headers.get("content-disposition")]).toEqual([
    200,
    expect.stringContaining("application/x-ndjson"),
    `attachment; filename="run-${task_id}.jsonl"`,
  ]);
  const text = await response.text();
  expect(text).not.toContain("planted-cassette");
  expect(text).toContain("[secret:KEY]");
  const cassette = readCassette(text);
  // Instructions of another user's agent are not in it.
  expect(cassette.head.options.agent.system_prompt).toBe("");

  const [first, second] = [await replayCassette(cassette), await replayCassette(cassette)];
  expect(first.differences).toEqual([]);
  expect(JSON.stringify(second.events)).toBe(JSON.stringify(first.events));
  const toolResults = find(events, "agent_step")?.data.tool_results;
  const replayed = first.events.find((event) => event.type === "agent_step")?.data as { tool_results: unknown };
  expect(replayed.tool_results).toEqual(toolResults);
  const spec = readSpec(JSON.stringify({ title: "t", files: {}, message: "m", turns: [{ text: "Another end." }], checks: {} }));
  const fork = await forkCassette(cassette, { step: 1, client: scriptedModel(spec.turns) });
  expect(fork.result.final_response).toBe("Another end.");

  const otherUser = await app.signUp();
  expect((await app.request(path, { user: otherUser })).status).toBe(404);
  expect((await app.request(path)).status).toBe(401);
  expect((await app.request("/api/chat/runs/nonsense/cassette", { user: owner })).status).toBe(422);
  await client.projects.update({ params: { id: project.id }, body: { settings: { record_cassettes: false } } });
  const unrecorded = await world.run("Another");
  expect((await app.request(`/api/chat/runs/${find(unrecorded, "task_started")!.task_id}/cassette`, { user: owner })).status).toBe(404);
});
