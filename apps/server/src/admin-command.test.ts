import { afterAll, beforeAll, expect, test } from "vitest";
import { operatorOf } from "./admin-command.ts";
import type { Operator } from "./features/operations/admin/index.ts";
import { testApp, type TestApp, type TestUser } from "./testing/app.ts";

let app: TestApp;
let operator: Operator;
beforeAll(async () => {
  // Counts administrators and reads the whole audit log.
  app = await testApp({ ownServer: true });
  operator = operatorOf(app.studio.database, { config: app.config, systemUser: "root" });
});
afterAll(() => app.close());
const signIn = (email: string, password: string) => app.as().auth.login({ body: { email, password } });
const isSignedIn = async (user: TestUser) => (await app.request("/api/users/me", { user })).status === 200;

test("an administrator created on the machine can sign in, has the defaults of an account, and cannot be demoted while there is no other", async () => {
  const made = await operator.create(
    { email: "Root@Example.com", password: "a long enough password", username: "the-root" },
    { isAdministrator: true },
  );
  const { access_token } = await signIn("root@example.com", "a long enough password");
  const me = await app.as({ token: access_token ?? "" }).users.me();
  expect(me).toMatchObject({ id: made.id, is_superuser: true, is_verified: true, username: "the-root" });
  expect((await app.as({ token: access_token ?? "" }).library.agents({ query: {} })).total).toBeGreaterThan(0);
  await expect(
    operator.create({ email: "root@example.com", password: "a long enough password" }, { isAdministrator: true }),
  ).rejects.toMatchObject({
    code: "register_user_already_exists",
  });
  await expect(operator.create({ email: "b@example.com", password: "short" }, { isAdministrator: true })).rejects.toMatchObject({
    code: "register_invalid_password",
  });
  await expect(operator.demote("the-root")).rejects.toMatchObject({ code: "forbidden" });
  const second = await app.signUp();
  await operator.promote(second.email);
  // Of two administrators who are demoted concurrently one remains.
  const both = await Promise.allSettled([operator.demote("the-root"), operator.demote(second.email)]);
  expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect((await operator.list(true)).filter(({ state }) => state === "active")).toHaveLength(1);
  await operator.promote(both[0]?.status === "fulfilled" ? "the-root" : second.email);
});

test("an ordinary account is created on the machine, also while nobody can sign up", async () => {
  const closed = operatorOf(app.studio.database, {
    config: { ...app.config, auth: { ...app.config.auth, signUp: { mode: "closed", emailDomains: [] } } },
    systemUser: "root",
  });
  const made = await closed.create({ email: "Ada@Example.com", password: "a long enough password" }, { isAdministrator: false });
  const { access_token } = await signIn("ada@example.com", "a long enough password");
  const me = await app.as({ token: access_token ?? "" }).users.me();
  expect(me).toMatchObject({ id: made.id, is_superuser: false, is_verified: true });
  expect((await closed.list(true)).map(({ email }) => email)).not.toContain("ada@example.com");
});

test("an administrator is not created if the audit row cannot be written", async () => {
  const { pool } = app.studio.database;
  await pool.query(`create function refuse_row() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
    create trigger refuse_row before insert on audit_log for each row execute function refuse_row()`);
  try {
    await expect(
      operator.create({ email: "quiet@example.com", password: "a long enough password" }, { isAdministrator: true }),
    ).rejects.toThrow();
  } finally {
    await pool.query("drop trigger refuse_row on audit_log; drop function refuse_row");
  }
  expect((await operator.list(false)).map(({ email }) => email)).not.toContain("quiet@example.com");
});

test("a running server applies changes at once", async () => {
  const user = await app.signUp();
  expect((await app.request("/api/admin/audit-logs", { user })).status).toBe(403);
  await operator.promote(user.username);
  await expect.poll(async () => (await app.request("/api/admin/audit-logs", { user })).status).toBe(200);
  await operator.demote(user.username);
  await expect.poll(async () => (await app.request("/api/admin/audit-logs", { user })).status).toBe(403);

  await operator.resetPassword(user.email, "quite another password");
  await expect.poll(() => isSignedIn(user)).toBe(false);
  await expect(signIn(user.email, user.password)).rejects.toMatchObject({ code: "login_bad_credentials" });
  expect((await signIn(user.email, "quite another password")).access_token).toBeTruthy();
  await expect(operator.resetPassword(user.email, "short")).rejects.toMatchObject({ code: "reset_password_invalid_password" });

  const noisy = await app.signUp();
  await operator.suspend(noisy.email, "spam");
  await expect.poll(() => isSignedIn(noisy)).toBe(false);
  await expect(operator.suspend(noisy.email, "spam")).rejects.toMatchObject({ code: "bad_request" });
  await expect(operator.promote(noisy.email)).rejects.toMatchObject({ code: "bad_request" });
  await operator.unsuspend(noisy.email);
  expect((await signIn(noisy.email, noisy.password)).access_token).toBeTruthy();
  await expect(operator.suspend("the-root", "x")).rejects.toMatchObject({ code: "forbidden" });
  await expect(operator.promote("no-such-user")).rejects.toMatchObject({ code: "not_found" });
});

test("all actions are in the audit log, with their actor and without passwords", async () => {
  const { rows } = await app.studio.database.pool.query<{ action_type: string; admin_name: string }>(
    "select * from audit_log order by seq",
  );
  expect(new Set(rows.map(({ action_type }) => action_type))).toEqual(
    new Set(["user.created", "user.promoted", "user.demoted", "user.password_reset", "user.suspend", "user.unsuspend"]),
  );
  expect(rows.every(({ admin_name }) => admin_name === "root (./studio admin)")).toBe(true);
  expect(JSON.stringify(rows)).not.toMatch(/another password|long enough/);
});
