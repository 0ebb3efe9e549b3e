import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { openBrowser } from "../../../testing/browser.ts";

let app: TestApp;
let ada: TestUser;
beforeAll(async () => {
  app = await testApp();
  ada = await app.signUp({ name: "Ada" });
});

describe("auth.csrf", () => {
  const write = (browser: ReturnType<typeof openBrowser>, headers: Record<string, string> = {}) =>
    browser.request("PATCH", "/api/users/me", { json: { bio: "x" }, headers });
  const codeOf = async (response: Response) => [response.status, ((await response.json()) as { code?: string }).code];

  test("a write with a cookie needs the token, with a bearer token it does not", async () => {
    const browser = openBrowser(app);
    await browser.signIn(ada.email, ada.password);
    expect(await codeOf(await write(browser))).toEqual([403, "csrf_missing"]);
    const token = await browser.fetchCsrf();
    expect(browser.cookies.get("tesslate_csrf_token")).toMatchObject({
      value: token,
      path: "/",
      flags: expect.stringMatching(/Max-Age=86400.*HttpOnly/),
    });
    expect((await write(browser)).status).toBe(200);
    expect((await app.request("/api/users/me", { method: "PATCH", user: ada, json: { bio: "y" } })).status).toBe(200);
    expect((await app.request("/api/users/me", { method: "PATCH", json: { bio: "y" } })).status).toBe(401);
  });

  test("a missing, mismatched and invalid token have different codes", async () => {
    const browser = openBrowser(app);
    await browser.signIn(ada.email, ada.password);
    const good = await browser.fetchCsrf();
    browser.csrf = undefined;
    expect(await codeOf(await write(browser))).toEqual([403, "csrf_missing"]);
    browser.csrf = `${good}0`;
    expect(await codeOf(await write(browser))).toEqual([403, "csrf_mismatch"]);
    const set = (value: string) => {
      browser.csrf = value;
      browser.cookies.set("tesslate_csrf_token", { value, path: "/", flags: "" });
      return write(browser);
    };
    for (const bad of ["x", "a.b.c", good.replace(/.$/, (c) => (c === "0" ? "1" : "0")), good.split(".").slice(1).join(".")])
      expect(await codeOf(await set(bad))).toEqual([403, "csrf_invalid"]);
    expect((await set(good)).status).toBe(200);
    browser.cookies.delete("tesslate_csrf_token");
    expect(await codeOf(await write(browser))).toEqual([403, "csrf_missing"]);
  });

  test("a token of another session, an anonymous one and an expired one are invalid", async () => {
    const mine = openBrowser(app);
    await mine.signIn(ada.email, ada.password);
    const other = openBrowser(app);
    const ofAnonymous = await other.fetchCsrf();
    await other.signIn(ada.email, ada.password);
    const ofOther = await other.fetchCsrf();
    for (const token of [ofAnonymous, ofOther]) {
      mine.csrf = token;
      mine.cookies.set("tesslate_csrf_token", { value: token, path: "/", flags: "" });
      expect(await codeOf(await write(mine))).toEqual([403, "csrf_invalid"]);
    }
    await using brief = await testApp({ database: app.database, configure: (c) => (c.auth.csrfMaxAgeMs = 50) });
    const late = openBrowser(brief);
    await late.signIn(ada.email, ada.password);
    await late.fetchCsrf();
    await sleep(80);
    expect(await codeOf(await write(late))).toEqual([403, "csrf_invalid"]);
  });
});
