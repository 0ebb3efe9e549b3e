import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { forwardPort, sandboxPort } from "@tesslate/runtime";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { call, say, when } from "@tesslate/testkit";
import { all, chatWorld, collect, eventually, findAll, studioProcess, type ChatWorld } from "../../../testing/chat.ts";
import { ended } from "../../../testing/projects.ts";
import { emptyProject, realRuntime } from "../../../testing/sandbox.ts";

const probe = await realRuntime().catch(() => undefined);
const hasPostgres =
  probe !== undefined &&
  (probe.can.images || (await probe.findPrograms(["/opt/postgres/bin/postgres", "/usr/lib/postgresql/15/bin/postgres"])).length > 0);
await probe?.[Symbol.asyncDispose]();
const skipped = hasPostgres ? "" : " (skipped: no PostgreSQL for projects on this machine)";

/** Adds a running PostgreSQL to the project, with a table `people` that has Ada. */
async function startPostgres(world: ChatWorld) {
  const api = world.app.as(world.owner);
  const params = { id: world.project.id };
  const { id: container_id } = await api.containers.create({ params, body: { container_type: "service", service_slug: "postgres" } });
  await api.containers.update({
    params: { ...params, container_id },
    body: { env_vars_to_set: { POSTGRES_PASSWORD: "known to the test" } },
  });
  const { task_id } = await api.containers.start({ params: { ...params, container_id } });
  expect(await ended(world.app, world.owner, task_id)).toMatchObject({ status: "completed", error: null });
  const at = await forwardPort(sandboxPort(world.sandbox, 5432));
  onTestFinished(() => at.close());
  const connect = async () => {
    const client = new pg.Client({ host: at.host, port: at.port, user: "app", password: "known to the test", database: "app" });
    await client.connect();
    return client;
  };
  const query = async (sql: string) => {
    const client = await connect();
    try {
      return (await client.query<{ name: string }>(sql)).rows.map(({ name }) => name);
    } finally {
      await client.end();
    }
  };
  await query("create table people as select 'Ada' as name");
  return {
    query,
    /** The database cannot be dumped until the lock is released. */
    lock: async () => {
      const client = await connect();
      await client.query("begin");
      await client.query("lock table people in access exclusive mode");
      return () => client.end();
    },
  };
}
/** The snapshots that were taken for runs, newest first. */
const ofRuns = async ({ app, owner, project }: ChatWorld) =>
  (await app.as(owner).snapshots.list({ params: { id: project.id }, query: {} })).items.filter(
    ({ snapshot_type }) => snapshot_type === "run",
  );
const turnOn = async ({ app, owner, project }: ChatWorld) =>
  app.as(owner).projects.update({ params: { id: project.id }, body: { settings: { save_databases: true } } });

test.skipIf(!hasPostgres)(
  `undoing a run restores the databases of a snapshot with files and messages, and redo brings all of them back${skipped}`,
  { timeout: 180_000 },
  async () => {
    await using world = await chatWorld({ script: [call("write_file", { file_path: "a.txt", content: "a" }), say("Done.")] });
    const { app, owner, project } = world;
    const api = app.as(owner);
    const params = { id: project.id };
    const { query } = await startPostgres(world);
    const ends = async ({ task_id }: { task_id: string | null }) =>
      expect(await ended(app, owner, task_id)).toMatchObject({ status: "completed", error: null });
    const names = () => query("select name from people order by 1");
    const other = await emptyProject(app, owner);
    const filesOnly = await api.snapshots.create({ params: { id: other.id }, body: {} });
    const snapshot = await api.snapshots.create({ params, body: { label: "With Ada" } });
    await ends(snapshot);
    await world.run("Write a");
    await query("insert into people values ('Bob')");
    const { items } = await api.chat.history({ params: { project_id: project.id }, query: {} });
    const chat_id = (await api.chat.sessions({ query: { project_id: project.id } })).items[0]?.id ?? "";
    const undo = (databases_from: string) =>
      api.chat.restore({ params: { chat_id }, body: { message_id: items[0]?.id ?? "", databases_from } });

    // A snapshot of another project, and nothing that exists.
    await expect(undo(filesOnly.id)).rejects.toMatchObject({ status: 404 });
    await expect(undo(crypto.randomUUID())).rejects.toMatchObject({ status: 404 });
    await ends(await undo(snapshot.id));
    expect([await world.read("a.txt"), await names()]).toEqual([undefined, ["Ada"]]);
    const rewound = async () => (await api.chat.get({ params: { chat_id } })).rewound?.length ?? 0;
    expect(await rewound()).toBe(2);
    // The present state was saved as a snapshot, which the redo restores.
    expect((await api.snapshots.list({ params, query: {} })).items[0]).toMatchObject({
      snapshot_type: "safety",
      databases: ["PostgreSQL"],
    });
    await ends(await api.chat.redo({ params: { chat_id } }));
    expect([await world.read("a.txt"), await names(), await rewound()]).toEqual(["a", ["Ada", "Bob"], 0]);
  },
);

test.skipIf(!hasPostgres)(
  `with the setting, running databases are saved before the first change of a run, and its undo restores exactly these${skipped}`,
  { timeout: 240_000 },
  async () => {
    await using world = await chatWorld({
      env: { MAX_RUN_SNAPSHOTS_PER_PROJECT: "2", RUN_DATABASES_TIMEOUT_SECONDS: "15" },
      script: [
        when(/Read/, [call("list_dir", {}), say("Read.")]),
        when(/.*/, [call("write_file", { file_path: "a.txt", content: "a" }), say("Done.")]),
      ],
    });
    const { app, owner, project } = world;
    const api = app.as(owner);
    const params = { id: project.id };
    const { query, lock } = await startPostgres(world);
    const warnings = (events: Awaited<ReturnType<typeof world.run>>) => findAll(events, "notice").map(({ data }) => data.message);

    const runInNewChat = async (message: string) => {
      const { id: chat_id } = await api.chat.createSession({ body: { project_id: project.id } });
      return { chat_id, events: await world.run(message, { chat_id }) };
    };

    // Off by default. A run that only reads saves nothing either.
    await runInNewChat("Write without it");
    await turnOn(world);
    await runInNewChat("Read only");
    expect(await ofRuns(world)).toEqual([]);

    await query("insert into people values ('Bob')");
    const { chat_id, events: quiet } = await runInNewChat("Write with it");
    expect(warnings(quiet)).toEqual([]);
    const [run] = (await api.changes.list({ params, query: {} })).items;
    const [saved] = await ofRuns(world);
    expect(saved).toMatchObject({
      status: "ready",
      databases: ["PostgreSQL"],
      checkpoint_id: run?.before_id,
      label: "Before “Write with it”",
    });
    await query("insert into people values ('Cleo')");
    await query("create table notes as select 'Call' as name");
    const tablesOf = async (snapshot_id: string) => (await api.snapshots.tables({ params: { ...params, snapshot_id } })).databases;
    const names = async () =>
      (await tablesOf(saved?.id ?? ""))?.map(({ state, tables }) => [
        state,
        tables.map(({ name, saved: then, now }) => [name, then?.rows, now?.rows]),
      ]);
    expect(await names()).toEqual([
      [
        "compared",
        [
          ["notes", undefined, 1],
          ["people", 2, 3],
        ],
      ],
    ]);
    const unlock = await lock();
    expect(await names()).toEqual([["unreadable", []]]);
    await unlock();
    const { task_id } = await api.chat.restore({
      params: { chat_id },
      body: { message_id: run?.message_id ?? "", databases_from: saved?.id ?? "" },
    });
    expect(await ended(app, owner, task_id)).toMatchObject({ status: "completed", error: null });
    expect(await query("select name from people order by 1")).toEqual(["Ada", "Bob"]);

    // Of many only the latest stay, in the history too. They do not count as automatic snapshots.
    for (const message of ["Second", "Third"]) await runInNewChat(message);
    const kept = await ofRuns(world);
    expect(kept.map(({ label }) => label)).toEqual(["Before “Third”", "Before “Second”"]);
    expect((await world.sandbox.history.names("snapshot/")).filter((name) => name === `snapshot/${saved?.id}`)).toEqual([]);
    expect((await api.snapshots.list({ params, query: {} })).items.filter((one) => one.snapshot_type === "safety")).toHaveLength(1);

    // A database that cannot be read in time does not stop the run.
    const release = await lock();
    const { chat_id: last, events } = await runInNewChat("Locked");
    await release();
    expect(warnings(events)).toEqual(["The databases weren't saved before this run. Saving the databases took longer than 15 s."]);
    expect((await ofRuns(world))[0]).toMatchObject({ status: "error", label: "Before “Locked”" });
    expect((await api.chat.history({ params: { project_id: project.id }, query: { chat_id: last } })).items.at(-1)?.content).toBe("Done.");
  },
);

test.skipIf(!hasPostgres)(
  `a server that is killed while it saves the databases of a run saves them again before the resumed run changes anything${skipped}`,
  { timeout: 240_000 },
  async () => {
    const script = ["a", "b"].map((name) => call("write_file", { file_path: `${name}.txt`, content: name }));
    const before = await chatWorld({ ownServer: true, script: [...script, say("Done.")] });
    const { lock } = await startPostgres(before);
    await turnOn(before);
    const release = await lock();
    await before.app.close();
    const server = await studioProcess(before);
    const run = collect(before.send("Write"));
    run.ended.catch(() => undefined);
    const { task_id } = await run.until("task_started", 60_000);
    await eventually(async () => (await ofRuns(before))[0]?.status === "pending", 60_000);
    const dumps = () => readdir(join(before.state.dataDir, "dumps")).catch(() => []);
    await eventually(async () => (await dumps()).length > 0, 60_000);
    await server.kill();
    await release();

    await using world = await chatWorld({ script: [...script, say("Done.")], after: before });
    expect([(await ofRuns(world)).length, await world.read("a.txt"), (await dumps()).length]).toEqual([1, undefined, 1]);
    const resumed = await eventually(
      () =>
        world.app
          .as(world.owner)
          .chat.resume({ body: { task_id: task_id ?? "" } })
          .catch(() => undefined),
      60_000,
    );
    await all(world.app.as(world.owner).chat.runEvents({ params: { task_id: resumed.task_id } }));
    expect(await world.read("b.txt")).toBe("b");
    expect(await ofRuns(world)).toMatchObject([{ status: "ready", databases: ["PostgreSQL"] }]);
    // What the killed server had dumped is gone.
    expect(await dumps()).toEqual([]);
  },
);
