import pg from "pg";
import { expect, test } from "vitest";
import { call, say } from "@tesslate/testkit";
import { chatWorld, type ChatWorld } from "../../../testing/chat.ts";
import { ended } from "../../../testing/projects.ts";
import { emptyProject, realRuntime } from "../../../testing/sandbox.ts";

const probe = await realRuntime().catch(() => undefined);
const hasPostgres =
  probe !== undefined &&
  (probe.can.images || (await probe.has("/opt/postgres/bin/postgres")) || (await probe.has("/usr/lib/postgresql/15/bin/postgres")));
await probe?.[Symbol.asyncDispose]();
const skipped = hasPostgres ? "" : " (skipped: no PostgreSQL for projects on this machine)";

/** Adds a running PostgreSQL to the project. */
async function startPostgres(world: ChatWorld) {
  const api = world.app.as(world.owner);
  const params = { id: world.project.id };
  const { id: container_id } = await api.containers.create({ params, body: { container_type: "service", service_slug: "postgres" } });
  await api.containers.update({ params: { ...params, container_id }, body: { env_vars_to_set: { POSTGRES_PASSWORD: "known to the test" } } });
  const { task_id } = await api.containers.start({ params: { ...params, container_id } });
  expect(await ended(world.app, world.owner, task_id)).toMatchObject({ status: "completed", error: null });
  return async (sql: string) => {
    const address = await world.sandbox.address(5432);
    const client = new pg.Client({ ...address, user: "app", password: "known to the test", database: "app" });
    await client.connect();
    try {
      return (await client.query<{ name: string }>(sql)).rows.map(({ name }) => name);
    } finally {
      await client.end();
    }
  };
}

test.skipIf(!hasPostgres)(
  `undoing a run restores the databases of a snapshot with files and messages, and redo brings all of them back${skipped}`,
  { timeout: 180_000 },
  async () => {
    await using world = await chatWorld({ script: [call("write_file", { file_path: "a.txt", content: "a" }), say("Done.")] });
    const { app, owner, project } = world;
    const api = app.as(owner);
    const params = { id: project.id };
    const query = await startPostgres(world);
    const ends = async ({ task_id }: { task_id: string | null }) =>
      expect(await ended(app, owner, task_id)).toMatchObject({ status: "completed", error: null });
    const names = () => query("select name from people order by 1");
    const other = await emptyProject(app, owner);
    const filesOnly = await api.snapshots.create({ params: { id: other.id }, body: {} });
    await query("create table people as select 'Ada' as name");
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
    expect((await api.snapshots.list({ params, query: {} })).items[0]).toMatchObject({ snapshot_type: "safety", databases: ["PostgreSQL"] });
    await ends(await api.chat.redo({ params: { chat_id } }));
    expect([await world.read("a.txt"), await names(), await rewound()]).toEqual(["a", ["Ada", "Bob"], 0]);
  },
);
