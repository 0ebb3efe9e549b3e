import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { keysOf, type ApiKeyScope } from "@tesslate/contract";
import { startModelServer, type ModelServer } from "@tesslate/testkit";
import type { TestUser } from "../testing/app.ts";
import { modelEnv } from "../testing/chat.ts";
import { callRoute, mixed, nowhere, type Credentials, type Ids, type CallOutcome } from "../testing/matrix/calls.ts";
import { faultOf, fuzzCase, randomOf, socketFault } from "../testing/matrix/fuzz.ts";
import { createReport } from "../testing/matrix/report.ts";
import { idFieldsOf, idParametersOf, isFixed, type Listed } from "../testing/matrix/routes.ts";
import { inParallel, isClosed, isOwned, isPublic, notRefused, routes, summary, takesKeys } from "../testing/matrix/rules.ts";
import { makeWorld, matrixScript, type MatrixWorld } from "../testing/matrix/world.ts";
import { ended, projectsApp, type ProjectsApp } from "../testing/projects.ts";

/*
 * Every route of the contract × every kind of caller, with real objects of an owner. New routes of the contract are included; `routes.test.ts`
 * reports fixtures that the matrix lacks.
 */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });
const callers = ["anonymous", "forged", "expired", "suspended", "other user", "administrator", "key", "cookie", "owner"] as const;
type Caller = (typeof callers)[number];

/** Expected responses that differ from the rule, with the reason. */
const exceptions: Partial<Record<Caller, Record<string, { answer: number | string; because: string }>>> = {
  owner: {
    "account.remove": { answer: "current_password_required", because: "an account is not deleted without its password" },
    "files.search": { answer: "not_supported", because: "plain processes cannot be prevented from writing" },
    "gitProviders.repos": { answer: "not_supported", because: "the owner has a token for a plain host" },
    "gitProviders.branches": { answer: "not_supported", because: "the owner has a token for a plain host" },
    "library.removeProjectAgent": { answer: 404, because: "removing it from the library removed it from the project" },
    "marketplaceAgents.review": { answer: "own_item", because: "users cannot review their own items" },
    "marketplaceAgents.publishVersion": { answer: "agent_not_published", because: "the agent is a draft" },
    "marketplaceAgents.removeReview": { answer: 404, because: "users have no review of their own agent" },
    "marketplaceBases.review": { answer: "own_item", because: "users cannot review their own items" },
    "marketplaceBases.removeReview": { answer: 404, because: "users have no review of their own base" },
    "mcpEndpoint.stream": { answer: 405, because: "the server sends no messages of its own" },
    "mcpEndpoint.end": { answer: 405, because: "there are no sessions to end" },
    "chat.answer": { answer: 404, because: "the owner's chat waits for an approval, not an answer" },
    "chat.stopCommand": { answer: 404, because: "the owner's run has no running command" },
    "recordedRuns.get": { answer: 404, because: "the agent has no recorded run" },
    "recordedRuns.set": { answer: "validation_error", because: "the run was not made with this agent" },
    "kanban.runCard": { answer: 404, because: "its card was deleted" },
    "referrals.apply": { answer: 404, because: "the code does not exist" },
    "snapshots.restoreFiles": { answer: "files_not_missing", because: "the project has its files" },
    "snapshots.remove": { answer: "project_busy", because: "it is being restored" },
    "secondFactor.removeTotp": { answer: 404, because: "no app is set up" },
    "projects.templatePicture": { answer: 404, because: "the template of the tests has no pictures" },
    "elementEdits.undo": { answer: 404, because: "nothing was edited in the preview" },
    "tasks.cancel": { answer: "task_finished", because: "the run has ended" },
    "billing.documents": { answer: "payments_not_configured", because: "this server has no payments" },
    "branches.discard": { answer: 404, because: "it was merged" },
    "elementEdits.create": { answer: "element_not_found", because: "the preview has no such element" },
    ...Object.fromEntries(
      [
        "tables",
        "schema",
        "structure",
        "exportTable",
        "rows",
        "cell",
        "count",
        "change",
        "query",
        "execute",
        "explain",
        "exportQuery",
        "removeHistory",
        "keys",
        "info",
        "value",
        "changeKey",
        "command",
        "executeCommand",
      ].map((name) => [`databases.${name}`, { answer: 404, because: "the project has no database" }]),
    ),
  },
};
let app: ProjectsApp;
let model: ModelServer;
let owner: MatrixWorld;
let other: MatrixWorld;
let admin: TestUser;
let adminKey: string;
let suspended: TestUser;
const secrets: Record<"suspendedKey" | "expired" | "csrf" | "foreignCsrf", string> = {
  suspendedKey: "",
  expired: "",
  csrf: "",
  foreignCsrf: "",
};
beforeAll(async () => {
  model = await startModelServer({ apiKey: "sk-planted-secret-key-0123456789", script: matrixScript() });
  app = await projectsApp({
    env: {
      ...modelEnv(model),
      RECORD_CASSETTES: "true",
      OUTBOUND_ALLOW_HOSTS: "127.0.0.1",
      VERCEL_CLIENT_ID: "cl_matrix",
      VERCEL_CLIENT_SECRET: "of the matrix",
    },
  });
  const [ada, bob, root, mallory, late] = await Promise.all([
    app.signUp({ name: "Ada" }),
    app.signUp(),
    app.signUp({ admin: true }),
    app.signUp(),
    app.signUp(),
  ]);
  [owner, other] = await Promise.all([makeWorld(app, ada), makeWorld(app, bob)]);
  admin = root;
  suspended = mallory;
  const keyOf = async (user: TestUser) =>
    (await app.as(user).auth.createApiKey({ body: { name: "all", scopes: ["read", "write", "run"], edit_mode: "allow" } })).key;
  const key = await keyOf(suspended);
  adminKey = await keyOf(admin);
  const csrfOf = async (user: TestUser) =>
    ((await (await app.request("/api/auth/csrf", { headers: { cookie: `tesslate_auth=${user.token}` } })).json()) as { csrf_token: string })
      .csrf_token;
  Object.assign(secrets, { suspendedKey: key, expired: late.token, csrf: await csrfOf(ada), foreignCsrf: await csrfOf(bob) });
  const { pool } = app.studio.database;
  await pool.query("update users set is_suspended = true, is_active = false, suspended_at = now() where id = $1", [suspended.id]);
  await pool.query("update sessions set expires_at = now() - interval '1 second' where user_id = $1", [late.id]);
  for (const { id } of [suspended, late]) await app.studio.sessions.forgetUser(id);
}, 180_000);
afterAll(async () => {
  const text = report.text(routes.length);
  const dir = join(import.meta.dirname, "../../../../test-results");
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "auth-matrix.txt"), `${text}\n`);
  process.stdout.write(`\n${text}\n`);
  await app?.close();
  await model?.close();
});

const report = createReport<Caller>(callers);
const note = ({ name, spec }: Listed, caller: Caller, surprise: string | false | undefined) =>
  report.note({ route: name, level: spec.auth, caller, surprise: surprise || undefined });
const surprisesOf = (caller: Caller) => report.surprisesOf(caller);

const closed = routes.filter(isClosed);
const isExcused = (caller: Caller, { name }: Listed, { status, code }: CallOutcome) =>
  [status, code].includes(exceptions[caller]?.[name]?.answer);
const call = (route: Listed, ids: Ids, who: Credentials) => callRoute(app, route, ids, who);

describe("unauthenticated callers", () => {
  const cases = {
    anonymous: () => [{}],
    forged: () => [{ bearer: "eyJhbGciOiJub25lIn0.e30." }, { cookie: "tesslate_auth=eyJhbGciOiJub25lIn0.e30." }, { bearer: "tsk_forged" }],
    expired: () => [{ bearer: secrets.expired }, { cookie: `tesslate_auth=${secrets.expired}` }],
    suspended: () => [{ bearer: suspended.token }, { cookie: `tesslate_auth=${suspended.token}` }, { bearer: secrets.suspendedKey }],
  } satisfies Partial<Record<Caller, () => Credentials[]>>;
  test.each(Object.keys(cases) as (keyof typeof cases)[])(
    "%s: the same 401 on every route that needs a user, treated as anonymous elsewhere",
    async (caller) => {
      await inParallel(routes, async (route) => {
        const { spec } = route;
        for (const who of cases[caller]()) {
          if (isClosed(route))
            note(
              route,
              caller,
              notRefused(
                route,
                await call(route, owner, spec.kind === "socket" && !("bearer" in who) ? { ...who, headers: { origin: app.url } } : who),
              ),
            );
          else {
            const [asThem, asAnonymous] = [await call(route, nowhere(owner), who), await call(route, nowhere(owner), {})];
            note(
              route,
              caller,
              (asThem.status >= 500 && asThem.code === "internal_error") || asThem.code === "unauthorized"
                ? summary(asThem)
                : asThem.status !== asAnonymous.status && `${summary(asThem)}, but an anonymous caller gets ${summary(asAnonymous)}`,
            );
          }
        }
      });
      expect(surprisesOf(caller)).toEqual([]);
    },
  );
});

/** The body of a refusal, byte for byte; of other responses without ids and times. */
const comparableBody = ({ status, body }: CallOutcome) =>
  status >= 300 ? body : body.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\dT[\d:.]+Z/g, "*");
/** Checks that the owner's ids, alone or below an own object, get the same response as ids that do not exist. */
async function compare(
  caller: "other user" | "administrator",
  route: Listed,
  mine: MatrixWorld | undefined,
  who: Credentials,
): Promise<void> {
  const { spec } = route;
  const parameters = idParametersOf(spec).filter((parameter) => !isFixed(parameter) && !isPublic(parameter));
  const fields = idFieldsOf(spec);
  const check = async (what: string, theirs: Ids, none: Ids, isAddress: boolean) => {
    const [found, missing] = [await call(route, theirs, who), await call(route, none, who)];
    const isNotFound = spec.kind === "socket" ? found.status === 4404 : found.status === 404;
    const isSame = found.status === missing.status && comparableBody(found) === comparableBody(missing);
    const problem = !isSame
      ? `with ${what} ${summary(found)}, with no such id ${summary(missing)}`
      : isAddress && !isNotFound && !isExcused(caller, route, found) && `with ${what} ${summary(found)} instead of 404`;
    note(route, caller, problem);
  };
  const none = nowhere(owner);
  if (parameters.length > 0 || fields.some((f) => f.isRequired)) await check("the owner's", owner, none, true);
  if (parameters[0] !== undefined && parameters[0].endsWith("/projects/{id}"))
    await check(
      "the owner's by slug",
      { ...owner, at: { ...owner.at, [parameters[0]]: owner.slug } },
      { ...none, at: { ...none.at, [parameters[0]]: "no-such-slug" } },
      true,
    );
  if (!mine) return;
  for (let i = 1; i < parameters.length; i++)
    await check(
      `the owner's below an own object (${parameters[i]})`,
      { ...mine, at: mixed(spec, mine.at, owner.at, i) },
      { ...mine, at: mixed(spec, mine.at, none.at, i) },
      true,
    );
  if (spec.kind !== "socket")
    for (const { field } of fields.filter((f) => (!f.isRequired || parameters.length > 0) && f.field !== "agent_id"))
      await check(
        `the owner's ${field}`,
        { ...mine, fields: { [field]: owner.named[field] ?? "" }, named: mine.named },
        { ...mine, fields: { [field]: none.named[field] ?? "" } },
        false,
      );
}
/** Administrators see every agent. */
const isAgents = ({ spec }: Listed) => spec.path.startsWith("/api/marketplace/agents/{");
test("another user gets the same 404 as for a nonexistent object, also below an own object", async () => {
  await inParallel(closed, async (route) => {
    const who = { bearer: takesKeys(route) ? other.key : other.user.token };
    if (route.spec.auth === "superuser") {
      const outcome = await call(route, owner, who);
      note(route, "other user", (outcome.status !== 403 || outcome.code !== "forbidden") && `${summary(outcome)} instead of 403`);
    } else if (isOwned(route)) await compare("other user", route, other, who);
  });
  expect(surprisesOf("other user")).toEqual([]);
});
test("an administrator has no special access to other users' objects, and has access to their own", async () => {
  await inParallel(closed, async (route) => {
    const who = { bearer: takesKeys(route) ? adminKey : admin.token };
    if (route.spec.auth === "superuser") {
      const outcome = await call(route, owner, who);
      note(
        route,
        "administrator",
        (outcome.status === 401 || outcome.status === 403 || outcome.code === "internal_error") && summary(outcome),
      );
    } else if (isOwned(route) && !isAgents(route)) await compare("administrator", route, undefined, who);
  });
  expect(surprisesOf("administrator")).toEqual([]);
});

test("an API key can call the routes of its scopes, and never a route for people only", async () => {
  const keys: Partial<Record<ApiKeyScope, string>> = {};
  for (const scope of ["read", "write", "run"] as const)
    keys[scope] = (await app.as(owner.user).auth.createApiKey({ body: { name: scope, scopes: [scope], edit_mode: "plan" } })).key;
  await inParallel(closed, async (route) => {
    const { spec } = route;
    const expectCode = async (bearer: string | undefined, code: string) => {
      const outcome = await call(route, nowhere(owner), { bearer: bearer ?? "" });
      const isRefused =
        spec.kind === "socket" ? outcome.status === 4401 && outcome.code === code : outcome.status === 403 && outcome.code === code;
      note(route, "key", !isRefused && `${summary(outcome)} instead of ${code}`);
    };
    if (spec.auth === "superuser") return expectCode(adminKey, "session_required");
    if (spec.keys === false) return expectCode(keys.write, "session_required");
    if (spec.keys === "any") return;
    const needed = spec.kind === "socket" ? (spec.keys ?? "read") : keysOf(spec);
    for (const scope of ["read", "write", "run"] as const)
      if (scope !== needed && !(scope === "write" && needed === "read")) await expectCode(keys[scope], "scope_missing");
  });
  expect(surprisesOf("key")).toEqual([]);
});

test("a write with a cookie needs the CSRF token of the same session", async () => {
  const cookie = (csrf?: string) => `tesslate_auth=${owner.user.token}${csrf === undefined ? "" : `; tesslate_csrf_token=${csrf}`}`;
  const writing = closed.filter(({ spec }) => spec.method !== "GET" && spec.kind !== "socket");
  await inParallel(writing, async (route) => {
    const expectCode = async (who: Credentials, code: string) => {
      const outcome = await call(route, owner, who);
      note(route, "cookie", (outcome.status !== 403 || outcome.code !== code) && `${summary(outcome)} instead of ${code}`);
    };
    if (route.spec.csrf === false) return expectCode({ cookie: cookie(), headers: { origin: "https://evil.example" } }, "foreign_origin");
    await expectCode({ cookie: cookie(secrets.csrf) }, "csrf_missing");
    await expectCode({ cookie: cookie(), headers: { "x-csrf-token": secrets.csrf } }, "csrf_missing");
    await expectCode({ cookie: cookie(secrets.csrf), headers: { "x-csrf-token": secrets.foreignCsrf } }, "csrf_mismatch");
    await expectCode({ cookie: cookie(secrets.foreignCsrf), headers: { "x-csrf-token": secrets.foreignCsrf } }, "csrf_invalid");
  });
  // Routes without credentials set cookies, so they are refused from other sites.
  await inParallel(
    routes.filter(({ spec }) => spec.auth === "none" && spec.method !== "GET" && !spec.isForProxies),
    async (route) => {
      const foreign: Record<string, string>[] = [
        { origin: "https://evil.example" },
        { origin: "null" },
        { "sec-fetch-site": "cross-site" },
      ];
      for (const headers of foreign) {
        const outcome = await call(route, owner, { headers });
        note(route, "cookie", outcome.code !== "foreign_origin" && `${summary(outcome)} instead of foreign_origin`);
      }
    },
  );
  await inParallel(
    routes.filter(({ spec }) => spec.kind === "socket"),
    async (route) => {
      for (const origin of ["https://evil.example", "null", `http://app.preview.localhost:${app.port}`]) {
        const outcome = await call(route, owner, { cookie: cookie(), headers: { origin } });
        note(route, "cookie", outcome.status !== 4401 && `${summary(outcome)} instead of 4401 from ${origin}`);
      }
    },
  );
  expect(surprisesOf("cookie")).toEqual([]);
});

/** `./studio fuzz` runs it longer and with other seeds. */
test(
  "hostile input never causes an unexpected 5xx",
  async () => {
    const { FUZZ_SEED, FUZZ_SECONDS } = process.env;
    const seed = FUZZ_SEED === undefined ? 7 : Number(FUZZ_SEED);
    const until = FUZZ_SECONDS === undefined ? undefined : Date.now() + Number(FUZZ_SECONDS) * 1000;
    const faults = new Set<string>();
    let count = 0;
    for (let round = 0; until === undefined ? round < 4 : Date.now() < until; round++)
      await inParallel(
        routes.filter(({ name, spec }) => spec.kind !== "socket" && name !== "auth.logout"),
        async (route) => {
          const random = randomOf(seed + round * 1_000 + routes.indexOf(route));
          const one = fuzzCase(random, route, other);
          const bearer =
            route.spec.auth === "superuser"
              ? admin.token
              : takesKeys(route)
                ? other.key
                : route.spec.auth === "none"
                  ? undefined
                  : other.user.token;
          const fault = await faultOf(app.url, one, bearer);
          count += 1;
          if (fault !== undefined) faults.add(fault);
        },
      );
    for (const route of routes.filter(({ spec }) => spec.kind === "socket")) {
      const path = route.spec.path.replace(/\{[^}]+\}/, other.at[idParametersOf(route.spec)[0] ?? ""] ?? "");
      const fault = await socketFault(app.url, route, path, other.user.token);
      if (fault !== undefined) faults.add(fault);
    }
    process.stdout.write(`\n${count} hostile calls, seed ${seed}, ${faults.size} faults\n`);
    expect([...faults]).toEqual([]);
    expect([Object.keys(Object.prototype), ({} as { polluted?: unknown }).polluted]).toEqual([[], undefined]);
    expect((await app.request("/health")).status).toBe(200);
  },
  Number(process.env["FUZZ_SECONDS"] ?? 0) * 1000 + 240_000,
);

test("the owner can call every route; the attempts of others changed nothing", async () => {
  // Reads first, then the queue before its run ends; objects are deleted before what contains them.
  const order = [
    /^GET|^WS/,
    /\/queue/,
    /^(PATCH|PUT)|chat_id\}\/restore|comments$/,
    /^DELETE .*(attachments\/|shell\/sessions|conn_id|asset_id|kanban.*tasks)/,
    /^POST(?!.*\/clear$)/,
    // Clearing a chat deletes its plan too, once its run has ended.
    /^DELETE .*\/plan$/,
    /^POST/,
    /^DELETE .*domain_id/,
    /^DELETE \/api\/(?!auth)/,
    /^DELETE/,
  ];
  const rank = ({ name, spec }: Listed) =>
    name === "auth.logout"
      ? Infinity
      : order.findIndex((pattern) => pattern.test(`${spec.method} ${spec.path}`)) * 1000 +
        (spec.method === "DELETE" ? 500 - spec.path.length : 0);
  const isLateDelete = (route: Listed) => rank(route) >= order.findIndex((pattern) => pattern.source.includes("domain_id")) * 1000;
  let isWaiting = true;
  for (const route of closed.toSorted((a, b) => rank(a) - rank(b))) {
    const { spec } = route;
    if (spec.auth === "superuser") continue;
    if (isWaiting && isLateDelete(route)) {
      // A restore that a POST started refuses changes of files and git.
      for (const { id } of (await app.as(owner.user).tasks.list({ query: { limit: 100 } })).items) await ended(app, owner.user, id);
      isWaiting = false;
    }
    const outcome = await call(route, owner, { bearer: takesKeys(route) ? owner.key : owner.user.token });
    const isIn =
      spec.kind === "socket"
        ? outcome.status === 101
        : spec.method === "GET" || spec.method === "DELETE"
          ? outcome.status < 300
          : ![401, 403, 404, 405, 500].includes(outcome.status);
    note(route, "owner", !isIn && !isExcused("owner", route, outcome) && summary(outcome));
  }
  expect(surprisesOf("owner")).toEqual([]);
});
