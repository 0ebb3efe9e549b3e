import { expect, test, vi } from "vitest";
import { call, say, script, turn } from "@tesslate/testkit";
import { chatWorld } from "../../../testing/chat.ts";
import { ended, enterPreview } from "../../../testing/projects.ts";
import { emptyProject } from "../../../testing/sandbox.ts";

/** Long enough for a decision. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 400));

test("after a person's change to the files, errors start no run, and a redo stays possible", { timeout: 90_000 }, async () => {
  await using world = await chatWorld();
  const { app, owner } = world;
  app.config.repairs.quietMs = 50;
  const project = await emptyProject(app, owner, {
    command: ["node", "-e", "require('http').createServer((q, r) => r.end('hi')).listen(process.env.PORT)"],
  });
  const client = app.as(owner);
  const params = { id: project.id };
  world.model.setScript(
    script(
      Array.from({ length: 12 }, (_, n) => [
        turn(call("write_file", { file_path: `${n}.txt`, content: "x\n" })),
        turn(say("Done.")),
      ]).flat(),
    ),
  );
  let runs = 0;
  const ask = async () => {
    runs += 1;
    for await (const _ of client.chat.stream({ body: { project_id: project.id, message: "Make it", edit_mode: "allow" } }));
    return (await client.changes.list({ params, query: {} })).items[0];
  };
  const visit = await enterPreview(app, owner, project.id);
  let errors = 0;
  const report = () =>
    visit.fetch("/__studio/report", {
      method: "POST",
      body: JSON.stringify([{ kind: "error", message: `TypeError: ${errors++}`, source: "/a.js", line: 7, stack: "at a (a.js:7)" }]),
    });
  const countRuns = async () => (await client.changes.list({ params, query: {} })).total;
  const startsNone = async (what: string) => {
    await report();
    await settled();
    expect([what, await countRuns()]).toEqual([what, runs]);
  };
  const startsOne = async () => {
    await report();
    runs += 1;
    await vi.waitFor(async () => expect(await countRuns()).toBe(runs));
    await vi.waitFor(async () => expect((await client.chat.active({ query: { project_id: project.id } })).active).toBeNull());
  };

  const first = await ask();
  await client.changes.apply({
    params: { task_id: first?.task_id ?? "" },
    body: { reject: [{ path: (await client.changes.diff({ params: { task_id: first?.task_id ?? "" } })).files[0]?.path ?? "" }] },
  });
  await startsNone("rejected in Review");

  await ask();
  await startsOne();
  await client.files.put({ params: { ...params, path: "mine.txt" }, body: { content: "mine\n" } });
  await startsNone("written in the editor");

  const third = await ask();
  const chat_id = third?.chat_id ?? "";
  await ended(app, owner, (await client.chat.restore({ params: { chat_id }, body: { message_id: third?.message_id ?? "" } })).task_id);
  await client.projects.start({ params });
  await startsNone("undone");
  expect((await client.chat.get({ params: { chat_id } })).rewound).not.toBeNull();
  // Also when the task of the restore was deleted, as tasks are after a day.
  await app.studio.database.pool.query("delete from tasks where project_id = $1 and type = 'snapshot_restore'", [project.id]);
  await startsNone("undone a day ago");
  await ended(app, owner, (await client.chat.redo({ params: { chat_id } })).task_id);
  await startsNone("redone");

  await client.git.init({ body: { project_id: project.id } });
  await ask();
  await client.git.discard({ body: { project_id: project.id, paths: ["mine.txt"] } });
  await startsNone("discarded with git");

  await ask();
  await startsOne();
});
