import { gunzipSync } from "node:zlib";
import { forwardPort, sandboxPort } from "@tesslate/runtime";
import pg from "pg";
import { expect, test } from "vitest";
import { ended, setUpProject } from "../../../testing/projects.ts";
import { realRuntime, sandboxApp } from "../../../testing/sandbox.ts";

const probe = await realRuntime().catch(() => undefined);
const hasPostgres =
  probe !== undefined &&
  (probe.can.images || (await probe.findPrograms(["/opt/postgres/bin/postgres", "/usr/lib/postgresql/15/bin/postgres"])).length > 0);
await probe?.[Symbol.asyncDispose]();

test.skipIf(!hasPostgres)(
  `rows of the project's own PostgreSQL are part of a snapshot and are restored, running or stopped${hasPostgres ? "" : " (skipped: no PostgreSQL for projects on this machine)"}`,
  { timeout: 120_000 },
  async () => {
    await using app = await sandboxApp();
    const ada = await app.signUp();
    const api = app.as(ada);
    const { project } = await setUpProject(app, ada);
    const params = { id: project.id };
    const container = await api.containers.create({ params, body: { container_type: "service", service_slug: "postgres" } });
    const setPassword = { env_vars_to_set: { POSTGRES_PASSWORD: "known to the test" } };
    await api.containers.update({ params: { ...params, container_id: container.id }, body: setPassword });

    const query = async (sql: string, database = "app") => {
      const sandbox = await app.runtime.find(project.id);
      if (!sandbox) throw new Error("no sandbox");
      await using at = await forwardPort(sandboxPort(sandbox, 5432));
      const client = new pg.Client({ host: at.host, port: at.port, user: "app", password: "known to the test", database });
      await client.connect();
      try {
        return (await client.query(sql)).rows as unknown[];
      } finally {
        await client.end();
      }
    };
    const take = async (label: string) => {
      const made = await api.snapshots.create({ params, body: { label } });
      const task = await ended(app, ada, made.task_id);
      expect(task).toMatchObject({ status: "completed", error: null });
      return { snapshot: await api.snapshots.get({ params: { ...params, snapshot_id: made.id } }), task };
    };
    const restore = async (snapshot_id: string) => {
      const { task_id } = await api.snapshots.restore({ params: { ...params, snapshot_id }, body: { safety_snapshot: false } });
      const task = await ended(app, ada, task_id);
      expect(task).toMatchObject({ status: "completed", error: null });
      return task;
    };
    const statuses = async () => Object.values((await api.projects.status({ params })).containers).map((c) => c.status);

    // It never held data, so it is not started and nothing is saved.
    expect((await take("Before the database")).snapshot.databases).toEqual([]);
    expect(await statuses()).toEqual(["stopped", "stopped"]);

    const start = await api.projects.start({ params });
    expect(await ended(app, ada, start.task_id)).toMatchObject({ status: "completed", error: null });
    await query("create table people (id serial primary key, name text); insert into people (name) values ('Ada')");
    const { snapshot } = await take("With Ada");
    expect(snapshot.databases).toEqual(["PostgreSQL"]);
    await query("update people set name = 'Bob'; insert into people (name) values ('Cleo'); create table later (a int)");
    await query("create database other");
    await query("create table kept (a int); insert into kept values (1)", "other");

    // What the restore changes, by table. Databases that the snapshot does not have are not affected.
    const tables = async (snapshot_id: string) => (await api.snapshots.tables({ params: { ...params, snapshot_id } })).databases;
    const compared = { container: "PostgreSQL", database: "app", state: "compared" };
    const rows = (n: number) => ({ rows: n, is_estimate: false });
    await query("alter table people add phone text");
    expect(await tables(snapshot.id)).toEqual([
      {
        ...compared,
        tables: [
          { schema: "public", name: "later", saved: null, now: rows(0), has_other_columns: false },
          { schema: "public", name: "people", saved: rows(1), now: rows(2), has_other_columns: true },
        ],
        total: 2,
      },
    ]);

    // The same between two snapshots.
    const { snapshot: withCleo } = await take("With Cleo");
    const between = (from: string, against: string) =>
      api.snapshots.tables({ params: { ...params, snapshot_id: from }, query: { against } });
    expect((await between(snapshot.id, withCleo.id)).databases).toEqual(await tables(snapshot.id));
    expect((await between(withCleo.id, snapshot.id)).databases).toMatchObject([
      {
        tables: [
          { name: "people", saved: rows(2), now: rows(1) },
          { name: "later", saved: rows(0), now: null },
        ],
      },
      { database: "other", state: "deleted" },
    ]);

    const task = await restore(snapshot.id);
    expect(await tables(snapshot.id)).toEqual([{ ...compared, tables: [], total: 0 }]);
    expect(task.logs.join("\n")).toContain("PostgreSQL was restored");
    expect(await statuses()).toEqual(["running", "running"]);
    expect(await query("select * from people")).toEqual([{ id: 1, name: "Ada" }]);
    expect(await query("insert into people (name) values ('Next') returning id")).toEqual([{ id: 2 }]);
    expect(await query("select to_regclass('later') as later_table")).toEqual([{ later_table: null }]);
    // Tables that the snapshot does not contain are kept.
    expect(await query("select a from kept", "other")).toEqual([{ a: 1 }]);

    // A database that refuses the restore: the files are restored, and the error says so.
    await query("alter role app set default_transaction_read_only = on");
    const refused = await api.snapshots.restore({ params: { ...params, snapshot_id: snapshot.id }, body: { safety_snapshot: false } });
    expect(await ended(app, ada, refused.task_id)).toMatchObject({
      status: "failed",
      error: expect.stringMatching(/^Files were restored\. The database PostgreSQL was not: .*read-only transaction\.$/),
    });
    await query("begin read write; alter role app reset default_transaction_read_only; commit");

    // A checkpoint has files only; the rows come from the snapshot that is named. The safety snapshot has the present ones.
    const form = new FormData();
    form.set("file", new Blob(["a"]), "a.txt");
    await api.files.upload({ params, query: {}, form });
    await api.files.remove({ params: { ...params, path: "a.txt" } });
    const checkpoint_id =
      (await api.snapshots.checkpoints({ params, query: { limit: 50 } })).items.find(({ kind }) => kind === "replace")?.id ?? "";
    await query("update people set name = 'Dora' where id = 1");
    const back = async (body: { databases_from: string; safety_snapshot?: boolean }) =>
      api.snapshots.checkpointRestore({ params: { ...params, checkpoint_id }, body });
    await expect(back({ databases_from: snapshot.id, safety_snapshot: false })).rejects.toMatchObject({ status: 400 });
    await expect(back({ databases_from: checkpoint_id })).rejects.toMatchObject({ status: 404 });
    const went = await back({ databases_from: snapshot.id });
    expect(await ended(app, ada, went.task_id)).toMatchObject({ status: "completed", error: null });
    expect(await query("select name from people order by id")).toEqual([{ name: "Ada" }]);
    expect((await app.request(`/api/projects/${project.id}/files/a.txt`, { user: ada })).status).toBe(200);
    await restore(went.safety_snapshot_id ?? "");
    expect(await query("select name from people order by id")).toEqual([{ name: "Dora" }, { name: "Next" }]);
    await query("update people set name = 'Ada' where id = 1");

    // The comparison starts nothing.
    await api.projects.stop({ params });
    expect(await tables(snapshot.id)).toEqual([{ ...compared, state: "stopped", tables: [], total: 0 }]);
    expect(await statuses()).toEqual(["stopped", "stopped"]);
    // Started for the dump and for the restore, then stopped again.
    const second = await take("Stopped");
    expect([second.snapshot.databases, await statuses()]).toEqual([["PostgreSQL"], ["stopped", "stopped"]]);
    await restore(snapshot.id);
    expect(await statuses()).toEqual(["stopped", "stopped"]);
    await restore(second.snapshot.id);
    const again = await api.projects.start({ params });
    expect(await ended(app, ada, again.task_id)).toMatchObject({ status: "completed", error: null });
    expect(await query("select name from people order by id")).toEqual([{ name: "Ada" }, { name: "Next" }]);

    // The archive has it as SQL.
    const archive = await app.request(`/api/projects/${project.id}/snapshots/${snapshot.id}/download?format=tar.gz`, { user: ada });
    // Its container is deleted: so are its rows.
    await api.containers.remove({ params: { ...params, container_id: container.id } });
    expect(await tables(snapshot.id)).toEqual([{ ...compared, state: "deleted", tables: [], total: 0 }]);
    const text = gunzipSync(Buffer.from(await archive.arrayBuffer())).toString("latin1");
    expect(text).toContain(".studio-snapshot/databases/postgresql/app.sql");
    expect(text).toContain('copy public.people ("id", "name") from stdin;\n1\tAda\n\\.\n');
  },
);
