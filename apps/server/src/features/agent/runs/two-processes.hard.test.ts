import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { call, say } from "@tesslate/testkit";
import { testApp } from "../../../testing/app.ts";
import { all, answer, chatSocket, chatWorld, eventually, find, modelEnv, collect } from "../../../testing/chat.ts";

test("of two servers on one database, either can show, answer and stop a run of the other", async () => {
  // The address is not used; configuring one declares that others may share the database.
  const env = { DATABASE_URL: "postgres://shared/database" };
  await using world = await chatWorld({
    ownServer: true,
    env,
    script: [call("write_file", { file_path: "a.txt", content: "a" }), call("run_command", { command: "sleep 60" }), say("Never.")],
  });
  const dataDir = await mkdtemp(join(tmpdir(), "studio-second-"));
  const second = await testApp({
    env: { ...env, ...modelEnv(world.model) },
    database: world.state.database,
    dataDir,
    swap: { runtime: Object.create(world.runtime, { close: { value: async () => undefined } }) },
  });
  try {
    for (let round = 0; round < 4; round++) {
      const chat = await world.app
        .as(world.owner)
        .chat.createSession({ body: { project_id: world.project.id, title: randomBytes(3).toString("hex") } });
      const socket = await chatSocket(second, world.owner, chat.id);
      // It answers once it listens.
      socket.send({ type: "ping" });
      await socket.until("pong");
      const stream = collect(world.send("Go", { chat_id: chat.id, edit_mode: "ask" }));
      const { data, task_id } = await stream.until("approval_required");
      // Read, answered and stopped through the other server; then from this one, in case the run is there.
      const [from, to] = round % 2 === 0 ? [second, world.app] : [world.app, second];
      expect((await to.as(world.owner).chat.get({ params: { chat_id: chat.id } })).pending_approval).toMatchObject({
        approval_id: data.approval_id,
      });
      await answer({ app: from }, world.owner, data.approval_id, "allow_all");
      await eventually(() => stream.seen.filter((e) => e.type === "approval_required").length === 2);
      expect(await from.as(world.owner).chat.cancel({ body: { task_id } })).toMatchObject({ status: "cancellation_requested" });
      const events = await stream.ended;
      expect(find(events, "complete")?.data.completion_reason).toBe("cancelled");
      expect(await all(second.as(world.owner).chat.runEvents({ params: { task_id } }))).toEqual(events);
      await socket.until("done");
      expect(socket.frames.filter((f) => f.seq !== undefined)).toEqual(events);
      socket.close();
    }
  } finally {
    await second.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});
