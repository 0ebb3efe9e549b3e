import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrateDatabase } from "../server/database.ts";
import { readEnvironment } from "../server/environment.ts";
import { makeAdmin } from "../server/roles.ts";
import { maxFileBytes } from "../server/routes/files.ts";
import { user } from "../server/schema.ts";
import { openTestApp, signUp, type TestApp } from "./database.ts";

// A visible skip instead of a failure where there is no database, such as in the container Web.
const { DATABASE_URL } = process.env;
const describeApi = describe.skipIf(!DATABASE_URL);

let api: TestApp;
beforeAll(async () => {
  if (DATABASE_URL) api = await openTestApp();
});
afterAll(() => api?.close());

const uploadOf = (content: string | Uint8Array<ArrayBuffer>, name: string, type = "text/html") => {
  const body = new FormData();
  body.set("file", new File([content], name, { type }));
  return { method: "POST", body };
};

test.skipIf(!DATABASE_URL)("migrations can be applied again", async () => {
  await migrateDatabase(api.url);
  expect((await api.app.request("/api/health")).status).toBe(200);
});

test("a missing variable is named", () => {
  expect(() => readEnvironment({})).toThrow(/DATABASE_URL.*\n.*BETTER_AUTH_SECRET/s);
});

describeApi("accounts", () => {
  test("a session belongs to the browser that signed up, until it signs out", async () => {
    const ada = await signUp(api, "ada@example.com");
    expect(await (await ada.request("/api/me")).json()).toEqual({
      user: { id: ada.id, name: "ada@example.com", email: "ada@example.com", role: "user" },
    });
    expect(await (await api.app.request("/api/me")).json()).toEqual({ user: null });
    expect((await ada.json("/api/auth/sign-out", "POST", {})).status).toBe(200);
    expect(await (await ada.request("/api/me")).json()).toEqual({ user: null });
  });

  test("short passwords, known addresses, other origins and a role of one's own choice are refused", async () => {
    await signUp(api, "eve@example.com");
    const attempt = (body: object, origin = "https://app.example") =>
      api.app.request("/api/auth/sign-up/email", {
        method: "POST",
        headers: { "content-type": "application/json", host: "app.example", "x-forwarded-proto": "https", origin, cookie: "any=1" },
        body: JSON.stringify({ name: "Eve", email: "eve2@example.com", password: "correct horse battery", ...body }),
      });
    expect((await attempt({ password: "short" })).status).toBe(400);
    expect((await attempt({ email: "eve@example.com" })).status).toBe(422);
    expect((await attempt({}, "https://evil.example")).status).toBe(403);
    await attempt({ role: "admin" });
    const rows = await api.db.select({ role: user.role }).from(user).where(eq(user.email, "eve2@example.com"));
    expect(rows.every(({ role }) => role === "user")).toBe(true);
  });
});

describeApi("notes", () => {
  test("are the user's own", async () => {
    const ada = await signUp(api, "notes-a@example.com");
    const bob = await signUp(api, "notes-b@example.com");
    const made = await ada.json("/api/notes", "POST", { text: " Buy flour " });
    expect(made.status).toBe(201);
    const { id } = (await made.json()) as { id: string };
    expect(await (await ada.request("/api/notes")).json()).toMatchObject({ items: [{ id, text: "Buy flour" }] });
    expect(await (await bob.request("/api/notes")).json()).toEqual({ items: [] });
    expect((await bob.request(`/api/notes/${id}`, { method: "DELETE" })).status).toBe(404);
    expect((await ada.json("/api/notes", "POST", { text: " " })).status).toBe(400);
    expect((await api.app.request("/api/notes")).status).toBe(401);
    const foreign = { method: "DELETE", headers: { origin: "https://evil.example" } };
    expect((await ada.request(`/api/notes/${id}`, foreign)).status).toBe(403);
    expect((await ada.request(`/api/notes/${id}`, { method: "DELETE" })).status).toBe(204);
  });
});

describeApi("files", () => {
  test("are stored, and downloaded by their owner only, never shown as a page", async () => {
    const ada = await signUp(api, "files-a@example.com");
    const bob = await signUp(api, "files-b@example.com");
    const made = await ada.request("/api/files", uploadOf("<script>alert(1)</script>", "../../etc/a “page”.html"));
    expect(made.status).toBe(201);
    const file = (await made.json()) as { id: string };
    expect(file).toMatchObject({ name: "a “page”.html", size: 25 });
    const got = await ada.request(`/api/files/${file.id}`);
    expect(await got.text()).toBe("<script>alert(1)</script>");
    expect(got.headers.get("content-type")).toBe("application/octet-stream");
    expect(got.headers.get("content-disposition")).toMatch(/^attachment;/);
    expect((await bob.request(`/api/files/${file.id}`)).status).toBe(404);
    expect((await ada.request(`/api/files/${file.id}`, { method: "DELETE" })).status).toBe(204);
  });

  test("have a size limit", async () => {
    const ada = await signUp(api, "files-c@example.com");
    expect((await ada.request("/api/files", uploadOf(new Uint8Array(maxFileBytes), "ok.bin"))).status).toBe(201);
    expect((await ada.request("/api/files", uploadOf(new Uint8Array(maxFileBytes + 1), "large.bin"))).status).toBe(422);
    expect((await ada.request("/api/files", uploadOf(new Uint8Array(2 * maxFileBytes), "larger.bin"))).status).toBe(413);
    expect((await ada.request("/api/files", { method: "POST", body: new FormData() })).status).toBe(422);
  });
});

describeApi("administration", () => {
  test("ADMIN_EMAIL makes an existing account an administrator", async () => {
    const eve = await signUp(api, "first-admin@example.com");
    expect(await makeAdmin(api.db, "nobody@example.com")).toBe(false);
    expect((await eve.request("/api/admin/users")).status).toBe(404);
    expect(await makeAdmin(api.db, "First-Admin@example.com")).toBe(true);
    expect((await eve.request("/api/admin/users")).status).toBe(200);
  });

  test("exists only for administrators, who see all users and change roles", async () => {
    const ada = await signUp(api, "admin-a@example.com");
    const bob = await signUp(api, "admin-b@example.com");
    expect((await ada.request("/api/admin/users")).status).toBe(404);
    await api.db.update(user).set({ role: "admin" }).where(eq(user.id, ada.id));
    await bob.json("/api/notes", "POST", { text: "One" });
    const { items } = (await (await ada.request("/api/admin/users")).json()) as { items: { id: string; notes: number }[] };
    expect(items.find(({ id }) => id === bob.id)).toMatchObject({ email: "admin-b@example.com", role: "user", notes: 1, files: 0 });
    expect((await ada.json(`/api/admin/users/${bob.id}`, "PATCH", { role: "admin" })).status).toBe(200);
    expect((await bob.request("/api/admin/users")).status).toBe(200);
    expect((await ada.json(`/api/admin/users/${ada.id}`, "PATCH", { role: "user" })).status).toBe(409);
    expect((await ada.json(`/api/admin/users/${bob.id}`, "PATCH", { role: "owner" })).status).toBe(400);
  });
});

test.skipIf(!DATABASE_URL)("unknown paths of the API are 404", async () => {
  expect((await api.app.request("/api/nothing")).status).toBe(404);
});
