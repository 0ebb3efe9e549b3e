import { forwardPort, sandboxPort } from "@tesslate/runtime";
import { eq } from "drizzle-orm";
import pg from "pg";
import { expect, test, vi } from "vitest";
import { containers } from "../../../db/schema/runtime.ts";
import { dueCopies, snapshots } from "../../../db/schema/source.ts";
import { ended, setUpProject } from "../../../testing/projects.ts";
import { realRuntime, sandboxApp } from "../../../testing/sandbox.ts";

const probe = await realRuntime().catch(() => undefined);
const hasPostgres =
  probe !== undefined &&
  (probe.can.images || (await probe.findPrograms(["/opt/postgres/bin/postgres", "/usr/lib/postgresql/15/bin/postgres"])).length > 0);
await probe?.[Symbol.asyncDispose]();
const soon = { timeout: 60_000, interval: 200 };

test.skipIf(!hasPostgres)(
  `a scheduled copy has the rows of running databases and of stopped ones, which are started once and not again${hasPostgres ? "" : " (skipped: no PostgreSQL for projects on this machine)"}`,
  { timeout: 180_000 },
  async () => {
    await using app = await sandboxApp({ env: { SNAPSHOT_COPIES: "on", SNAPSHOT_COPY_MINUTES: "60" } });
    const ada = await app.signUp();
    const api = app.as(ada);
    const { project } = await setUpProject(app, ada);
    const { id } = project;
    const params = { id };
    const container = await api.containers.create({ params, body: { container_type: "service", service_slug: "postgres" } });
    await api.containers.update({
      params: { ...params, container_id: container.id },
      body: { env_vars_to_set: { POSTGRES_PASSWORD: "known to the test" } },
    });
    const query = async (sql: string) => {
      const sandbox = await app.runtime.find(id);
      if (!sandbox) throw new Error("no sandbox");
      await using at = await forwardPort(sandboxPort(sandbox, 5432));
      const client = new pg.Client({ host: at.host, port: at.port, user: "app", password: "known to the test", database: "app" });
      await client.connect();
      try {
        return (await client.query(sql)).rows as unknown[];
      } finally {
        await client.end();
      }
    };
    const { pool } = app.studio.database;
    const tick = () => pool.query("select graphile_worker.add_job('copy_changed_projects', '{}')");
    /** An hour later, after somebody used it. Returns its scheduled snapshot when the copy is made, or was not necessary. */
    const anHourLater = async () => {
      const hour = "interval '61 minutes'";
      await pool.query(
        `update snapshots set created_at = created_at - ${hour}, unchanged_until = unchanged_until - ${hour} where project_id = $1`,
        [id],
      );
      await pool.query(`update projects set created_at = created_at - ${hour}, last_activity = now() where id = $1`, [id]);
      const since = (await pool.query<{ now: Date }>("select now() as now")).rows[0]?.now ?? new Date();
      await vi.waitFor(async () => {
        await tick();
        const { copies } = await api.snapshots.list({ params, query: {} });
        expect(Date.parse(copies?.copied_until ?? "")).toBeGreaterThanOrEqual(since.getTime());
        expect(await app.db.select().from(dueCopies).where(eq(dueCopies.project_id, id))).toEqual([]);
      }, soon);
      const [row, ...others] = await app.db.select().from(snapshots).where(eq(snapshots.project_id, id));
      expect([row?.snapshot_type, others]).toEqual(["scheduled", []]);
      return row;
    };
    const lastStart = async () =>
      (await app.db.select().from(containers).where(eq(containers.id, container.id)))[0]?.last_started_at ?? null;
    const started = await api.projects.start({ params });
    expect(await ended(app, ada, started.task_id)).toMatchObject({ status: "completed", error: null });
    await query("create table people (id serial primary key, name text); insert into people (name) values ('Ada')");

    const first = await anHourLater();
    expect(first?.databases).toEqual(["PostgreSQL"]);
    expect(first?.content?.dumps).toMatchObject([{ path: "databases/postgresql/app.sql", stopped_since: null }]);
    // Same rows, although each dump has another mark.
    expect((await anHourLater())?.id).toBe(first?.id);
    await query("insert into people (name) values ('Cleo')");
    const second = await anHourLater();
    expect(second?.id).not.toBe(first?.id);

    await query("insert into people (name) values ('Dora')");
    await api.projects.stop({ params });
    const stoppedSince = await lastStart();
    const third = await anHourLater();
    expect(await lastStart()).not.toBe(stoppedSince);
    expect(third?.content?.dumps).toMatchObject([{ stopped_since: await lastStart() }]);
    // Nobody started it: it stays stopped by its owner.
    expect(await api.projects.get({ params })).toMatchObject({ environment_status: "stopped", stop_reason: "user" });
    const startedForCopy = await lastStart();
    await api.files.put({ params: { ...params, path: "new.txt" }, body: { content: "changed while stopped" } });
    const fourth = await anHourLater();
    expect([fourth?.id === third?.id, await lastStart()]).toEqual([false, startedForCopy]);
    expect(fourth?.content?.dumps).toEqual(third?.content?.dumps);
    expect((await api.snapshots.list({ params, query: {} })).total).toBe(0);

    // The dump that was taken over is complete.
    const restored = await api.snapshots.restore({
      params: { ...params, snapshot_id: fourth?.id ?? "" },
      body: { safety_snapshot: false },
    });
    expect(await ended(app, ada, restored.task_id)).toMatchObject({ status: "completed", error: null });
    const again = await api.projects.start({ params });
    expect(await ended(app, ada, again.task_id)).toMatchObject({ status: "completed", error: null });
    expect(await query("select name from people order by id")).toEqual([{ name: "Ada" }, { name: "Cleo" }, { name: "Dora" }]);
  },
);
