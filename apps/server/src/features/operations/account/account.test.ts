import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMailServer, type MailServer } from "@tesslate/testkit";
import type { TestUser } from "../../../testing/app.ts";
import { lockWaiters } from "../../../testing/lock-waiters.ts";
import { eventually } from "../../../testing/chat.ts";
import { ended, projectsApp, type ProjectsApp } from "../../../testing/projects.ts";
import { emptyProject } from "../../../testing/sandbox.ts";
import { filesOf, filesWith, rowsWith } from "../../../testing/traces.ts";
import { users } from "../../../db/schema/accounts.ts";

/* The same with one of everything a user can own: `account.hard.test.ts`. */
let app: ProjectsApp;
let mails: MailServer;
let ada: TestUser;
let bob: TestUser;
let key: string;
let project: { id: string; slug: string };
beforeAll(async () => {
  mails = await startMailServer();
  app = await projectsApp({
    env: { SMTP_HOST: mails.host, SMTP_PORT: String(mails.port), SMTP_USE_TLS: "false", SMTP_SENDER_EMAIL: "studio@example.com" },
  });
  [ada, bob] = await Promise.all([app.signUp({ name: "Ada Lovelace-Marker" }), app.signUp()]);
  key = (await app.as(ada).auth.createApiKey({ body: { name: "full", scopes: ["read", "write", "run"], edit_mode: "allow" } })).key;
  project = await emptyProject(app, ada);
  await app.as(ada).files.put({ params: { id: project.id, path: "a.txt" }, body: { content: "text" } });
  await app.as(ada).secrets.set({ params: { project_id: project.id }, body: { key: "TOKEN_OF_ADA", value: "planted-value" } });
  await app.as(ada).kanban.createCard({ params: { project_id: project.id }, body: { title: "A card" } });
});
afterAll(async () => {
  await app?.close();
  await mails?.close();
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
const emailTo = async (email: string, subject: RegExp) => {
  const mail = await mails.waitFor((m) => m.to.includes(email) && subject.test(m.subject));
  mails.mails.splice(mails.mails.indexOf(mail), 1);
  return mail.text;
};
const expire = (user: TestUser) =>
  app.db.execute(sql`update users set scheduled_hard_delete_at = now() - interval '1 second' where id = ${user.id}`);
const sweep = () => app.db.execute(sql`select graphile_worker.add_job('erase_accounts', '{}')`);

describe("an export", () => {
  test("contains the rows and files of its owner and no secret value, for the owner only", async () => {
    const { task_id } = await app.as(ada).account.export();
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", error: null });
    const { download_url } = await app.as(ada).account.exported();
    const files = await filesOf(Buffer.from(await (await app.request(download_url ?? "", { user: ada })).arrayBuffer()));
    expect(files.get(`projects/${project.slug}/a.txt`)).toBe("text");
    const rowsOf = (table: string) => JSON.parse(files.get(`data/${table}.json`) ?? "null") as Record<string, unknown>[];
    expect(rowsOf("users")).toMatchObject([{ id: ada.id, email: ada.email }]);
    for (const table of ["projects", "cards", "api_keys", "sessions"]) expect(rowsOf(table).length, table).toBeGreaterThan(0);
    expect(rowsOf("project_secrets")).toMatchObject([{ key: "TOKEN_OF_ADA" }]);
    const content = [...files.values()].join("\n");
    for (const secret of ["planted-", key, ada.token, "$argon2id", bob.id]) expect(content.includes(secret), secret).toBe(false);
    expect((await app.request(download_url ?? "", { user: bob })).status).toBe(404);
    expect((await app.request(download_url ?? "")).status).toBe(401);
  });
  test("contains what an administrator did to its owner, but not who it was", async () => {
    const [user, root] = [await app.signUp(), await app.signUp({ admin: true })];
    const params = { id: user.id };
    await app.as(root).adminUsers.update({ params, body: { credits_adjustment: 5, reason: "A gift" } });
    await app.as(root).adminUsers.impersonate({ params, body: { reason: "A look" } }, { headers: { "user-agent": "Admin browser" } });
    await app.db.execute(sql`update users set suspended_by_id = ${root.id}, deleted_by_id = ${root.id} where id = ${user.id}`);
    await ended(app, user, (await app.as(user).account.export()).task_id);
    const { download_url } = await app.as(user).account.exported();
    const files = await filesOf(Buffer.from(await (await app.request(download_url ?? "", { user })).arrayBuffer()));
    expect(files.get("data/credit_adjustments.json")).toContain("A gift");
    expect(JSON.parse(files.get("data/sessions.json") ?? "")).toHaveLength(1);
    const content = [...files.values()].join("\n");
    for (const trace of [root.id, root.username, "Admin browser"]) expect(content.includes(trace), trace).toBe(false);
    await app.db.execute(sql`update users set is_superuser = false where id = ${root.id}`);
  });
  test("is serialized per user", async () => {
    const [one, two] = await Promise.all([app.as(bob).account.export(), app.as(bob).account.export()]);
    expect(one.task_id).toBe(two.task_id);
    await ended(app, bob, one.task_id);
    expect((await app.request("/api/users/me/export", { method: "POST" })).status).toBe(401);
    expect((await app.request("/api/users/me/export", { method: "POST", headers: { authorization: `Bearer ${key}` } })).status).toBe(403);
  });
});

describe("requesting the deletion of an account", () => {
  test("requires authentication and the password", async () => {
    expect(await outcome(await remove(ada))).toEqual([400, "current_password_required"]);
    expect(await outcome(await remove(ada, { password: "wrong" }))).toEqual([400, "current_password_wrong"]);
    expect(await outcome(await remove(ada, { password: 7 }))).toEqual([422, "password"]);
    expect((await app.request("/api/users/me", { method: "DELETE" })).status).toBe(401);
    expect((await remove({ token: key }, { password: ada.password })).status).toBe(403);
    expect((await app.request("/api/users/me", { user: ada })).status).toBe(200);
  });
  test("locks the account and stops everything it runs at once; the emailed link restores it, once", async () => {
    const answer = await remove(ada, { password: ada.password });
    expect(answer.status).toBe(202);
    const { scheduled_for } = (await answer.json()) as { scheduled_for: string };
    expect(Date.parse(scheduled_for) - Date.now()).toBeGreaterThan(29.9 * 86_400_000);
    expect((await app.request("/api/users/me", { user: ada })).status).toBe(401);
    expect((await app.request("/api/projects", { headers: { authorization: `Bearer ${key}` } })).status).toBe(401);
    expect(
      await outcome(await app.request("/api/auth/login", { method: "POST", json: { email: ada.email, password: ada.password } })),
    ).toEqual([401, "login_bad_credentials"]);
    expect((await app.request(`/api/users/${ada.id}`)).status).toBe(404);
    await eventually(async () => {
      const { rows } = await app.db.execute<{ n: number }>(
        sql`select (select count(*) from projects where owner_id = ${ada.id} and environment_status not in ('stopped')) + (select count(*) from tasks where user_id = ${ada.id} and status in ('queued', 'running')) as n`,
      );
      return Number(rows[0]?.n) === 0;
    });
    const token = /#(\S+)/.exec(await emailTo(ada.email, /will be deleted/))?.[1] ?? "";
    expect(await outcome(await restore({ token: `${token}x` }))).toEqual([400, "deletion_not_pending"]);
    expect((await restore({ token })).status).toBe(200);
    ada = await logIn(ada);
    expect((await app.as(ada).projects.list({ query: {} })).total).toBe(1);
    expect(await outcome(await restore({ token }))).toEqual([400, "deletion_not_pending"]);
    await emailTo(ada.email, /deletion cancelled/);
  });
  test("can be undone with the password too; a link of an earlier request is invalid", async () => {
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
  test("another user's or an expired deletion cannot be undone", async () => {
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
  test("of two administrators who delete their accounts concurrently, in any way, one remains", async () => {
    const pair = [await app.signUp({ admin: true }), await app.signUp({ admin: true })] as const;
    const answers = await Promise.all(pair.map(async (user) => (await remove(user, { password: user.password })).status));
    expect(answers.sort()).toEqual([202, 409]);
    const [left, other] = [await app.signUp({ admin: true }), await app.signUp({ admin: true })];
    await app.db.execute(sql`update users set is_superuser = false where id in (${pair[0].id}, ${pair[1].id})`);
    // An administrator demotes another: both rows are locked, then one of them is no longer an administrator.
    const answer = await app.db.transaction(async (tx) => {
      await tx.execute(sql`select 1 from users where id in (${left.id}, ${other.id}) order by id for no key update`);
      const pending = remove(left, { password: left.password });
      await lockWaiters(app);
      await tx.execute(sql`update users set is_superuser = false where id = ${other.id}`);
      return { pending };
    });
    expect(await outcome(await answer.pending)).toEqual([409, "last_administrator"]);
    await app.db.execute(sql`update users set is_superuser = false where id = ${left.id}`);
  });
  test("without a password the username confirms it; the last administrator cannot be deleted", async () => {
    const user = await app.signUp({ admin: true });
    await app.db.execute(sql`update users set hashed_password = null where id = ${user.id}`);
    expect(await outcome(await remove(user, { confirm: "another" }))).toEqual([400, "current_password_required"]);
    expect(await outcome(await remove(user, { confirm: user.username }))).toEqual([409, "last_administrator"]);
    const successor = await app.signUp({ admin: true });
    const both = await Promise.all([
      remove(user, { confirm: user.username.toUpperCase() }),
      remove(successor, { password: successor.password }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
  });
});

test("deleting an account leaves no row or folder of it, and changes nothing of other users", async () => {
  const post = await app.as(bob).feedback.create({ body: { type: "bug", title: "It stutters", description: "Sometimes." } });
  await app.as(ada).feedback.upvote({ params: { id: post.id } });
  await app.as(ada).feedback.comment({ params: { id: post.id }, body: { content: "Here too." } });
  const publish = async (name: string) => {
    const theme = await app.as(ada).themes.fork({ params: { id: "nord" }, body: { name } });
    return app.as(ada).themes.update({ params: { id: theme.id }, body: { is_published: true } });
  };
  const [used, unused] = [await publish("Used by Bob"), await publish("Used by nobody")];
  await app.as(bob).marketplaceThemes.add({ params: { id: used.id } });
  await ended(app, ada, (await app.as(ada).account.export()).task_id);
  const marks = [ada.id, ada.email, ada.username, "Lovelace-Marker", project.id, project.slug];
  expect((await rowsWith(app, marks)).length).toBeGreaterThan(10);
  await remove(ada, { password: ada.password });
  await expire(ada);
  await sweep();
  await eventually(async () => (await app.db.$count(users, eq(users.id, ada.id))) === 0);
  await emailTo(ada.email, /was deleted/);
  // The last email stays in the outbox for a week, like every email.
  expect(await rowsWith(app, marks)).toEqual([expect.stringMatching(/^emails: .*"kind": "notice"/)]);
  for (const dir of [app.dataDir, app.runtimeDir]) expect(await filesWith(dir, marks)).toEqual([]);
  expect(await app.as(bob).feedback.get({ params: { id: post.id } })).toMatchObject({ upvote_count: 0, comment_count: 0, comments: [] });
  // What others have in their library stays, without its creator.
  expect((await app.as(bob).marketplaceThemes.library()).items).toMatchObject([{ id: used.id, creator_name: "Open Source Community" }]);
  expect((await app.request(`/api/themes/${unused.id}`)).status).toBe(404);
  expect((await app.request("/api/users/me", { user: bob })).status).toBe(200);
  expect((await app.as().auth.register({ body: { email: ada.email, password: ada.password } })).id).not.toBe(ada.id);
});
