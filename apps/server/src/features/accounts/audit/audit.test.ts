import { afterAll, beforeAll, expect, test } from "vitest";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { createRateLimiter } from "../../../platform/rate-limit.ts";
import { createAudit, type Actor, type Audit } from "./audit.service.ts";
import { createAuditStore } from "./audit.store.ts";

let app: TestApp;
let admin: TestUser;
let audit: Audit;
let actor: Actor;
beforeAll(async () => {
  // Reads the whole log.
  app = await testApp({ ownServer: true });
  admin = await app.signUp({ admin: true, name: "Ada" });
  audit = createAudit({ store: createAuditStore(app.db), limits: createRateLimiter({ db: app.db, factor: 0 }) });
  actor = { id: admin.id, name: admin.username, ip: "203.0.113.9", user_agent: "a browser" };
  for (let n = 1; n <= 5; n++)
    await audit.change(actor, ({ record }) =>
      record({ action: "user.updated", target: { type: "user", id: admin.id, name: `u_${n}` }, reason: ` because ${n} `, details: { n } }),
    );
});
afterAll(() => app.close());

const list = (query: Record<string, unknown> = {}) => app.as(admin).adminAudit.list({ query });

test("actions are listed newest first, with actor, origin and reason", async () => {
  const { items, total } = await list();
  expect(total).toBe(5);
  expect(items[0]).toEqual({
    id: expect.any(String),
    admin_id: admin.id,
    admin_name: admin.username,
    action_type: "user.updated",
    target_type: "user",
    target_id: admin.id,
    target_name: "u_5",
    reason: "because 5",
    extra_data: { n: 5 },
    ip_address: "203.0.113.9",
    user_agent: "a browser",
    created_at: expect.any(String),
  });
});

test("paging by key does not shift while rows are added", async () => {
  const first = await list({ limit: 2 });
  await audit.change(actor, ({ record }) => record({ action: "user.updated", target: { type: "server", id: null, name: null } }));
  const second = await list({ limit: 2, before: first.next_before });
  const third = await list({ limit: 2, before: second.next_before });
  expect([first, second, third].flatMap(({ items }) => items.map((item) => item.target_name))).toEqual(["u_5", "u_4", "u_3", "u_2", "u_1"]);
  expect([second.total, third.next_before]).toEqual([6, null]);
});

test("filters and the search return exactly the matching rows", async () => {
  const names = async (query: Record<string, unknown>) => (await list(query)).items.map(({ target_name }) => target_name);
  expect(await names({ search: "because 3" })).toEqual(["u_3"]);
  expect(await names({ search: "u_" })).toHaveLength(5);
  expect(await names({ search: "%" })).toEqual([]);
  expect(await names({ target_type: "server" })).toEqual([null]);
  expect(await names({ action_type: "user.suspend" })).toEqual([]);
  expect(await names({ admin_id: "00000000-0000-4000-8000-000000000000" })).toEqual([]);
  expect(await names({ target_id: admin.id, limit: 1 })).toEqual(["u_5"]);
  expect(await names({ created_before: "2020-01-01T00:00:00Z" })).toEqual([]);
  expect(await names({ created_after: "2020-01-01T00:00:00Z" })).toHaveLength(6);
  for (const query of ["action_type=nothing", "created_after=yesterday", "admin_id=1", "page=1&skip=0"])
    expect((await app.request(`/api/admin/audit-logs?${query}`, { user: admin })).status).toBe(422);
});

test("the export is the whole log as CSV without spreadsheet formulas", async () => {
  await audit.change(actor, ({ record }) =>
    record({ action: "user.updated", target: { type: "user", id: admin.id, name: "=HYPERLINK(1)" }, reason: '@SUM(1), "quoted"' }),
  );
  const response = await app.request("/api/admin/audit-logs/export?search=SUM", { user: admin });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/csv; charset=utf-8"]);
  expect(response.headers.get("content-disposition")).toMatch(/^attachment; filename\*=UTF-8''audit-log-\d{4}-\d\d-\d\d\.csv$/);
  const [head, row, end] = (await response.text()).split("\r\n");
  expect([head?.split(",")[0], end]).toEqual(["created_at", ""]);
  expect(row).toContain(`"'=HYPERLINK(1)"`);
  expect(row).toContain(`"'@SUM(1), ""quoted"""`);
  const all = await (await app.request("/api/admin/audit-logs/export", { user: admin })).text();
  expect(all.trim().split("\r\n").length - 1).toBe((await list()).total);
  expect((await app.request("/api/admin/audit-logs/export", { user: await app.signUp() })).status).toBe(403);
});

test("rows cannot be changed, deleted or truncated in the database", async () => {
  for (const statement of [
    "update audit_log set reason = 'x'",
    // For an existing user not even the name can be changed.
    "update audit_log set target_name = null where target_type = 'user'",
    "delete from audit_log",
    "truncate audit_log",
  ])
    await expect(app.studio.database.pool.query(statement)).rejects.toThrow("append-only");
});

test("a change without an audit row is rolled back; so is an audit row whose change fails", async () => {
  const rename = (name: string) => app.studio.database.pool.query("select 1 from users where name = $1", [name]);
  await expect(
    audit.change(actor, async ({ tx }) => {
      await tx.execute("update users set name = 'Unrecorded'");
    }),
  ).rejects.toThrow("left no row");
  expect((await rename("Unrecorded")).rowCount).toBe(0);
  const before = (await list()).total;
  await expect(
    audit.change(actor, async ({ record }) => {
      await record({ action: "user.updated", target: { type: "server", id: null, name: null } });
      throw new Error("too late");
    }),
  ).rejects.toThrow("too late");
  expect((await list()).total).toBe(before);
});

test("a change is refused if the caller is no longer an administrator when it is made", async () => {
  const former = await app.signUp();
  const work = () => audit.change({ ...actor, id: former.id }, async ({ recordNothing }) => recordNothing());
  await expect(work()).rejects.toMatchObject({ code: "forbidden" });
  await app.studio.database.pool.query("update users set is_superuser = true, is_suspended = true where id = $1", [former.id]);
  await expect(work()).rejects.toMatchObject({ code: "forbidden" });
});
