import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { contract, type RouteSpec } from "@tesslate/contract";
import { testApp, type TestApp, type TestUser } from "../testing/app.ts";

let app: TestApp;
let ada: TestUser;
beforeAll(async () => {
  app = await testApp();
  ada = await app.signUp();
});
afterAll(() => app.close());

const routes = Object.entries(contract).flatMap(([group, specs]) =>
  Object.entries(specs as Record<string, RouteSpec>).map(([name, spec]) => ({ name: `${group}.${name}`, spec })),
);
const pathOf = ({ path }: RouteSpec) => path.replace("{path}", "a/b.txt").replace(/\{[^}]+\}/g, "00000000-0000-4000-8000-000000000000");
const closed = routes.filter(({ spec }) => spec.auth === "user" || spec.auth === "superuser");

describe("what each route asks of its caller, from the table of routes", () => {
  test.each(closed.filter(({ spec }) => spec.kind !== "socket"))("$name is 401 for nobody and for a forged token", async ({ spec }) => {
    for (const authorization of [undefined, "Bearer eyJhbGciOiJub25lIn0.e30."]) {
      const response = await fetch(app.url + pathOf(spec), {
        method: spec.method,
        headers: { ...(authorization && { authorization }), ...(spec.body && { "content-type": "application/json" }) },
        ...(spec.body && { body: "{}" }),
      });
      expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
      expect(await response.json()).toEqual({ detail: expect.any(String), code: "unauthorized" });
    }
  });
  test.each(closed.filter(({ spec }) => spec.kind === "socket"))("$name closes 4401 for nobody", async ({ spec }) => {
    const ws = new WebSocket(app.url.replace(/^http/, "ws") + pathOf(spec));
    ws.on("open", () => ws.send("{}"));
    const code = await new Promise<number>((resolve) => ws.on("close", resolve));
    expect(code).toBe(4401);
  });
  const administrative = routes.filter(({ spec }) => spec.auth === "superuser");
  test.runIf(administrative.length > 0).each(administrative)("$name is 403 for an ordinary user", async ({ spec }) => {
    const response = await app.request(pathOf(spec), { method: spec.method, user: ada, ...(spec.body && { json: {} }) });
    expect(response.status).toBe(403);
  });
  test.each(closed.filter(({ spec }) => spec.kind !== "socket" && spec.csrf !== false && spec.method !== "GET"))(
    "$name by cookie needs the CSRF token",
    async ({ spec }) => {
      const response = await fetch(app.url + pathOf(spec), {
        method: spec.method,
        headers: { cookie: `tesslate_auth=${ada.token}`, ...(spec.body && { "content-type": "application/json" }) },
        ...(spec.body && { body: "{}" }),
      });
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([403, "csrf_missing"]);
    },
  );
});
