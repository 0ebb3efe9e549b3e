import { expect, test } from "vitest";
import { call, fail, load, nextMessage, say, when } from "@tesslate/testkit";
import { chatWorld, eventually, type ChatWorld } from "../../../testing/chat.ts";

const client = (world: ChatWorld) => world.app.as(world.owner);
const inProject = (world: ChatWorld) => ({ project_id: world.project.id });
const log = async (world: ChatWorld) => (await client(world).git.log({ params: inProject(world), query: {} })).items;
const subjects = async (world: ChatWorld) => (await log(world)).map(({ message }) => message);
const changed = async (world: ChatWorld) =>
  (await client(world).git.status({ params: inProject(world) })).changes.map(({ path, staged }) => [path, staged]);
/** A repository with one commit. */
async function withRepository(world: ChatWorld): Promise<void> {
  await world.sandbox.files.write(".gitignore", "ignored.txt\n");
  await world.sandbox.files.write("old.txt", "old");
  await client(world).git.init({ body: inProject(world) });
  await client(world).git.commit({ body: { ...inProject(world), message: "First" } });
}
const script = [
  when(/Write the commit message[\s\S]*break it/i, [fail(400, { times: 9 })]),
  when(/Write the commit message/, [say("Add a greeting.\n\nPeople are greeted now.")]),
  when(/.*/, [
    call("write_file", { file_path: "hello.txt", content: "hello" }),
    call("run_command", { command: "rm -f old.txt; echo x > ignored.txt; echo KEY=1 > .env" }),
    say("Done."),
    nextMessage(),
    call("write_file", { file_path: "hello.txt", content: "hello again" }),
    say("Done again."),
  ]),
];

test("what a run changed is one commit with the model's message; what a person staged stays staged, and secrets are left out", async () => {
  await using world = await chatWorld({ env: { AGENT_COMMIT_MESSAGES: "1", DEFAULT_MODELS: "openai/gpt-5.1" }, script });
  await withRepository(world);
  await world.sandbox.files.write(".git/info/exclude", ".env\n");
  await world.sandbox.files.write("mine.txt", "mine");
  await client(world).git.stage({ body: { ...inProject(world), paths: ["mine.txt"] } });
  await world.run("Greet people");
  await eventually(async () => (await subjects(world)).length === 2);
  const [commit, first] = await log(world);
  expect(commit).toMatchObject({ message: "Add a greeting\n\nPeople are greeted now.", author: first?.author });
  const diff = await client(world).git.diff({ params: inProject(world), query: { to: commit?.sha ?? "" } });
  expect(diff.files.map(({ path, status }) => [path, status]).sort()).toEqual([
    ["hello.txt", "A"],
    ["old.txt", "D"],
  ]);
  expect(await changed(world)).toEqual([["mine.txt", true]]);
  const request = world.model.requests.find(({ request: one }) => /Write the commit message/.test(one?.messages[0]?.text ?? ""));
  expect(request?.request?.messages[0]?.text).toMatch(/Greet people[\s\S]*added hello\.txt[\s\S]*\+hello/);
  // The run has the name of its commit; the model was asked once.
  const named = async () => (await client(world).snapshots.checkpoints({ params: { id: world.project.id }, query: {} })).items[0];
  expect(await eventually(async () => ((await named())?.title === "Greet people" ? undefined : named()))).toMatchObject({
    title: "Add a greeting",
    label: "Greet people",
  });
  const { rows } = await world.app.studio.database.pool.query(
    "select data from events where project_id = $1 and type = 'snapshot_changed' and data->>'op' = 'update'",
    [world.project.id],
  );
  expect(rows).toEqual([{ data: { kind: "checkpoint", op: "update", id: (await named())?.id } }]);
  const { items } = await client(world).billing.usage({ query: {} });
  expect(items.filter((item) => item.purpose === "commit_message")).toHaveLength(1);
});

test("without an answer of the model the message is what the person asked for; the next run is a commit of its own", async () => {
  await using world = await chatWorld({ env: { AGENT_COMMIT_MESSAGES: "1", DEFAULT_MODELS: "openai/gpt-5.1" }, script });
  await withRepository(world);
  const { id: chat_id } = await client(world).chat.createSession({ body: inProject(world) });
  await world.run("Break it, please", { chat_id });
  await eventually(async () => (await subjects(world))[0] === "Break it, please");
  await world.run("Once more: break it", { chat_id });
  await eventually(async () => (await subjects(world)).length === 3);
  expect(await subjects(world)).toEqual(["Once more: break it", "Break it, please", "First"]);
});

test("nothing is committed during a merge, on a detached HEAD, without a repository, and when the setting is off", async () => {
  await using world = await chatWorld({ script });
  const { id } = world.project;
  await world.run("No repository yet");
  await withRepository(world);
  await client(world).projects.update({ params: { id }, body: { settings: { commit_runs: false } } });
  await world.run("Off");
  await client(world).projects.update({ params: { id }, body: { settings: { commit_runs: true } } });
  await world.sandbox.exec(["git", "checkout", "--quiet", "--detach"]);
  await world.run("Detached");
  await world.sandbox.exec(["git", "checkout", "--quiet", "main"]);
  await world.sandbox.files.write(".git/MERGE_HEAD", `${(await log(world))[0]?.sha}\n`);
  await world.run("Merging");
  await world.sandbox.files.remove(".git/MERGE_HEAD");
  const { rows } = await world.app.studio.database.pool.query(
    "select count(*)::int as n from graphile_worker.jobs where task_identifier = 'commit_run'",
  );
  expect(rows).toEqual([{ n: 0 }]);
  expect(await subjects(world)).toEqual(["First"]);
});

test("a person who commits between the run and its commit keeps both", async () => {
  await using world = await chatWorld({
    env: { AGENT_COMMIT_MESSAGES: "1", DEFAULT_MODELS: "openai/gpt-5.1" },
    script: [when(/Write the commit message/, [load({ tokensPerSecond: 4, tokens: 12 })]), ...script.slice(2)],
  });
  await withRepository(world);
  await world.run("Greet people");
  await eventually(() => world.model.requests.some(({ request }) => /Write the commit message/.test(request?.messages[0]?.text ?? "")));
  await world.sandbox.files.write("mine.txt", "mine");
  await client(world).git.commit({ body: { ...inProject(world), message: "Mine", files: ["mine.txt"] } });
  await eventually(async () => (await subjects(world)).length === 3);
  expect((await subjects(world)).slice(1)).toEqual(["Mine", "First"]);
  expect(await changed(world)).toEqual([]);
});

test("a commit whose process died before it was stored is recognized, also below a newer one, and is not made again", async () => {
  await using world = await chatWorld({ script });
  const { pool } = world.app.studio.database;
  await withRepository(world);
  await world.run("Greet people");
  await eventually(async () => (await subjects(world)).length === 2);
  const [commit, first] = await log(world);
  const tree = (await world.sandbox.exec(["git", "rev-parse", "HEAD^{tree}"])).stdout.trim();
  for (const newer of [[], ["Mine"]]) {
    for (const message of newer) {
      await world.sandbox.files.write("mine.txt", message);
      await client(world).git.commit({ body: { ...inProject(world), message } });
    }
    await pool.query("update change_sets set commit_sha = null, pending_commit = $2 where project_id = $1", [
      world.project.id,
      JSON.stringify({ tree, parent: first?.sha }),
    ]);
    await pool.query(
      "select graphile_worker.add_job('commit_run', json_build_object('task_id', (select task_id from change_sets where project_id = $1)))",
      [world.project.id],
    );
    const stored = async () =>
      (await pool.query("select commit_sha, pending_commit from change_sets where project_id = $1", [world.project.id])).rows;
    await eventually(async () => (await stored())[0]?.pending_commit === null);
    expect(await stored()).toEqual([{ commit_sha: commit?.sha, pending_commit: null }]);
    expect(await subjects(world)).toEqual([...newer, "Greet people", "First"]);
  }
});

test("runs that change thousands of files are committed whole", { timeout: 60_000 }, async () => {
  await using world = await chatWorld({
    script: [call("run_command", { command: "mkdir many && cd many && for i in $(seq 6000); do echo $i > f$i.txt; done" }), say("Done.")],
  });
  await withRepository(world);
  await world.run("Many files");
  await eventually(async () => (await subjects(world))[0] === "Many files", 30_000);
  // The index follows the commit.
  await eventually(async () => (await changed(world)).length === 0);
  const { stdout } = await world.sandbox.exec(["git", "show", "--stat", "--format=", "--shortstat", "HEAD"]);
  expect(stdout).toContain("6000 files changed");
});

test("undoing a run reverts its commit, redoing it reapplies it, and going back further is one commit", { timeout: 60_000 }, async () => {
  await using world = await chatWorld({ script });
  const api = client(world);
  await withRepository(world);
  const { id: chat_id } = await api.chat.createSession({ body: inProject(world) });
  await world.run("Greet people", { chat_id });
  await world.run("Greet again", { chat_id });
  await eventually(async () => (await subjects(world)).length === 3);
  const ends = async ({ task_id }: { task_id: string }) => {
    for await (const { data } of api.tasks.events({ params: { task_id } })) if (data.completed_at) return expect(data.error).toBeNull();
  };
  const questions = (await api.chat.history({ params: { project_id: world.project.id }, query: {} })).items.filter(
    (m) => m.role === "user",
  );
  const back = async (at: number) => ends(await api.chat.restore({ params: { chat_id }, body: { message_id: questions[at]?.id ?? "" } }));
  const kept = (await log(world))[0]?.sha;

  await back(1);
  expect(await world.read("hello.txt")).toBe("hello");
  expect((await log(world))[0]?.message).toBe(`Revert "Greet again"\n\nThis reverts commit ${kept}.`);
  // The checkpoint after the undo names its commit, and so does that after the redo.
  const named = async () => (await api.snapshots.checkpoints({ params: { id: world.project.id }, query: {} })).items[0]?.commit_sha;
  expect(await named()).toBe((await log(world))[0]?.sha);
  await ends(await api.chat.redo({ params: { chat_id } }));
  expect(await named()).toBe((await log(world))[0]?.sha);
  expect(await world.read("hello.txt")).toBe("hello again");
  await back(0);
  const went = [
    "Go back to before “Greet people”",
    'Reapply "Greet again"',
    'Revert "Greet again"',
    "Greet again",
    "Greet people",
    "First",
  ];
  expect((await subjects(world)).map((message) => message.split("\n")[0])).toEqual(went);
  expect([await world.read("hello.txt"), await world.read("old.txt")]).toEqual([undefined, "old"]);
  expect((await world.sandbox.exec(["git", "diff", "--name-only", "HEAD~5", "HEAD"])).stdout).toBe("");
});

test("a rejected part is a commit, applying it again too; with the setting off neither is", { timeout: 90_000 }, async () => {
  await using world = await chatWorld({
    script: [
      call("write_file", { file_path: "hello.txt", content: "hello" }),
      call("write_file", { file_path: "bye.txt", content: "bye" }),
      say("Done."),
    ],
  });
  const api = client(world);
  await withRepository(world);
  const [started] = await world.run("Greet people");
  const params = { task_id: started?.task_id ?? "" };
  const bye = [{ path: "bye.txt" }];
  // Its commit may be pending: it comes first.
  await api.changes.apply({ params, body: { reject: bye } });
  expect(await subjects(world)).toEqual(["Reject changes of “Greet people”", "Greet people", "First"]);
  const [commit] = await log(world);
  const diff = await api.git.diff({ params: inProject(world), query: { to: commit?.sha ?? "" } });
  expect(diff.files.map(({ path, status }) => [path, status])).toEqual([["bye.txt", "D"]]);
  await api.changes.apply({ params, body: { restore: bye } });
  expect((await subjects(world))[0]).toBe(`Revert "Reject changes of “Greet people”"\n\nThis reverts commit ${commit?.sha}.`);
  // All of it is the revert of the run's commit, once nothing is between them.
  await api.changes.apply({ params, body: { reject: [...bye, { path: "hello.txt" }] } });
  expect((await subjects(world))[0]).toBe("Reject changes of “Greet people”");
  expect(await changed(world)).toEqual([]);

  await api.projects.update({ params: { id: world.project.id }, body: { settings: { commit_runs: false } } });
  await api.changes.apply({ params, body: { restore: bye } });
  expect([(await subjects(world)).length, await changed(world)]).toEqual([5, [["bye.txt", false]]]);
});

test("a message is proposed for what is staged, or for everything; a stranger gets 404, an anonymous caller 401, a bad body 422", async () => {
  await using world = await chatWorld({ env: { DEFAULT_MODELS: "openai/gpt-5.1" }, script });
  await withRepository(world);
  const body = inProject(world);
  await expect(client(world).git.proposeMessage({ body })).rejects.toMatchObject({ status: 400, code: "nothing_to_commit" });
  await world.sandbox.files.write("a.txt", "a\n");
  await world.sandbox.files.write("old.txt", "new");
  expect(await client(world).git.proposeMessage({ body })).toEqual({ message: "Add a greeting\n\nPeople are greeted now." });
  await client(world).git.stage({ body: { ...body, paths: ["a.txt"] } });
  await client(world).git.proposeMessage({ body });
  const texts = world.model.requests.map(({ request }) => request?.messages[0]?.text ?? "");
  expect(texts.at(-2)).toMatch(/\?\? a\.txt[\s\S]*-old[\s\S]*\+new/);
  expect(texts.at(-1)).toMatch(/A a\.txt[\s\S]*\+a/);
  expect(texts.at(-1)).not.toContain("old.txt");
  expect(await subjects(world)).toEqual(["First"]);
  const stranger = await world.app.signUp();
  await expect(world.app.as(stranger).git.proposeMessage({ body })).rejects.toMatchObject({ status: 404 });
  await expect(world.app.as().git.proposeMessage({ body })).rejects.toMatchObject({ status: 401 });
  expect((await world.app.request("/api/git/propose-message", { method: "POST", user: world.owner, json: {} })).status).toBe(422);
});
