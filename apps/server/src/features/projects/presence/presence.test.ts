import { WebSocket } from "ws";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import type { PresenceFrame } from "@tesslate/contract";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { openBrowser } from "../../../testing/browser.ts";
import { emptyProject } from "../../../testing/sandbox.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});

/** A window that has the project open; it closes when the test ends. */
function openWindow(user: Pick<TestUser, "token">, id: string) {
  const socket = new WebSocket(`ws://localhost:${app.port}/api/projects/${id}/presence/ws`, {
    headers: { authorization: `Bearer ${user.token}` },
  });
  onTestFinished(() => socket.on("error", () => undefined).terminate());
  const frames: (PresenceFrame | { type: "error" })[] = [];
  socket.on("message", (data) => frames.push(JSON.parse(String(data)) as PresenceFrame));
  return {
    frames,
    closed: new Promise<number>((resolve) => socket.once("close", resolve)),
    move: (view: unknown, file: unknown = null) => socket.send(JSON.stringify({ type: "move", view, file })),
    /** As when the power goes: without a goodbye. */
    vanish: () => socket.terminate(),
    people: () => frames.flatMap((frame) => (frame.type === "people" ? [frame.data] : [])).at(-1),
  };
}
/** An administrator who impersonates `user`. */
async function impersonating(user: TestUser) {
  const admin = await app.signUp({ admin: true, name: "Rita Root" });
  const browser = openBrowser(app);
  await browser.signIn(admin.email, admin.password);
  await browser.fetchCsrf();
  expect((await browser.request("POST", `/api/admin/users/${user.id}/impersonate`, { json: { reason: "Ticket 9" } })).status).toBe(200);
  await browser.fetchCsrf();
  return { admin, browser, token: browser.cookies.get("tesslate_auth")?.value ?? "" };
}

test("several windows of one person are one entry, at the place of the one that moved last", async () => {
  const ada = await app.signUp({ name: "Ada" });
  const project = await emptyProject(app, ada);
  const one = openWindow(ada, project.slug);
  await vi.waitFor(() =>
    expect(one.people()).toEqual([
      { user_id: ada.id, name: "Ada", username: ada.username, avatar_url: null, is_administrator: false, view: null, file: null },
    ]),
  );
  const two = openWindow(ada, project.id);
  await vi.waitFor(() => expect(two.people()).toHaveLength(1));
  one.move("code", "src/App.tsx");
  await vi.waitFor(() => expect(two.people()).toMatchObject([{ view: "code", file: "src/App.tsx" }]));
  two.move("canvas");
  await vi.waitFor(() => expect(one.people()).toMatchObject([{ view: "canvas", file: null }]));
  two.vanish();
  await vi.waitFor(() => expect(one.people()).toMatchObject([{ view: "code", file: "src/App.tsx" }]));
});

test("an administrator who impersonates the owner is there under their own name, until the impersonation ends", async () => {
  const ada = await app.signUp({ name: "Ada" });
  const project = await emptyProject(app, ada);
  const own = openWindow(ada, project.id);
  await vi.waitFor(() => expect(own.people()).toHaveLength(1));
  const { admin, browser, token } = await impersonating(ada);
  const theirs = openWindow({ token }, project.id);
  await vi.waitFor(() => expect(theirs.people()).toHaveLength(2));
  theirs.move("code", "src/App.tsx");
  const both = [
    { user_id: ada.id, is_administrator: false },
    { user_id: admin.id, name: "Rita Root", is_administrator: true, view: "code", file: "src/App.tsx" },
  ];
  await vi.waitFor(() => expect(own.people()).toMatchObject(both));
  await vi.waitFor(() => expect(theirs.people()).toMatchObject(both));
  // Looking is not recorded as a change.
  const trail = await app.as(admin).adminAudit.list({ query: { target_id: ada.id } });
  expect(trail.items.map((row) => row.action_type)).toEqual(["user.impersonated"]);
  expect((await browser.request("POST", "/api/auth/stop-impersonation")).status).toBe(200);
  expect(await theirs.closed).toBe(4401);
  await vi.waitFor(() => expect(own.people()).toMatchObject([{ user_id: ada.id }]));
});

test("nobody else gets in, invalid frames are refused, and it ends with the project", async () => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  const project = await emptyProject(app, ada);
  expect(await openWindow(eve, project.id).closed).toBe(4404);
  expect(await openWindow({ token: "nobody" }, project.id).closed).toBe(4401);
  const own = openWindow(ada, project.id);
  await vi.waitFor(() => expect(own.people()).toHaveLength(1));
  own.move("<script>");
  own.move("code", "x".repeat(5000));
  own.move("code", 7);
  await vi.waitFor(() => expect(own.frames.filter(({ type }) => type === "error")).toHaveLength(3));
  expect(own.people()).toMatchObject([{ view: null, file: null }]);
  await app.as(ada).projects.remove({ params: { id: project.id } });
  expect(await own.closed).toBe(1000);
});
