import { expect, test, vi } from "vitest";
import { call, say, script, turn } from "@tesslate/testkit";
import { chatWorld } from "../../../testing/chat.ts";
import { emptyProject } from "../../../testing/sandbox.ts";

test("a container that crashed is started again after a run that changed files; one that crashes again is fixed", async () => {
  await using world = await chatWorld();
  const { app, owner } = world;
  app.config.repairs.quietMs = 50;
  const run =
    "if (!require('fs').readFileSync('a.txt', 'utf8').includes('well')) throw new TypeError('not well'); require('http').createServer((q, r) => r.end('hi')).listen(process.env.PORT)";
  const project = await emptyProject(app, owner, { command: ["node", "-e", run] });
  const client = app.as(owner);
  const read = call("read_file", { file_path: "a.txt" });
  const write = (text: string) => call("write_file", { file_path: "a.txt", content: text });
  world.model.setScript(script([write("ill"), turn(say("Written.")), read, write("well"), turn(say("Fixed."))]));
  for await (const _ of client.chat.stream({ body: { project_id: project.id, message: "Make it", edit_mode: "allow" } }));
  await client.projects.start({ params: { id: project.id } });
  const questions = async () =>
    (await client.chat.history({ params: { project_id: project.id }, query: { order: "asc" } })).items.filter(
      ({ role }) => role === "user",
    );
  await vi.waitFor(async () => expect(await questions()).toHaveLength(2));
  expect((await questions())[1]).toMatchObject({
    content: expect.stringMatching(/^Fix the error: TypeError: not well/),
    message_metadata: { auto_fix: 1, details: expect.stringContaining("in the output of") },
  });
  await vi.waitFor(async () => expect((await client.containers.list({ params: { id: project.id } })).items[0]?.status).toBe("running"));
});
