import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMailServer, startModelServer, type MailServer, type ModelServer } from "@tesslate/testkit";
import type { TestUser } from "../../../testing/app.ts";
import { eventually, modelEnv } from "../../../testing/chat.ts";
import { makeWorld, matrixScript, type MatrixWorld } from "../../../testing/matrix/world.ts";
import { ended, projectsApp, type ProjectsApp } from "../../../testing/projects.ts";
import { filesOf, filesWith, rowsWith } from "../../../testing/traces.ts";

let app: ProjectsApp;
let mails: MailServer;
let model: ModelServer;
let world: MatrixWorld;
let ada: TestUser;
let bob: TestUser;
beforeAll(async () => {
  [mails, model] = await Promise.all([
    startMailServer(),
    startModelServer({ apiKey: "sk-planted-secret-key-0123456789", script: matrixScript() }),
  ]);
  app = await projectsApp({
    env: {
      ...modelEnv(model),
      RECORD_CASSETTES: "true",
      OUTBOUND_ALLOW_HOSTS: "127.0.0.1",
      SMTP_HOST: mails.host,
      SMTP_PORT: String(mails.port),
      SMTP_USE_TLS: "false",
      SMTP_SENDER_EMAIL: "studio@example.com",
    },
  });
  [ada, bob] = await Promise.all([app.signUp({ name: "Ada Lovelace-Marker" }), app.signUp()]);
  world = await makeWorld(app, ada);
}, 120_000);
afterAll(async () => {
  await app?.close();
  await Promise.all([mails?.close(), model?.close()]);
});

const outcome = async (response: Response) => {
  const body = (await response.json()) as { code?: string; detail?: { loc: unknown[] }[] };
  return [response.status, body.code ?? body.detail?.[0]?.loc.at(-1)];
};
const remove = (user: Pick<TestUser, "token">, json: unknown = {}) => app.request("/api/users/me", { method: "DELETE", user, json });
const restore = (json: unknown) => app.request("/api/users/restore", { method: "POST", json });
const emailTo = async (email: string, subject: RegExp) => {
  const mail = await mails.waitFor((m) => m.to.includes(email) && subject.test(m.subject));
  mails.mails.splice(mails.mails.indexOf(mail), 1);
  return mail.text;
};
const expire = (user: TestUser) =>
  app.db.execute(sql`update users set scheduled_hard_delete_at = now() - interval '1 second' where id = ${user.id}`);
const sweep = () => app.db.execute(sql`select graphile_worker.add_job('erase_accounts', '{}')`);

describe("an export", () => {
  test("contains everything of its owner and no secret value, for the owner only, for a day", async () => {
    const { task_id } = await app.as(ada).account.export();
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", error: null });
    const { download_url, size_bytes, expires_at } = await app.as(ada).account.exported();
    expect(Date.parse(expires_at ?? "") - Date.now()).toBeGreaterThan(23 * 3_600_000);
    const response = await app.request(download_url ?? "", { user: ada });
    expect(response.headers.get("content-disposition")).toContain("attachment");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.length).toBe(size_bytes);
    const files = await filesOf(bytes);
    expect(files.get(`projects/${world.slug}/a/b.txt`)).toBe("text");
    expect(files.get(`projects/${world.slug}/notes/a.txt`)).toBe("written");
    expect([...files.keys()].some((name) => name.startsWith("attachments/"))).toBe(true);
    const rowsOf = (table: string) => JSON.parse(files.get(`data/${table}.json`) ?? "null") as Record<string, unknown>[];
    expect(rowsOf("users")).toMatchObject([{ id: ada.id, email: ada.email }]);
    for (const table of [
      "projects",
      "chats",
      "messages",
      "containers",
      "snapshots",
      "cards",
      "api_keys",
      "sessions",
      "usage_logs",
      "mcp_servers",
      "chat_attachments",
    ])
      expect(rowsOf(table).length, table).toBeGreaterThan(0);
    expect(rowsOf("project_secrets")).toMatchObject([{ key: expect.stringMatching(/^TOKEN_/) }]);

    const content = [...files.values()].join("\n");
    const { rows } = await app.db.execute<{ hash: string; refresh: string; key: string }>(sql`
      select hashed_password as hash, (select refresh_hash from sessions s where s.user_id = u.id limit 1) as refresh,
        (select key_hash from api_keys k where k.user_id = u.id limit 1) as key from users u where id = ${ada.id}`);
    for (const secret of ["planted-", "sk-ant-", world.key, ada.token, rows[0]?.hash, rows[0]?.refresh, rows[0]?.key])
      expect(content.includes(secret ?? "missing!"), secret).toBe(false);
    expect(content).not.toContain(bob.id);
    expect(await emailTo(ada.email, /export is ready/)).toContain("/settings/data");

    const refused = await Promise.all([
      app.request(download_url ?? "", { user: bob }),
      app.request(`/api/users/me/export/${bob.id}`, { user: ada }),
    ]);
    expect(refused.map(({ status }) => status)).toEqual([404, 404]);
    expect(new Set(await Promise.all(refused.map((r) => r.text()))).size).toBe(1);
    expect((await app.request(download_url ?? "")).status).toBe(401);
    expect((await app.request("/api/users/me/export/nothing", { user: ada })).status).toBe(422);
    await app.db.execute(sql`update tasks set completed_at = now() - interval '25 hours' where id = ${task_id}`);
    expect((await app.request(download_url ?? "", { user: ada })).status).toBe(404);
    await app.db.execute(sql`select graphile_worker.add_job('prune_exports', '{}')`);
    await eventually(async () => (await readdir(join(app.dataDir, "exports"))).length === 0);
    expect(await app.as(ada).account.exported()).toMatchObject({ task: null, download_url: null });
  });
});

describe("emails about runs", () => {
  test("opt-in emails are sent once: for a run that waits for a decision and for a long one", async () => {
    await app.db.execute(sql`update users set is_verified = true where id in (${ada.id}, ${bob.id})`);
    await app.db.execute(sql`update approvals set created_at = now() - interval '6 minutes' where user_id = ${ada.id}`);
    await app.db.execute(
      sql`update tasks set started_at = completed_at - interval '6 minutes'
        where id = (select id from tasks where user_id = ${ada.id} and type = 'agent_execution' and completed_at is not null limit 1)`,
    );
    const sent = () => mails.mails.flatMap((m) => /needs your input|finished/.exec(m.subject)?.[0] ?? []);
    const look = async () => {
      await app.db.execute(sql`select graphile_worker.add_job('mail_notices', '{}', job_key := 'look')`);
      await eventually(
        async () =>
          Number(
            (
              await app.db.execute<{ n: string }>(
                sql`select count(*) as n from graphile_worker.jobs where task_identifier in ('mail_notices', 'send_email')`,
              )
            ).rows[0]?.n,
          ) === 0,
      );
    };
    await look();
    expect(sent()).toEqual([]);
    await app.as(ada).users.updateMe({ body: { preferences: { mail_when_waiting: true, mail_when_ended: true } } });
    await look();
    expect(sent().sort()).toEqual(["finished", "needs your input"]);
    expect(await emailTo(ada.email, /needs your input/)).toContain(`/p/${world.slug}`);
    await emailTo(ada.email, /finished/);
    await look();
    expect(sent()).toEqual([]);
  });
});

describe("deleting an account", () => {
  test("leaves no row and no folder that names the user, only anonymous amounts; a failed attempt is repeated", async () => {
    const { id: projectId } = await app.as(ada).projects.get({ params: { id: world.slug } });
    await ended(app, ada, (await app.as(ada).account.export()).task_id);
    await app.as(bob).account.export();
    // Traces at other users: votes, comments and referrals.
    const post = await app.as(bob).feedback.create({ body: { type: "bug", title: "It stutters", description: "Sometimes." } });
    await app.as(ada).feedback.upvote({ params: { id: post.id } });
    await app.as(bob).feedback.upvote({ params: { id: post.id } });
    await app.as(ada).feedback.comment({ params: { id: post.id }, body: { content: "Here too." } });
    const { referral_code } = await app.as(ada).referrals.code();
    await app.as().referrals.landing({ body: { referral_code } });
    await app.as(bob).referrals.apply({ body: { referral_code } });
    // Another user's address that ends with the same text.
    const waiting = sql`select 1 as one from graphile_worker._private_jobs where payload ->> 'email' = ${`x${ada.email}`}`;
    await app.db.execute(
      sql`select graphile_worker.add_job('mail_reset', json_build_object('email', ${`x${ada.email}`}::text), run_at := now() + interval '1 day', job_key := 'of another')`,
    );
    const root = await app.signUp({ admin: true });
    const params = { id: ada.id };
    const reason = "To be seen in the log.";
    await app.as(root).adminUsers.update({ params, body: { name: "Ada Lovelace-Marker the Second", credits_adjustment: 5, reason } });
    await app.as(root).adminProjects.stop({ params: { id: projectId }, body: { reason } });
    const marks = [ada.id, ada.email, ada.username, "Lovelace-Marker", referral_code, projectId, world.slug];
    expect((await rowsWith(app, marks)).length).toBeGreaterThan(20);
    expect((await filesWith(app.runtimeDir, [projectId])).length).toBeGreaterThan(0);
    const spent = async () =>
      (await app.db.execute<{ n: string; sum: string }>(sql`select count(*) as n, sum(cost_total) as sum from usage_logs`)).rows[0];
    const before = await spent();
    expect(Number(before?.n)).toBeGreaterThan(0);

    await remove(ada, { password: ada.password });
    await expire(ada);
    const { removeHistory } = app.runtime;
    const failed = Promise.withResolvers<void>();
    app.runtime.removeHistory = async () => {
      failed.resolve();
      throw new Error("the disk is not available");
    };
    await sweep();
    await failed.promise;
    const isIdle = async () =>
      Number(
        (
          await app.db.execute<{ n: string }>(
            sql`select count(*) as n from tasks where user_id = ${ada.id} and type = 'account_erasure' and completed_at is null`,
          )
        ).rows[0]?.n,
      ) === 0;
    await eventually(isIdle);
    expect(Number((await app.db.execute<{ n: string }>(sql`select count(*) as n from users where id = ${ada.id}`)).rows[0]?.n)).toBe(1);
    app.runtime.removeHistory = removeHistory;
    await sweep();
    await eventually(
      async () => Number((await app.db.execute<{ n: string }>(sql`select count(*) as n from users where id = ${ada.id}`)).rows[0]?.n) === 0,
      30_000,
    );
    await emailTo(ada.email, /was deleted/);

    expect((await app.db.execute<{ one: number }>(waiting)).rows).toHaveLength(1);
    await app.db.execute(sql`select graphile_worker.remove_job('of another')`);
    expect(await app.as(bob).feedback.get({ params: { id: post.id } })).toMatchObject({ upvote_count: 1, comment_count: 0, comments: [] });
    // The last email stays in the outbox for a week, like every email.
    const ids = [ada.id, projectId];
    expect(
      await rowsWith(
        app,
        marks.filter((mark) => !ids.includes(mark)),
      ),
    ).toEqual([expect.stringMatching(/^emails: .*"kind": "notice"/)]);
    // Actions of administrators stay in the log, without a name.
    expect(new Set((await rowsWith(app, ids)).map((row) => row.split(":")[0]))).toEqual(new Set(["audit_log"]));
    expect(await filesWith(app.runtimeDir, marks)).toEqual([]);
    expect(await filesWith(app.dataDir, marks)).toEqual([]);
    expect(await spent()).toEqual(before);
    expect(await outcome(await restore({ login: ada.email, password: ada.password }))).toEqual([401, "login_bad_credentials"]);
    // Other users lost nothing.
    expect((await app.request("/api/users/me", { user: bob })).status).toBe(200);
    expect((await app.as(bob).account.exported()).task).not.toBeNull();
    // The email is free again.
    expect((await app.as().auth.register({ body: { email: ada.email, password: ada.password } })).id).not.toBe(ada.id);
  });
});
