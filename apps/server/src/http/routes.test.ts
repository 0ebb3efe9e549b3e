import { afterAll, beforeAll, expect, test } from "vitest";
import { Type, type RouteSpec } from "@tesslate/contract";
import { startModelServer, type ModelServer } from "@tesslate/testkit";
import type { TestUser } from "../testing/app.ts";
import { modelEnv, plantedKey } from "../testing/chat.ts";
import { callRoute, nowhere, type Credentials, type Ids, type CallOutcome } from "../testing/matrix/calls.ts";
import { gapsOf, listRoutes, type Listed } from "../testing/matrix/routes.ts";
import { inPieces, isClosed, namesOwned, notRefused, routes, said, takesKeys } from "../testing/matrix/rules.ts";
import { bodies, makeWorld, matrixScript, type MatrixWorld } from "../testing/matrix/world.ts";
import { projectsApp, type ProjectsApp } from "../testing/projects.ts";
import { createValidatorCompiler } from "./schemas.ts";

/*
 * Every route of the contract, asked by nobody, with a credential that is none, by a stranger about somebody's real objects, and with a body that
 * cannot be. A new route is in it by being in the contract. All callers against all routes: `matrix.hard.test.ts`.
 */
let app: ProjectsApp;
let model: ModelServer;
let owner: MatrixWorld;
let stranger: TestUser;
let strangersKey: string;
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
  [stranger, admin, expired] = [bob, root, late.token];
  owner = await makeWorld(app, ada);
  strangersKey = (await app.as(bob).auth.createApiKey({ body: { name: "all", scopes: ["read", "write", "run"], edit_mode: "allow" } })).key;
  await app.studio.database.pool.query("update sessions set expires_at = now() - interval '1 second' where user_id = $1", [late.id]);
  await app.studio.sessions.forgetUser(late.id);
}, 120_000);
afterAll(async () => {
  await app?.close();
  await model?.close();
});

const call = (route: Listed, ids: Ids, who: Credentials): Promise<CallOutcome> => callRoute(app, route, ids, who);
const strangerAt = (route: Listed): Credentials => ({ bearer: takesKeys(route) ? strangersKey : stranger.token });
const callerAt = (route: Listed): Credentials =>
  route.spec.auth === "superuser" ? { bearer: admin.token } : route.spec.auth === "user" ? strangerAt(route) : {};
/** Asks of each route what is wrong with its answer, and tells of those that were asked and of what was wrong. */
async function ask(all: readonly Listed[], look: (route: Listed) => Promise<string | false | undefined>): Promise<string[]> {
  const wrong: string[] = [];
  const asked = new Set<Listed>();
  await inPieces(all, async (route) => {
    const problem = await look(route);
    asked.add(route);
    if (problem) wrong.push(`${route.name}: ${problem}`);
  });
  expect(asked.size).toBe(all.length);
  return wrong;
}

test("every route has a level, every place an owner's object, every body a sample", () => {
  expect(gapsOf(routes, { places: Object.keys(owner.at), fields: Object.keys(owner.named), bodies })).toEqual([]);
});
test("a route that nothing is known of breaks the build and says what to do", () => {
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
  expect(gapsOf(listRoutes(made), { places: Object.keys(owner.at), fields: Object.keys(owner.named), bodies })).toEqual([
    "gadgets.get (GET /api/gadgets/{id}): nothing of the owner's stands at /api/gadgets/{id}. Make one in apps/server/src/testing/matrix/world.ts (at).",
    "gadgets.link (POST /api/gadgets): its body names a widget_id and the owner has none. Make one in apps/server/src/testing/matrix/world.ts (named).",
    "gadgets.code (POST /api/gadgets/code): no valid body could be made up. Give one in apps/server/src/testing/matrix/world.ts (bodies).",
    "gadgets.open (GET /api/gadgets) does not say who may call it. Give its route value auth: none, optional, user, superuser.",
  ]);
});

test("what lies below /api/admin is the administrators' alone", () => {
  const open = routes.filter(({ spec }) => spec.path.startsWith("/api/admin/") && spec.auth !== "superuser").map(({ name }) => name);
  expect(open).toEqual([]);
});

test("unauthenticated calls are 401 on routes that need a user, and served elsewhere", async () => {
  expect(
    await ask(routes, async (route) => {
      if (isClosed(route)) return notRefused(route, await call(route, owner, {}));
      const outcome = await call(route, nowhere(owner), {});
      return (outcome.code === "internal_error" || outcome.code === "unauthorized") && said(outcome);
    }),
  ).toEqual([]);
});

test("a forged or expired credential is unauthenticated, at every level", async () => {
  for (const level of ["none", "optional", "user", "superuser"] as const) {
    const route = routes.find(({ spec }) => spec.auth === level && spec.kind === undefined && spec.method === "GET");
    if (!route) throw new Error(`no route of the level ${level}`);
    const nobody = await call(route, nowhere(owner), {});
    for (const who of [
      { bearer: "eyJhbGciOiJub25lIn0.e30." },
      { bearer: "tsk_forged" },
      { bearer: expired },
      { cookie: `tesslate_auth=${expired}` },
    ])
      if (isClosed(route)) expect([level, who, notRefused(route, await call(route, owner, who))]).toEqual([level, who, false]);
      else expect([level, who, (await call(route, nowhere(owner), who)).status]).toEqual([level, who, nobody.status]);
  }
});

const users = routes.filter(({ spec }) => spec.auth === "user");
test("objects of another user are 404", async () => {
  expect(
    await ask(users.filter(namesOwned), async (route) => {
      const outcome = await call(route, owner, strangerAt(route));
      return outcome.status !== (route.spec.kind === "socket" ? 4404 : 404) && `${said(outcome)} instead of 404`;
    }),
  ).toEqual([]);
});
test("a stranger is 403 about what is the administrators'", async () => {
  expect(
    await ask(
      routes.filter(({ spec }) => spec.auth === "superuser"),
      async (route) => {
        const outcome = await call(route, owner, strangerAt(route));
        return (outcome.status !== 403 || outcome.code !== "forbidden") && `${said(outcome)} instead of 403`;
      },
    ),
  ).toEqual([]);
});
test("lists never contain objects of another user", async () => {
  const marks = [owner.at["/api/projects/{id}"] ?? "missing!", owner.user.email];
  expect(
    await ask(
      users.filter((route) => !namesOwned(route) && route.spec.method === "GET" && route.spec.kind !== "socket"),
      async (route) => {
        const outcome = await call(route, nowhere(owner), strangerAt(route));
        if (outcome.code === "internal_error" || outcome.code === "unauthorized") return said(outcome);
        const found = marks.filter((mark) => outcome.body.includes(mark));
        return found.length > 0 && `tells of ${found.join(", ")}`;
      },
    ),
  ).toEqual([]);
});

test("a body that cannot be is 422, wherever there is one", async () => {
  const compile = createValidatorCompiler();
  // Messages of a protocol of its own, which has its own refusal.
  const withBody = routes.filter(({ name, spec }) => spec.body !== undefined && name !== "mcpEndpoint.call");
  expect(withBody.length).toBeGreaterThan(100);
  expect(
    await ask(withBody, async (route) => {
      const { spec } = route;
      const isValid = compile({ schema: spec.body, method: spec.method, url: "", httpPart: "body" });
      const bad = [[], 7, { "": 0 }].find((body) => isValid(structuredClone(body)) !== true);
      if (bad === undefined) return "no body could be made up that its schema refuses";
      const outcome = await callRoute(app, route, nowhere(owner), callerAt(route), bad);
      return outcome.status !== 422 && `${said(outcome)} instead of 422 to ${JSON.stringify(bad)}`;
    }),
  ).toEqual([]);
});

/** Asks with one field more than the route knows. */
const askWith = (part: "query" | "body") => async (route: Listed) => {
  // A form is read by its handler, which looks first whose project it is about.
  const who = route.spec.kind === "upload" ? { bearer: owner.user.token } : callerAt(route);
  const outcome = await callRoute(app, route, owner, who, undefined, {
    [part]: { [part === "query" ? "unheard_of" : "unheardOf"]: "x" },
  });
  const issues =
    outcome.status === 422 ? (JSON.parse(outcome.body) as { detail: { loc: unknown[]; type: string; msg: string }[] }).detail : [];
  return (
    !issues.some(
      ({ loc, type, msg }) => type === "unknown_field" && /unheard_?of/i.test(String(loc.at(-1))) && msg.startsWith("Unknown"),
    ) && `${said(outcome)} to an unknown field of its ${part}`
  );
};
test("an unknown field of a query is refused by name, everywhere but where others write the query", async () => {
  const http = routes.filter(({ spec }) => spec.kind !== "socket");
  expect(
    await ask(
      http.filter(({ spec }) => spec.takesUnknown?.query === undefined),
      askWith("query"),
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
test("an unknown field of a body is refused by name, everywhere but where others write the body", async () => {
  const writes = routes.filter(({ spec }) => spec.kind !== "socket" && spec.method !== "GET");
  // JSON-RPC messages: the protocol allows more than it names.
  const isOpen = ({ name, spec }: Listed) => spec.takesUnknown?.body !== undefined || name === "mcpEndpoint.call";
  expect(
    await ask(
      writes.filter((route) => !isOpen(route)),
      askWith("body"),
    ),
  ).toEqual([]);
  expect(writes.filter(isOpen).map(({ name }) => name)).toEqual(["podAccess.verify", "billing.webhook", "mcpEndpoint.call"]);
});
test("a method that a path does not know is 405 with those that it knows", async () => {
  const paths = [...new Set(routes.filter(({ spec }) => spec.kind !== "socket").map(({ spec }) => spec.path))].filter(
    (p) => !p.includes("{"),
  );
  const wrong: string[] = [];
  await inPieces(paths, async (path) => {
    const known = new Set(routes.filter(({ spec }) => spec.path === path).map(({ spec }) => spec.method as string));
    const response = await fetch(app.url + path, { method: "PATCH", headers: { authorization: `Bearer ${admin.token}` } });
    const allow = (response.headers.get("allow") ?? "").split(", ");
    // Another route may have a place where this one has a word: `PATCH /api/things/{id}` for `/api/things/search`.
    if (known.has("PATCH") || response.status === 422) return;
    if (response.status !== 405 || ![...known].every((method) => allow.includes(method)))
      wrong.push(`${path}: ${response.status} ${allow.join(" ")}`);
    await response.body?.cancel();
  });
  expect(paths.length).toBeGreaterThan(100);
  expect(wrong).toEqual([]);
});
