import { afterAll, beforeAll, expect, test } from "vitest";
import type { Container, Project } from "@tesslate/contract";
import { testApp, type TestUser } from "../../../testing/app.ts";
import { enterPreview, projectsApp, setUpProject, startedProject, type ProjectsApp } from "../../../testing/projects.ts";

const path = "/api/auth/verify-pod-access";
let app: ProjectsApp;
let [ada, grace] = [undefined, undefined] as unknown as [TestUser, TestUser];
let project: Project;
let container: Container;
let host: string;
beforeAll(async () => {
  app = await projectsApp();
  [ada, grace] = [await app.signUp(), await app.signUp()];
  ({ project, container } = await startedProject(app, ada));
  host = new URL(container.url ?? "").host;
});
afterAll(() => app.close());

const authorize = (user: TestUser | undefined, headers: Record<string, string> = {}, init: { method?: string; json?: unknown } = {}) =>
  app.request(path, { method: "GET", ...init, user, headers: { "x-forwarded-host": host, ...headers } });
const log = async () =>
  (await app.studio.database.pool.query("select * from pod_access_log order by created_at desc, id limit 1")).rows[0] as Record<
    string,
    unknown
  >;

test.each(["GET", "POST"])("allows the owner and names them to the proxy (%s)", async (method) => {
  const response = await authorize(ada, { "x-original-uri": "/page?ticket=secret" }, { method });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe("");
  expect(response.headers.get("x-user-id")).toBe(ada.id);
  expect(response.headers.get("x-user-email")).toBe(ada.email);
  expect(await log()).toMatchObject({
    user_id: ada.id,
    project_id: project.id,
    success: true,
    request_host: host,
    request_uri: "/page",
    failure_reason: null,
  });
});

test("accepts the session cookie, also from another site", async () => {
  const headers = { cookie: `tesslate_auth=${ada.token}`, origin: container.url ?? "", "sec-fetch-site": "cross-site" };
  expect((await authorize(undefined, headers, { method: "POST" })).status).toBe(200);
});

test("accepts the preview's own cookie", async () => {
  const visit = await enterPreview(app, ada, project.id);
  expect((await authorize(undefined, { cookie: visit.cookie })).status).toBe(200);
});

test("in the body: token with host, project id or slug", async () => {
  const post = (json: object) => app.request(path, { method: "POST", json });
  expect((await post({ token: ada.token, host })).status).toBe(200);
  expect((await post({ token: ada.token, project_id: project.id })).status).toBe(200);
  expect((await post({ token: ada.token, project_slug: project.slug })).status).toBe(200);
  expect((await post({ token: grace.token, project_slug: project.slug })).status).toBe(401);
  expect((await post({ token: ada.token })).status).toBe(401);
  expect((await post({ token: 5 })).status).toBe(422);
});

test("rejects everyone else with 401 and logs the reason", async () => {
  const cases: [TestUser | undefined, Record<string, string>, string][] = [
    [undefined, {}, "not signed in"],
    [{ ...ada, token: "forged" }, {}, "not signed in"],
    [grace, {}, "not the owner"],
    [ada, { "x-forwarded-host": host.replace(/^[^.]+/, "unknown-app") }, "unknown host"],
    [ada, { "x-forwarded-host": "localhost" }, "no target named"],
    [ada, { "x-expected-user-id": grace.id }, "another user expected"],
  ];
  for (const [user, headers, reason] of cases) {
    const response = await authorize(user, headers);
    expect(response.status).toBe(401);
    expect(((await response.json()) as { code: string }).code).toBe("preview_access_denied");
    expect(await log()).toMatchObject({ success: false, failure_reason: reason });
  }
  expect((await authorize(ada, { "x-expected-user-id": ada.id })).status).toBe(200);
});

test("finds every container of a project by its host", async () => {
  const other = await setUpProject(app, grace, "Other");
  expect((await authorize(grace, { "x-forwarded-host": new URL(other.container.url ?? "").host })).status).toBe(200);
  expect((await authorize(ada, { "x-forwarded-host": new URL(other.container.url ?? "").host })).status).toBe(401);
});

test("denies what cannot be logged", async () => {
  const { pool } = app.studio.database;
  await pool.query("alter table pod_access_log rename to pod_access_log_away");
  try {
    const response = await authorize(ada);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([401, "preview_access_denied"]);
  } finally {
    await pool.query("alter table pod_access_log_away rename to pod_access_log");
  }
  expect((await authorize(ada)).status).toBe(200);
});

test("with a shared secret, answers the ingress only", async () => {
  await using guarded = await testApp({ env: { INGRESS_SHARED_SECRET: "between us two" } });
  const user = await guarded.signUp();
  const from = (headers: Record<string, string>) =>
    guarded.request(path, { user, headers: { "x-forwarded-host": "localhost", ...headers } });
  const rows = async () =>
    (await guarded.studio.database.pool.query("select ip_address from pod_access_log")).rows as { ip_address: string }[];
  expect((await from({})).status).toBe(401);
  expect((await from({ "x-ingress-secret": "guessed" })).status).toBe(401);
  expect(await rows()).toEqual([]);
  await from({ "x-ingress-secret": "between us two", "x-forwarded-for": "203.0.113.9, 10.0.0.1" });
  expect(await rows()).toEqual([{ ip_address: "203.0.113.9" }]);
});
