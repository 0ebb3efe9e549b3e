import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromBufferPromise } from "yauzl";
import { startMailServer, startModelServer, type MailServer, type ModelServer } from "@tesslate/testkit";
import type { TestUser } from "../../testing/app.ts";
import { eventually, modelEnv } from "../../testing/chat.ts";
import { makeWorld, matrixScript, type World } from "../../testing/matrix/world.ts";
import { ended, projectsApp, type ProjectsApp } from "../../testing/projects.ts";

let app: ProjectsApp;
let mails: MailServer;
let model: ModelServer;
let world: World;
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
const logIn = async (user: TestUser): Promise<TestUser> => {
  const { access_token } = await app.as().auth.login({ body: { email: user.email, password: user.password } });
  return { ...user, token: access_token ?? "" };
};
const letterTo = async (email: string, subject: RegExp) => {
  const mail = await mails.waitFor((m) => m.to.includes(email) && subject.test(m.subject));
  mails.mails.splice(mails.mails.indexOf(mail), 1);
  return mail.text;
};
const filesOf = async (archive: Buffer): Promise<Map<string, string>> => {
  const files = new Map<string, string>();
  const zip = await fromBufferPromise(archive, { lazyEntries: true });
  for await (const entry of zip.eachEntry())
    files.set(entry.fileName, entry.fileName.endsWith("/") ? "" : await text(await zip.openReadStreamPromise(entry)));
  return files;
};
const expire = (user: TestUser) =>
  app.db.execute(sql`update users set scheduled_hard_delete_at = now() - interval '1 second' where id = ${user.id}`);
const sweep = () => app.db.execute(sql`select graphile_worker.add_job('erase_accounts', '{}')`);

describe("an export", () => {
  test("holds everything of its owner and no secret value, for the owner alone, for a day", async () => {
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

    const whole = [...files.values()].join("\n");
    const { rows } = await app.db.execute<{ hash: string; refresh: string; key: string }>(sql`
      select hashed_password as hash, (select refresh_hash from sessions s where s.user_id = u.id limit 1) as refresh,
        (select key_hash from api_keys k where k.user_id = u.id limit 1) as key from users u where id = ${ada.id}`);
    for (const secret of ["planted-", "sk-ant-", world.key, ada.token, rows[0]?.hash, rows[0]?.refresh, rows[0]?.key])
      expect(whole.includes(secret ?? "missing!"), secret).toBe(false);
    expect(whole).not.toContain(bob.id);
    expect(await letterTo(ada.email, /data is ready/)).toContain("/settings/data");

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
  test("holds what an administrator did to its owner, and not who it was", async () => {
    const [user, root] = [await app.signUp(), await app.signUp({ admin: true })];
    const params = { id: user.id };
    await app.as(root).adminUsers.update({ params, body: { credits_adjustment: 5, reason: "A gift" } });
    await app.as(root).adminUsers.impersonate({ params, body: { reason: "A look" } }, { headers: { "user-agent": "Of the house" } });
    await app.db.execute(sql`update users set suspended_by_id = ${root.id}, deleted_by_id = ${root.id} where id = ${user.id}`);
    await ended(app, user, (await app.as(user).account.export()).task_id);
    const { download_url } = await app.as(user).account.exported();
    const files = await filesOf(Buffer.from(await (await app.request(download_url ?? "", { user })).arrayBuffer()));
    expect(files.get("data/credit_adjustments.json")).toContain("A gift");
    expect(JSON.parse(files.get("data/sessions.json") ?? "")).toHaveLength(1);
    const whole = [...files.values()].join("\n");
    for (const trace of [root.id, root.username, "Of the house"]) expect(whole.includes(trace), trace).toBe(false);
    await app.db.execute(sql`update users set is_superuser = false where id = ${root.id}`);
  });
  test("is one at a time, and nobody's for nobody", async () => {
    const [one, two] = await Promise.all([app.as(bob).account.export(), app.as(bob).account.export()]);
    expect(one.task_id).toBe(two.task_id);
    await ended(app, bob, one.task_id);
    expect((await app.request("/api/users/me/export", { method: "POST" })).status).toBe(401);
    expect((await app.request("/api/users/me/export", { method: "POST", headers: { authorization: `Bearer ${world.key}` } })).status).toBe(
      403,
    );
  });
});

describe("mails about runs", () => {
  test("come to whoever wants them, once: one that waits for a decision, one that took long", async () => {
    await app.db.execute(sql`update users set is_verified = true where id in (${ada.id}, ${bob.id})`);
    await app.db.execute(sql`update approvals set created_at = now() - interval '6 minutes' where user_id = ${ada.id}`);
    await app.db.execute(
      sql`update tasks set started_at = completed_at - interval '6 minutes' where user_id = ${ada.id} and type = 'agent_execution' and completed_at is not null`,
    );
    const sent = () =>
      mails.mails.filter((m) => /waits for you|is done/.test(m.subject)).map((m) => m.subject.replace(/.* (waits|is) /, "$1 "));
    const look = async () => {
      await app.db.execute(sql`select graphile_worker.add_job('mail_notices', '{}', job_key := 'look')`);
      await eventually(
        async () =>
          Number(
            (
              await app.db.execute<{ n: string }>(
                sql`select count(*) as n from graphile_worker.jobs where task_identifier in ('mail_notices', 'send_letter')`,
              )
            ).rows[0]?.n,
          ) === 0,
      );
    };
    await look();
    expect(sent()).toEqual([]);
    await app.as(ada).users.updateMe({ body: { preferences: { mail_when_waiting: true, mail_when_ended: true } } });
    await look();
    expect(sent().sort()).toEqual(["is done", "waits for you"]);
    expect(await letterTo(ada.email, /waits for you/)).toContain(`/p/${world.slug}`);
    await letterTo(ada.email, /is done/);
    await look();
    expect(sent()).toEqual([]);
  });
});

describe("the decision to delete an account", () => {
  test("needs the password, and somebody", async () => {
    expect(await outcome(await remove(ada))).toEqual([400, "current_password_required"]);
    expect(await outcome(await remove(ada, { password: "wrong" }))).toEqual([400, "current_password_wrong"]);
    expect(await outcome(await remove(ada, { password: 7 }))).toEqual([422, "password"]);
    expect((await app.request("/api/users/me", { method: "DELETE" })).status).toBe(401);
    expect((await remove({ token: world.key }, { password: ada.password })).status).toBe(403);
    expect((await app.request("/api/users/me", { user: ada })).status).toBe(200);
  });
  test("closes it at once for everybody; nothing of it runs; the mailed link keeps it, once", async () => {
    const answer = await remove(ada, { password: ada.password });
    expect(answer.status).toBe(202);
    const { scheduled_for } = (await answer.json()) as { scheduled_for: string };
    expect(Date.parse(scheduled_for) - Date.now()).toBeGreaterThan(29.9 * 86_400_000);
    expect((await app.request("/api/users/me", { user: ada })).status).toBe(401);
    expect((await app.request("/api/projects", { headers: { authorization: `Bearer ${world.key}` } })).status).toBe(401);
    expect(await outcome(await app.request("/api/auth/login", { method: "POST", json: ada }))).toEqual([401, "login_bad_credentials"]);
    expect((await app.request(`/api/users/${ada.id}`)).status).toBe(404);
    await eventually(async () => {
      const { rows } = await app.db.execute<{ n: number }>(
        sql`select (select count(*) from projects where owner_id = ${ada.id} and environment_status not in ('stopped')) + (select count(*) from tasks where user_id = ${ada.id} and status in ('queued', 'running')) as n`,
      );
      return Number(rows[0]?.n) === 0;
    });
    const token = /#(\S+)/.exec(await letterTo(ada.email, /will be deleted/))?.[1] ?? "";
    expect(await outcome(await restore({ token: `${token}x` }))).toEqual([400, "deletion_not_pending"]);
    expect((await restore({ token })).status).toBe(200);
    ada = await logIn(ada);
    expect((await app.as(ada).projects.list({ query: {} })).total).toBe(1);
    expect(await outcome(await restore({ token }))).toEqual([400, "deletion_not_pending"]);
    await letterTo(ada.email, /stays/);
  });
  test("is undone with the password too; a link of an earlier decision is not good for this one", async () => {
    const user = await app.signUp();
    const first = (await (await remove(user, { password: user.password })).json()) as { undo_token: string };
    expect(await outcome(await restore({ login: user.email, password: "wrong" }))).toEqual([401, "login_bad_credentials"]);
    expect((await restore({ login: user.username, password: user.password })).status).toBe(200);
    const again = await logIn(user);
    await remove(again, { password: user.password });
    expect(await outcome(await restore({ token: first.undo_token }))).toEqual([400, "deletion_not_pending"]);
    expect(await outcome(await restore({}))).toEqual([400, "bad_request"]);
    expect((await restore({ token: 7 })).status).toBe(422);
  });
  test("of somebody else, or whose time is over, cannot be undone", async () => {
    const user = await app.signUp();
    const { undo_token } = (await (await remove(user, { password: user.password })).json()) as { undo_token: string };
    await expire(user);
    expect(await outcome(await restore({ token: undo_token }))).toEqual([400, "deletion_not_pending"]);
    await app.db.execute(
      sql`update users set deleted_by_id = ${bob.id}, scheduled_hard_delete_at = now() + interval '1 day' where id = ${user.id}`,
    );
    expect(await outcome(await restore({ token: undo_token }))).toEqual([400, "deletion_not_pending"]);
    expect(await outcome(await restore({ login: user.email, password: user.password }))).toEqual([401, "login_bad_credentials"]);
  });
  test("of two administrators who leave at the same moment, by whichever way, one stays", async () => {
    const pair = [await app.signUp({ admin: true }), await app.signUp({ admin: true })] as const;
    const answers = await Promise.all(pair.map(async (user) => (await remove(user, { password: user.password })).status));
    expect(answers.sort()).toEqual([202, 409]);
    const [left, other] = [await app.signUp({ admin: true }), await app.signUp({ admin: true })];
    await app.db.execute(sql`update users set is_superuser = false where id in (${pair[0].id}, ${pair[1].id})`);
    // As an administrator does who takes administration from another one: both are held, then one of them is none.
    const answer = await app.db.transaction(async (tx) => {
      await tx.execute(sql`select 1 from users where id in (${left.id}, ${other.id}) order by id for no key update`);
      const pending = remove(left, { password: left.password });
      const waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
      await expect
        .poll(async () => (await app.studio.database.pool.query(waiting)).rows.length, { interval: 5, timeout: 20_000 })
        .toBeGreaterThan(0);
      await tx.execute(sql`update users set is_superuser = false where id = ${other.id}`);
      return { pending };
    });
    expect(await outcome(await answer.pending)).toEqual([409, "last_administrator"]);
    await app.db.execute(sql`update users set is_superuser = false where id = ${left.id}`);
  });
  test("without a password the username confirms it; the last administrator stays", async () => {
    const user = await app.signUp({ admin: true });
    await app.db.execute(sql`update users set hashed_password = null where id = ${user.id}`);
    expect(await outcome(await remove(user, { confirm: "somebody" }))).toEqual([400, "current_password_required"]);
    expect(await outcome(await remove(user, { confirm: user.username }))).toEqual([409, "last_administrator"]);
    const successor = await app.signUp({ admin: true });
    const both = await Promise.all([
      remove(user, { confirm: user.username.toUpperCase() }),
      remove(successor, { password: successor.password }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
  });
});

describe("the end of an account", () => {
  /** Every table's rows that name one of the marks. */
  const traces = async (marks: string[]) => {
    const { rows } = await app.db.execute<{ name: string }>(
      sql`select table_name as name from information_schema.tables where table_schema in ('public') and table_type = 'BASE TABLE'`,
    );
    const found: string[] = [];
    for (const { name } of rows) {
      const hits = await app.db.execute<{ row: string }>(
        sql`select to_jsonb(t)::text as row from ${sql.identifier(name)} t where exists (select 1 from unnest(${sql.param(marks)}::text[]) m where position(m in to_jsonb(t)::text) > 0)`,
      );
      found.push(...hits.rows.map(({ row }) => `${name}: ${row.slice(0, 200)}`));
    }
    const jobs = await app.db.execute<{ row: string }>(
      sql`select payload::text as row from graphile_worker._private_jobs where exists (select 1 from unnest(${sql.param(marks)}::text[]) m where position(m in payload::text) > 0)`,
    );
    return [...found, ...jobs.rows.map(({ row }) => `job: ${row}`)];
  };
  const filesWith = async (dir: string, marks: string[]) => {
    const found: string[] = [];
    for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (marks.some((mark) => path.includes(mark))) found.push(path);
      else if (entry.isFile()) {
        const content = await readFile(path).catch(() => Buffer.alloc(0));
        if (marks.some((mark) => content.includes(mark))) found.push(path);
      }
    }
    return found;
  };

  test("leaves no row and no folder that names it, only nameless money; a failure on the way is made up for", async () => {
    const { id: projectId } = await app.as(ada).projects.get({ params: { id: world.slug } });
    await ended(app, ada, (await app.as(ada).account.export()).task_id);
    await app.as(bob).account.export();
    // What of theirs stands at others': their voice about a post, and who came by them.
    const post = await app.as(bob).feedback.create({ body: { type: "bug", title: "It stutters", description: "Sometimes." } });
    await app.as(ada).feedback.upvote({ params: { id: post.id } });
    await app.as(bob).feedback.upvote({ params: { id: post.id } });
    await app.as(ada).feedback.comment({ params: { id: post.id }, body: { content: "Here too." } });
    const { referral_code } = await app.as(ada).referrals.code();
    await app.as().referrals.landing({ body: { referral_code } });
    await app.as(bob).referrals.apply({ body: { referral_code } });
    // Somebody else's address that ends in theirs.
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
    expect((await traces(marks)).length).toBeGreaterThan(20);
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
      throw new Error("the disk is away");
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
    await letterTo(ada.email, /is deleted/);

    expect((await app.db.execute<{ one: number }>(waiting)).rows).toHaveLength(1);
    await app.db.execute(sql`select graphile_worker.remove_job('of another')`);
    expect(await app.as(bob).feedback.get({ params: { id: post.id } })).toMatchObject({ upvote_count: 1, comment_count: 0, comments: [] });
    // The farewell itself is in the outbox for a week, as every letter.
    const ids = [ada.id, projectId];
    expect(await traces(marks.filter((mark) => !ids.includes(mark)))).toEqual([expect.stringMatching(/^letters: .*"kind": "notice"/)]);
    // What an administrator did stays in the log, without a name.
    expect(new Set((await traces(ids)).map((row) => row.split(":")[0]))).toEqual(new Set(["audit_log"]));
    expect(await filesWith(app.runtimeDir, marks)).toEqual([]);
    expect(await filesWith(app.dataDir, marks)).toEqual([]);
    expect(await spent()).toEqual(before);
    expect(await outcome(await restore({ login: ada.email, password: ada.password }))).toEqual([401, "login_bad_credentials"]);
    // Nobody else lost anything.
    expect((await app.request("/api/users/me", { user: bob })).status).toBe(200);
    expect((await app.as(bob).account.exported()).task).not.toBeNull();
    // The address is free again.
    expect((await app.as().auth.register({ body: { email: ada.email, password: ada.password } })).id).not.toBe(ada.id);
  });
});
