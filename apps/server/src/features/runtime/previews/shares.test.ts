import { freePort } from "@tesslate/testkit";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Container, Preview, Project } from "@tesslate/contract";
import { type TestUser } from "../../../testing/app.ts";
import {
  asPage,
  ended,
  enterPreview,
  projectsApp,
  setUpProject,
  startedProject,
  visitHost,
  type ProjectsApp,
} from "../../../testing/projects.ts";

let app: ProjectsApp;
let ada: TestUser;
let project: Project;
let container: Container;
let preview: Preview;
beforeAll(async () => {
  app = await projectsApp();
  ada = await app.signUp();
  ({ project, container } = await startedProject(app, ada));
  preview = await app
    .as(ada)
    .previews.create({ params: { id: project.id }, body: { connected_container_id: container.id, current_path: "/deep?x=1" } });
});
afterAll(() => app.close());

const share = (body: { expires_in: number; label?: string } = { expires_in: 3600 }, of = { project, preview }) =>
  app.as(ada).previews.share({ params: { id: of.project.id, preview_id: of.preview.id }, body });
const shares = async () => (await app.as(ada).previews.shares({ params: { id: project.id, preview_id: preview.id }, query: {} })).items;
/** Opens a link in a browser without an account. */
async function open(url: string, headers: Record<string, string> = {}) {
  const { host, pathname, search } = new URL(url);
  const visit = visitHost(app, host);
  const entered = await visit.fetch(pathname + search, { headers: { ...asPage, "sec-fetch-dest": "document", ...headers } });
  visit.cookie = entered.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
  return Object.assign(visit, { entered });
}

/** Another running project, on its own port: here they share the host's. */
async function another(user: TestUser, name: string) {
  const made = await setUpProject(app, user, name);
  const params = { id: made.project.id, container_id: made.container.id };
  await app.as(user).containers.update({ params, body: { port: await freePort() } });
  await ended(app, user, (await app.as(user).projects.start({ params: { id: made.project.id } })).task_id);
  return made;
}

describe("a share link", () => {
  test("lets its visitors in without a query, until it is withdrawn or its owner is suspended", async () => {
    const link = await share();
    const grace = await open(link.url);
    const status = async () => (await grace.fetch("/", { headers: asPage })).status;
    expect(await status()).toBe(200);
    const queries = vi.spyOn(app.studio.database.pool, "query");
    for (let i = 0; i < 5; i++) expect(await status()).toBe(200);
    const texts = queries.mock.calls.map(([query]) => JSON.stringify(query));
    queries.mockRestore();
    expect(texts.filter((text) => text.includes("preview_shares"))).toEqual([]);

    const suspend = async (isSuspended: boolean) => {
      await app.studio.database.pool.query("update users set is_suspended = $2 where id = $1", [ada.id, isSuspended]);
      await app.studio.sessions.forgetUser(ada.id);
    };
    await suspend(true);
    expect(await status()).toBe(401);
    await suspend(false);
    expect(await status()).toBe(200);
    await app.as(ada).previews.unshare({ params: { id: project.id, preview_id: preview.id, share_id: link.id } });
    expect(await status()).toBe(401);
  });

  test("admits people without an account repeatedly until it expires", async () => {
    const link = await share({ expires_in: 7200, label: " for Grace " });
    expect(link).toMatchObject({
      label: "for Grace",
      url: expect.stringMatching(`^${container.url}/__studio/share/[0-9a-f-]{36}\\.[\\w-]{43}$`),
    });
    expect(Math.abs(Date.parse(link.expires_at) - Date.now() - 7_200_000)).toBeLessThan(5000);
    const grace = await open(link.url);
    expect(grace.entered).toMatchObject({
      status: 303,
      headers: { location: "/deep?x=1", "cache-control": "no-store", "referrer-policy": "no-referrer" },
    });
    expect(grace.entered.headers["set-cookie"]).toEqual([
      expect.stringMatching(
        /^tesslate_preview=[\w-]+\.[\w-]+; Path=\/; HttpOnly; Max-Age=(7199|7200); SameSite=None; Secure; Partitioned$/,
      ),
    ]);
    expect((await grace.fetch("/", { headers: asPage })).text).toContain("hello");
    expect((await grace.upgrade("/ws")).status).toBe(101);
    expect((await open(link.url)).entered.status).toBe(303);
    await app.as(ada).previews.unshare({ params: { id: project.id, preview_id: preview.id, share_id: link.id } });
  });

  test("is listed with its visits: time, address and browser", async () => {
    const link = await share();
    await open(link.url, { "user-agent": "Lynx/2.9" });
    await open(link.url, { "user-agent": `A${"a".repeat(2000)}` });
    const [listed] = await shares();
    expect(listed).toMatchObject({ id: link.id, url: link.url, label: null, visit_count: 2, last_visited_at: expect.any(String) });
    expect(listed?.visits).toHaveLength(2);
    expect(listed?.visits[1]).toEqual({
      visited_at: expect.any(String),
      ip: expect.stringMatching(/127\.0\.0\.1$/),
      user_agent: "Lynx/2.9",
    });
    expect(listed?.visits[0]?.user_agent).toHaveLength(400);
    await app.studio.database.pool.query(
      "insert into preview_share_visits (share_id, ip, visited_at) select $1, '::1', now() - n * interval '1 minute' from generate_series(1, 150) n",
      [link.id],
    );
    await open(link.url);
    const [full] = await shares();
    expect(full).toMatchObject({ visit_count: 3 });
    expect(full?.visits).toHaveLength(100);
    expect(full?.visits.filter((visit) => visit.user_agent === "Lynx/2.9")).toHaveLength(1);
    await app.as(ada).previews.unshare({ params: { id: project.id, preview_id: preview.id, share_id: link.id } });
  });

  test("opens only its own container", async () => {
    const other = await another(ada, "Other");
    const link = await share();
    const { pathname } = new URL(link.url);
    const there = visitHost(app, new URL(other.container.url ?? "").host);
    expect((await there.fetch(pathname, { headers: asPage })).status).toBe(401);
    const grace = await open(link.url);
    expect((await there.fetch("/", { headers: asPage, cookie: grace.cookie })).status).toBe(401);
    await app.as(ada).previews.unshare({ params: { id: project.id, preview_id: preview.id, share_id: link.id } });
  });

  test("is rejected when altered", async () => {
    const link = await share();
    const { host, pathname } = new URL(link.url);
    const anonymous = visitHost(app, host);
    const again = await share();
    const mark = (url: string) => url.split(".").at(-1) ?? "";
    const id = (url: string) => pathname.replace(/[^/]+$/, "") + (new URL(url).pathname.split("/").at(-1)?.split(".")[0] ?? "");
    for (const path of [
      `${pathname}x`,
      pathname.slice(0, -1),
      `${id(link.url)}.${mark(again.url)}`,
      id(link.url),
      "/__studio/share/",
      "/__studio/share/nonsense",
      "/__studio/share/00000000-0000-4000-8000-000000000000.x",
      "/__studio/share/%ff.x",
    ]) {
      const response = await anonymous.fetch(path, { headers: asPage });
      expect([path, response.status, response.headers["set-cookie"]]).toEqual([path, 401, undefined]);
      expect(response.text).toContain("This link is no longer valid");
    }
    // Nor a forged cookie.
    const forged = Buffer.from(JSON.stringify({ container_id: container.id, share_id: link.id, exp: Date.now() + 1e6 })).toString(
      "base64url",
    );
    expect((await anonymous.fetch("/", { cookie: `tesslate_preview=${forged}.${"a".repeat(43)}` })).status).toBe(401);
    for (const { id: share_id } of [link, again])
      await app.as(ada).previews.unshare({ params: { id: project.id, preview_id: preview.id, share_id } });
  });

  test("is rejected when expired, and ends open visits", async () => {
    const link = await share();
    const grace = await open(link.url);
    expect((await grace.fetch("/")).status).toBe(200);
    await app.studio.database.pool.query("update preview_shares set expires_at = now() - interval '1 second' where id = $1", [link.id]);
    // A link that was read knows when it expires: that it does so earlier must be said.
    await app.studio.database.pool.query("select pg_notify('preview_shares', '{}')");
    await vi.waitFor(async () => expect((await grace.fetch("/")).status).toBe(401));
    expect((await open(link.url)).entered.status).toBe(401);
    expect(await shares()).toEqual([]);
  });

  test("closes sockets and streams at once when withdrawn", async () => {
    const link = await share();
    const kept = await share();
    const grace = await open(link.url);
    const heidi = await open(kept.url);
    const { socket } = await grace.upgrade("/ws");
    const stream = await grace.open("/events");
    const hers = (await heidi.upgrade("/ws")).socket;
    const closed = Promise.all([
      new Promise((resolve) => socket?.once("close", resolve)),
      new Promise((resolve) => stream.on("error", () => undefined).once("close", resolve)),
    ]);
    stream.resume();
    await app.as(ada).previews.unshare({ params: { id: project.id, preview_id: preview.id, share_id: link.id } });
    await closed;
    expect((await grace.fetch("/")).status).toBe(401);
    expect((await open(link.url)).entered.status).toBe(401);
    expect(hers?.destroyed).toBe(false);
    expect((await heidi.fetch("/")).status).toBe(200);
    hers?.destroy();
    expect(
      (await app.request(`/api/projects/${project.id}/previews/${preview.id}/share/${link.id}`, { method: "DELETE", user: ada })).status,
    ).toBe(404);
    await app.as(ada).previews.unshare({ params: { id: project.id, preview_id: preview.id, share_id: kept.id } });
  });

  test("closes an open socket when it expires", async () => {
    const link = await share();
    await app.studio.database.pool.query("update preview_shares set expires_at = now() + interval '2 seconds' where id = $1", [link.id]);
    // The expiry is signed: a link with another expiry is invalid.
    expect((await open(link.url)).entered.status).toBe(401);
    const [listed] = await shares();
    const grace = await open(listed?.url ?? "");
    const { socket } = await grace.upgrade("/ws");
    await new Promise((resolve) => socket?.once("close", resolve));
    // Not earlier, and without a request.
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(listed?.expires_at ?? ""));
  });

  test("ends when its preview or the project is deleted or the preview shows another container", async () => {
    const own = await another(ada, "Ends");
    const second = await app.as(ada).containers.create({ params: { id: own.project.id }, body: {} });
    await ended(app, ada, second.task_id);
    const make = async () => {
      const made = await app
        .as(ada)
        .previews.create({ params: { id: own.project.id }, body: { connected_container_id: own.container.id } });
      const link = await share({ expires_in: 600 }, { project: own.project, preview: made });
      const visit = await open(link.url);
      expect((await visit.fetch("/")).status).toBe(200);
      return { made, visit, link };
    };
    const removed = await make();
    await app.as(ada).previews.remove({ params: { id: own.project.id, preview_id: removed.made.id } });
    expect((await removed.visit.fetch("/")).status).toBe(401);

    const moved = await make();
    await app.as(ada).previews.update({
      params: { id: own.project.id, preview_id: moved.made.id },
      body: { position_x: 3, connected_container_id: own.container.id },
    });
    expect((await moved.visit.fetch("/")).status).toBe(200);
    await app
      .as(ada)
      .previews.update({ params: { id: own.project.id, preview_id: moved.made.id }, body: { connected_container_id: second.id } });
    expect((await moved.visit.fetch("/")).status).toBe(401);

    const last = await make();
    const { socket } = await last.visit.upgrade("/ws");
    const closed = new Promise((resolve) => socket?.once("close", resolve));
    await app.as(ada).projects.remove({ params: { id: own.project.id } });
    await closed;
    expect([404, 401]).toContain((await last.visit.fetch("/")).status);
  });

  test("ends when its owner is suspended", async () => {
    const bob = await app.signUp();
    const own = await another(bob, "Bob's");
    const made = await app.as(bob).previews.create({ params: { id: own.project.id }, body: { connected_container_id: own.container.id } });
    const link = await app.as(bob).previews.share({ params: { id: own.project.id, preview_id: made.id }, body: { expires_in: 600 } });
    const visit = await open(link.url);
    expect((await visit.fetch("/")).status).toBe(200);
    await app.studio.database.pool.query("update users set is_suspended = true where id = $1", [bob.id]);
    await app.studio.sessions.forgetUser(bob.id);
    expect((await visit.fetch("/")).status).toBe(401);
    expect((await open(link.url)).entered.status).toBe(401);
  });
});

describe("a guest", () => {
  test("wakes the app, but shows guests no reason or log of a failure and no start button", async () => {
    const own = await another(ada, "Fails");
    const made = await app.as(ada).previews.create({ params: { id: own.project.id }, body: { connected_container_id: own.container.id } });
    const visit = await open((await share({ expires_in: 600 }, { project: own.project, preview: made })).url);
    await app.as(ada).projects.stop({ params: { id: own.project.id } });
    // Stopped by its owner: a guest sees only that, and cannot start it.
    const closed = await visit.fetch("/", { headers: asPage });
    expect([closed.status, closed.text]).toEqual([503, expect.stringContaining("ask the person who sent you the link")]);
    expect(closed.text).not.toContain("/__studio/start");
    await app.studio.database.pool.query("update projects set stop_reason = 'idle' where id = $1", [own.project.id]);
    expect((await visit.fetch("/", { headers: asPage })).text).toContain("hello");
    await visit.fetch("/crash", { headers: asPage }).catch(() => undefined);
    const seen = async () => (await app.as(ada).containers.get({ params: { id: own.project.id, container_id: own.container.id } })).status;
    await vi.waitFor(async () => expect(await seen()).toBe("failed"));
    const page = await visit.fetch("/", { headers: asPage });
    expect(page.status).toBe(503);
    expect(page.text).toContain("ask the person who sent you the link");
    expect(page.text).not.toMatch(/dying with|exit code|Start it again/);
    expect((await visit.fetch("/__studio/start", { method: "POST" })).status).toBe(404);
  });

  test("guests cannot report into the owner's project", async () => {
    const visit = await open((await share()).url);
    const report = [{ kind: "error", message: "from a guest" }];
    const response = await visit.fetch("/__studio/report", {
      method: "POST",
      body: JSON.stringify(report),
      headers: { "content-type": "application/json" },
    });
    expect(response.status).toBe(204);
    const { rows } = await app.studio.database.pool.query("select 1 from events where project_id = $1 and type = 'preview_report'", [
      project.id,
    ]);
    expect(rows).toEqual([]);
  });

  test("the owner who opens a link remains the owner", async () => {
    const mine = await enterPreview(app, ada, project.id);
    const link = await share();
    const again = await mine.fetch(new URL(link.url).pathname, { headers: asPage });
    expect([again.status, again.headers["set-cookie"]]).toEqual([303, undefined]);
  });
});

describe("sharing", () => {
  test("requires the preview's owner and a container with a page", async () => {
    const eve = await app.signUp();
    const at = `/api/projects/${project.id}/previews/${preview.id}/share`;
    const link = await share();
    const status = async (path: string, method: string, user?: TestUser, json?: unknown) =>
      (await app.request(path, { method, ...(user && { user }), ...(json !== undefined && { json }) })).status;
    expect(await status(at, "POST", eve, { expires_in: 600 })).toBe(404);
    expect(await status(at, "GET", eve)).toBe(404);
    expect(await status(`${at}/${link.id}`, "DELETE", eve)).toBe(404);
    expect(await status(at, "GET")).toBe(401);
    expect(await status(at, "POST", ada, {})).toBe(422);
    expect(await status(at, "POST", ada, { expires_in: 5 })).toBe(422);
    expect(await status(at, "POST", ada, { expires_in: 31 * 86_400 })).toBe(422);
    expect(await status(`${at}/nonsense`, "DELETE", ada)).toBe(422);
    const bare = await app.as(ada).previews.create({ params: { id: project.id }, body: {} });
    expect(await status(`/api/projects/${project.id}/previews/${bare.id}/share`, "POST", ada, { expires_in: 600 })).toBe(400);
    const hers = await setUpProject(app, eve, "Hers");
    expect(await status(`/api/projects/${hers.project.id}/previews/${preview.id}/share`, "GET", eve)).toBe(404);
    // A link of one preview is not valid for another.
    const twin = await app.as(ada).previews.create({ params: { id: project.id }, body: { connected_container_id: container.id } });
    expect(await status(`/api/projects/${project.id}/previews/${twin.id}/share/${link.id}`, "DELETE", ada)).toBe(404);
  });

  test("is limited to fifty active links, also for concurrent requests", async () => {
    const made = await app.as(ada).previews.create({ params: { id: project.id }, body: { connected_container_id: container.id } });
    const path = `/api/projects/${project.id}/previews/${made.id}/share`;
    const statuses = await Promise.all(
      Array.from({ length: 53 }, () => app.request(path, { method: "POST", user: ada, json: { expires_in: 600 } }).then((a) => a.status)),
    );
    expect(statuses.filter((status) => status === 201)).toHaveLength(50);
    expect(statuses.filter((status) => status === 409)).toHaveLength(3);
  });
});
