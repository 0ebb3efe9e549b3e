import { afterAll, beforeAll, expect, test } from "vitest";
import { Type, type RouteSpec } from "@tesslate/contract";
import { startModelServer, type ModelServer } from "@tesslate/testkit";
import type { TestUser } from "../testing/app.ts";
import { modelEnv, plantedKey } from "../testing/chat.ts";
import { callRoute, nowhere, type Credentials, type Ids, type CallOutcome } from "../testing/matrix/calls.ts";
import { gapsOf, listRoutes, type Listed } from "../testing/matrix/routes.ts";
import { inParallel, isClosed, namesOwned, notRefused, routes, summary, takesKeys } from "../testing/matrix/rules.ts";
import { bodies, makeWorld, matrixScript, type MatrixWorld } from "../testing/matrix/world.ts";
import { projectsApp, type ProjectsApp } from "../testing/projects.ts";
import { createValidatorCompiler } from "./schemas.ts";

/*
 * Calls every route of the contract without a session, with invalid credentials, as another user with the owner's objects, and with an invalid body.
 * New routes of the contract are included. All callers against all routes: `matrix.hard.test.ts`.
 */
let app: ProjectsApp;
let model: ModelServer;
let owner: MatrixWorld;
let otherUser: TestUser;
let otherUserKey: string;
let admin: TestUser;
let expired: string;
beforeAll(async () => {
  model = await startModelServer({ apiKey: plantedKey, script: matrixScript() });
  app = await projectsApp({
    env: {
      ...modelEnv(model),
      RECORD_CASSETTES: "true",
      OUTBOUND_ALLOW_HOSTS: "127.0.0.1",
      VERCEL_CLIENT_ID: "cl_routes",
      VERCEL_CLIENT_SECRET: "of the routes",
    },
  });
  const [ada, bob, root, late] = await Promise.all([app.signUp({ name: "Ada" }), app.signUp(), app.signUp({ admin: true }), app.signUp()]);
  [otherUser, admin, expired] = [bob, root, late.token];
  owner = await makeWorld(app, ada);
  otherUserKey = (await app.as(bob).auth.createApiKey({ body: { name: "all", scopes: ["read", "write", "run"], edit_mode: "allow" } })).key;
  await app.studio.database.pool.query("update sessions set expires_at = now() - interval '1 second' where user_id = $1", [late.id]);
  await app.studio.sessions.forgetUser(late.id);
}, 120_000);
afterAll(async () => {
  await app?.close();
  await model?.close();
});

const call = (route: Listed, ids: Ids, who: Credentials): Promise<CallOutcome> => callRoute(app, route, ids, who);
const otherUserAt = (route: Listed): Credentials => ({ bearer: takesKeys(route) ? otherUserKey : otherUser.token });
const callerAt = (route: Listed): Credentials =>
  route.spec.auth === "superuser" ? { bearer: admin.token } : route.spec.auth === "user" ? otherUserAt(route) : {};
/** Checks each of the routes with `look`, and returns the problems. */
async function problemsOf(all: readonly Listed[], look: (route: Listed) => Promise<string | false | undefined>): Promise<string[]> {
  const wrong: string[] = [];
  const checked = new Set<Listed>();
  await inParallel(all, async (route) => {
    const problem = await look(route);
    checked.add(route);
    if (problem) wrong.push(`${route.name}: ${problem}`);
  });
  expect(checked.size).toBe(all.length);
  return wrong;
}

test("every route has an access level, every path id an owner's object, every body a sample", () => {
  expect(gapsOf(routes, { parameters: Object.keys(owner.at), fields: Object.keys(owner.named), bodies })).toEqual([]);
});
test("a route without fixtures breaks the build with instructions", () => {
  const made = {
    gadgets: {
      get: { method: "GET", path: "/api/gadgets/{id}", tag: "system", description: "Only for the test.", summary: "s", auth: "user" },
      link: {
        method: "POST",
        path: "/api/gadgets",
        tag: "system",
        description: "Only for the test.",
        summary: "s",
        auth: "user",
        body: Type.Object({ widget_id: Type.String({ format: "uuid" }) }),
      },
      code: {
        method: "POST",
        path: "/api/gadgets/code",
        tag: "system",
        description: "Only for the test.",
        summary: "s",
        auth: "user",
        body: Type.Object({ code: Type.String({ pattern: "^\\d{3}$" }) }),
      },
      open: { method: "GET", path: "/api/gadgets", tag: "system", description: "Only for the test.", summary: "s" } as RouteSpec,
    },
  } satisfies Record<string, Record<string, RouteSpec>>;
  expect(gapsOf(listRoutes(made), { parameters: Object.keys(owner.at), fields: Object.keys(owner.named), bodies })).toEqual([
    "gadgets.get (GET /api/gadgets/{id}): the owner has no object at /api/gadgets/{id}. Create one in apps/server/src/testing/matrix/world.ts (at).",
    "gadgets.link (POST /api/gadgets): its body names a widget_id and the owner has none. Create one in apps/server/src/testing/matrix/world.ts (named).",
    "gadgets.code (POST /api/gadgets/code): no valid body could be generated. Add one in apps/server/src/testing/matrix/world.ts (bodies).",
    "gadgets.open (GET /api/gadgets) has no access level. Set auth in its route value to one of: none, optional, user, superuser.",
  ]);
});

test("routes below /api/admin are for administrators only", () => {
  const open = routes.filter(({ spec }) => spec.path.startsWith("/api/admin/") && spec.auth !== "superuser").map(({ name }) => name);
  expect(open).toEqual([]);
});

test("unauthenticated calls are 401 on routes that need a user, and served elsewhere", async () => {
  expect(
    await problemsOf(routes, async (route) => {
      if (isClosed(route)) return notRefused(route, await call(route, owner, {}));
      const outcome = await call(route, nowhere(owner), {});
      return (outcome.code === "internal_error" || outcome.code === "unauthorized") && summary(outcome);
    }),
  ).toEqual([]);
});

test("a forged or expired credential is unauthenticated, at every level", async () => {
  for (const level of ["none", "optional", "user", "superuser"] as const) {
    const route = routes.find(({ spec }) => spec.auth === level && spec.kind === undefined && spec.method === "GET");
    if (!route) throw new Error(`no route of the level ${level}`);
    const anonymous = await call(route, nowhere(owner), {});
    for (const who of [
      { bearer: "eyJhbGciOiJub25lIn0.e30." },
      { bearer: "tsk_forged" },
      { bearer: expired },
      { cookie: `tesslate_auth=${expired}` },
    ])
      if (isClosed(route)) expect([level, who, notRefused(route, await call(route, owner, who))]).toEqual([level, who, false]);
      else expect([level, who, (await call(route, nowhere(owner), who)).status]).toEqual([level, who, anonymous.status]);
  }
});

const users = routes.filter(({ spec }) => spec.auth === "user");
test("objects of another user are 404", async () => {
  expect(
    await problemsOf(users.filter(namesOwned), async (route) => {
      const outcome = await call(route, owner, otherUserAt(route));
      return outcome.status !== (route.spec.kind === "socket" ? 4404 : 404) && `${summary(outcome)} instead of 404`;
    }),
  ).toEqual([]);
});
test("a user gets 403 on administrator routes", async () => {
  expect(
    await problemsOf(
      routes.filter(({ spec }) => spec.auth === "superuser"),
      async (route) => {
        const outcome = await call(route, owner, otherUserAt(route));
        return (outcome.status !== 403 || outcome.code !== "forbidden") && `${summary(outcome)} instead of 403`;
      },
    ),
  ).toEqual([]);
});
test("lists never contain objects of another user", async () => {
  const marks = [owner.at["/api/projects/{id}"] ?? "missing!", owner.user.email];
  expect(
    await problemsOf(
      users.filter((route) => !namesOwned(route) && route.spec.method === "GET" && route.spec.kind !== "socket"),
      async (route) => {
        const outcome = await call(route, nowhere(owner), otherUserAt(route));
        if (outcome.code === "internal_error" || outcome.code === "unauthorized") return summary(outcome);
        const found = marks.filter((mark) => outcome.body.includes(mark));
        return found.length > 0 && `contains ${found.join(", ")}`;
      },
    ),
  ).toEqual([]);
});

test("an invalid body is 422 on every route with a body", async () => {
  const compile = createValidatorCompiler();
  // JSON-RPC has errors of its own.
  const withBody = routes.filter(({ name, spec }) => spec.body !== undefined && name !== "mcpEndpoint.call");
  expect(withBody.length).toBeGreaterThan(100);
  expect(
    await problemsOf(withBody, async (route) => {
      const { spec } = route;
      const isValid = compile({ schema: spec.body, method: spec.method, url: "", httpPart: "body" });
      const bad = [[], 7, { "": 0 }].find((body) => isValid(structuredClone(body)) !== true);
      if (bad === undefined) return "no body that its schema refuses could be generated";
      const outcome = await callRoute(app, route, nowhere(owner), callerAt(route), bad);
      return outcome.status !== 422 && `${summary(outcome)} instead of 422 to ${JSON.stringify(bad)}`;
    }),
  ).toEqual([]);
});

/** Calls a route with an additional unknown field. */
const callWith = (part: "query" | "body") => async (route: Listed) => {
  // An upload's body is checked by its handler, after access to the project.
  const who = route.spec.kind === "upload" ? { bearer: owner.user.token } : callerAt(route);
  const outcome = await callRoute(app, route, owner, who, undefined, {
    [part]: { [part === "query" ? "no_such_field" : "noSuchField"]: "x" },
  });
  const issues =
    outcome.status === 422 ? (JSON.parse(outcome.body) as { detail: { loc: unknown[]; type: string; msg: string }[] }).detail : [];
  return (
    !issues.some(
      ({ loc, type, msg }) => type === "unknown_field" && /no_?such_?field/i.test(String(loc.at(-1))) && msg.startsWith("Unknown"),
    ) && `${summary(outcome)} to an unknown field of its ${part}`
  );
};
test("an unknown field of a query is refused by name, except where third parties write the query", async () => {
  const http = routes.filter(({ spec }) => spec.kind !== "socket");
  expect(
    await problemsOf(
      http.filter(({ spec }) => spec.takesUnknown?.query === undefined),
      callWith("query"),
    ),
  ).toEqual([]);
  expect(http.filter(({ spec }) => spec.takesUnknown?.query !== undefined).map(({ name }) => name)).toEqual([
    "auth.googleCallback",
    "auth.githubCallback",
    "auth.oidcCallback",
    "podAccess.verify",
    "podAccess.verifyByGet",
    "billing.webhook",
    "gitProviders.callback",
    "deploymentOauth.callback",
    "mcp.callback",
  ]);
});
test("an unknown field of a body is refused by name, except where third parties write the body", async () => {
  const writes = routes.filter(({ spec }) => spec.kind !== "socket" && spec.method !== "GET");
  // JSON-RPC messages: the protocol allows additional fields.
  const isOpen = ({ name, spec }: Listed) => spec.takesUnknown?.body !== undefined || name === "mcpEndpoint.call";
  expect(
    await problemsOf(
      writes.filter((route) => !isOpen(route)),
      callWith("body"),
    ),
  ).toEqual([]);
  expect(writes.filter(isOpen).map(({ name }) => name)).toEqual(["podAccess.verify", "billing.webhook", "mcpEndpoint.call"]);
});
test("a method that a path does not have is 405 with the allowed ones", async () => {
  const paths = [...new Set(routes.filter(({ spec }) => spec.kind !== "socket").map(({ spec }) => spec.path))].filter(
    (p) => !p.includes("{"),
  );
  const wrong: string[] = [];
  await inParallel(paths, async (path) => {
    const known = new Set(routes.filter(({ spec }) => spec.path === path).map(({ spec }) => spec.method as string));
    const response = await fetch(app.url + path, { method: "PATCH", headers: { authorization: `Bearer ${admin.token}` } });
    const allow = (response.headers.get("allow") ?? "").split(", ");
    // Another route may have a parameter where this one has a word: `PATCH /api/things/{id}` for `/api/things/search`.
    if (known.has("PATCH") || response.status === 422) return;
    if (response.status !== 405 || ![...known].every((method) => allow.includes(method)))
      wrong.push(`${path}: ${response.status} ${allow.join(" ")}`);
    await response.body?.cancel();
  });
  expect(paths.length).toBeGreaterThan(100);
  expect(wrong).toEqual([]);
});
