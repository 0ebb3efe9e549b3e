import { freePort } from "@tesslate/testkit";
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject } from "vitest";
import type { Container, Project, Task } from "@tesslate/contract";
import { createRuntime, type RuntimeDriver } from "@tesslate/runtime";
import { createLogger } from "../platform/logger.ts";
import { sharedView, testApp, type TestApp, type TestAppOptions, type TestUser } from "./app.ts";
import { temporaryFolder } from "./temporary.ts";
import { tinyTemplates } from "./tiny-template.ts";
import { oncePerWorker } from "./worker.ts";

/** The process driver: behaves like the others above the driver interface, and works on every Linux. */
export const openProcesses = (dataDir: string): Promise<RuntimeDriver> =>
  createRuntime({ driver: "process", dataDir, machine: inject("machine"), log: createLogger("silent") });

/** Whether idle projects can be frozen here: as root, with control groups. */
export const canFreeze: boolean = await (async () => {
  const runtime = await openProcesses(temporaryFolder("probe"));
  await runtime.close();
  return runtime.can.freeze;
})();

export interface ProjectsApp extends TestApp {
  runtime: RuntimeDriver;
  runtimeDir: string;
}
/** `ownServer` and the rest as for `testApp`; a given runtime folder keeps its services running at the end. */
export type ProjectsAppOptions = Omit<TestAppOptions, "swap"> & {
  idle?: { freezeMs: number; stopMs: number };
  runtimeDir?: string;
  templatesDir?: string;
};
/**
 * An app that can run projects from the tiny template. Without options it is shared by the tests of this worker; at its end only the
 * projects of the users who signed up in it are removed, and it has no browser. With options it is a separate server, which leaves nothing
 * running.
 */
export async function projectsApp(options: ProjectsAppOptions = {}): Promise<ProjectsApp> {
  if (Object.keys(options).length > 0) return ownProjectsApp(options);
  const shared = await oncePerWorker("projects", () => ownProjectsApp({ env: { CHROMIUM_PATH: "/nowhere/chromium" } }));
  const people = new Map<string, TestUser>();
  const leave = () => removeProjects(shared, people);
  return {
    ...shared,
    ...sharedView(shared),
    signUp: async (who) => {
      const user = await shared.signUp(who);
      people.set(user.id, user);
      return user;
    },
    close: leave,
    [Symbol.asyncDispose]: leave,
  };
}

async function ownProjectsApp(options: ProjectsAppOptions): Promise<ProjectsApp> {
  const runtimeDir = options.runtimeDir ?? temporaryFolder("runtime");
  const runtime = await openProcesses(runtimeDir);
  const app = await testApp({
    ...options,
    swap: { runtime, templatesDir: options.templatesDir ?? (await tinyTemplates()) },
    configure: (config) => {
      config.runtime.idleFreezeMs = options.idle?.freezeMs ?? 0;
      config.runtime.idleStopMs = options.idle?.stopMs ?? 0;
      options.configure?.(config);
    },
  });
  const closeApp = app.close;
  const close = async () => {
    await closeApp();
    if (options.runtimeDir === undefined) await emptyRuntime(runtimeDir);
  };
  return Object.assign(app, { runtime, runtimeDir, close, [Symbol.asyncDispose]: close });
}

/** Deletes projects as their owners would; projects that cannot be deleted that way are stopped. */
async function removeProjects(app: ProjectsApp, people: Map<string, TestUser>): Promise<void> {
  const { rows } = await app.studio.database.pool.query<{ id: string; owner_id: string }>(
    "select id, owner_id from projects where owner_id = any($1)",
    [[...people.keys()]],
  );
  await Promise.all(
    rows.map(async ({ id, owner_id }) => {
      const owner = people.get(owner_id);
      const answer = await app.request(`/api/projects/${id}`, { method: "DELETE", ...(owner && { user: owner }) });
      if (owner && answer.status === 202) await ended(app, owner, ((await answer.json()) as { task_id: string }).task_id);
      else await app.runtime.remove(id);
    }),
  );
}
/** Stops and removes everything that a closed app left running. */
export async function emptyRuntime(runtimeDir: string): Promise<void> {
  const runtime = await openProcesses(runtimeDir);
  for (const { id } of await runtime.list()) await runtime.remove(id);
  await runtime.close();
}

/** Follows a task to its end. */
export async function ended(app: Pick<TestApp, "as">, user: Pick<TestUser, "token">, taskId: string | null): Promise<Task> {
  expect(taskId).not.toBeNull();
  for await (const { data } of app.as(user).tasks.events({ params: { task_id: taskId ?? "" } })) if (data.completed_at) return data;
  throw new Error("the task's stream ended before the task");
}

/** The first account of a server in another process, with a running project that has the file `note.txt`. */
export async function startShop(app: Pick<TestApp, "as">, { setupToken }: { setupToken?: string } = {}) {
  const person = { email: "ada@example.com", password: "correct horse battery" };
  await app.as().auth.register({ body: { ...person, name: "Ada", ...(setupToken !== undefined && { setup_token: setupToken }) } });
  const signIn = async () => ({ token: (await app.as().auth.login({ body: person })).access_token ?? "" });
  const ada = await signIn();
  const created = await app.as(ada).projects.create({ body: { name: "Shop" } });
  const params = { id: created.id };
  expect(await ended(app, ada, created.task_id)).toMatchObject({ status: "completed", error: null });
  await app.as(ada).files.put({ params: { ...params, path: "note.txt" }, body: { content: "from the server" } });
  const { task_id } = await app.as(ada).projects.start({ params });
  if (task_id) expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", error: null });
  return { signIn, created, params };
}

/** A project after setup, with its container. A named one gets its own port, so that several can run without network namespaces. */
export async function setUpProject(app: TestApp, user: TestUser, name?: string): Promise<{ project: Project; container: Container }> {
  const created = await app.as(user).projects.create({ body: { name: name ?? "My App" } });
  expect(await ended(app, user, created.task_id)).toMatchObject({ status: "completed", error: null });
  const project = await app.as(user).projects.get({ params: { id: created.id } });
  const { items } = await app.as(user).containers.list({ params: { id: created.id } });
  const [container] = items;
  if (!container) throw new Error("the project has no container");
  if (name === undefined) return { project, container };
  const port = await freePort();
  return {
    project,
    container: await app.as(user).containers.update({ params: { id: project.id, container_id: container.id }, body: { port } }),
  };
}
/** The same, started. */
export async function startedProject(app: TestApp, user: TestUser, name?: string) {
  const made = await setUpProject(app, user, name);
  const { task_id } = await app.as(user).projects.start({ params: { id: made.project.id } });
  expect(await ended(app, user, task_id)).toMatchObject({ status: "completed", error: null });
  return made;
}

export interface PreviewResponse {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}
export interface VisitOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  cookie?: string;
}
export const asPage = { accept: "text/html", "sec-fetch-dest": "iframe" };

/** One browser at one preview host. */
export interface PreviewVisit {
  host: string;
  cookie: string;
  fetch(path: string, options?: VisitOptions): Promise<PreviewResponse>;
  /** A stream's response, unread. */
  open(path: string, options?: VisitOptions): Promise<IncomingMessage>;
  /** The status of an upgrade and, on 101, its socket with the first bytes. */
  upgrade(
    path: string,
    options?: VisitOptions & { protocol?: string },
  ): Promise<{ status: number; headers: IncomingHttpHeaders; socket?: Duplex; first: Buffer }>;
}

/** A visitor without a cookie at the host of a preview. `*.localhost` need not resolve here: the connection goes to the test server. */
export function visitHost(app: Pick<TestApp, "port">, host: string, cookie = ""): PreviewVisit {
  const start = (path: string, { method = "GET", headers = {}, body, cookie: own = visit.cookie }: VisitOptions = {}) => {
    const call = httpRequest({
      host: "127.0.0.1",
      port: app.port,
      path,
      method,
      agent: false,
      headers: {
        host,
        ...(own && { cookie: own }),
        ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }),
        ...headers,
      },
    });
    call.end(body);
    return call;
  };
  const open = (path: string, options?: VisitOptions) =>
    new Promise<IncomingMessage>((resolve, reject) => start(path, options).once("response", resolve).once("error", reject));
  const visit: PreviewVisit = {
    host,
    cookie,
    open,
    fetch: async (path, options) => {
      const response = await open(path, options);
      let text = "";
      for await (const chunk of response.setEncoding("utf8")) text += chunk;
      return { status: response.statusCode ?? 0, headers: response.headers, text };
    },
    upgrade: (path, { protocol, headers, ...options } = {}) =>
      new Promise((resolve, reject) => {
        const call = start(path, {
          ...options,
          headers: {
            connection: "Upgrade",
            upgrade: "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            ...(protocol && { "sec-websocket-protocol": protocol }),
            ...headers,
          },
        });
        call.once("response", (r) => resolve({ status: r.statusCode ?? 0, headers: r.headers, first: Buffer.alloc(0) }));
        call.once("upgrade", async (r, socket: Duplex, head: Buffer) => {
          for (let i = 0; head.length === 0 && i < 100; i++) {
            await sleep(10);
            head = (socket.read() as Buffer | null) ?? head;
          }
          resolve({ status: r.statusCode ?? 0, headers: r.headers, socket, first: head });
        });
        call.once("error", reject);
      }),
  };
  return visit;
}

/** Enters a preview like its owner, with a one-time ticket. */
export async function enterPreview(
  app: Pick<TestApp, "port" | "as">,
  user: Pick<TestUser, "token">,
  projectId: string,
  options: { path?: string } = {},
): Promise<PreviewVisit & { entered: PreviewResponse }> {
  const { url } = await app.as(user).previews.ticket({ params: { id: projectId }, body: options });
  const { host, pathname, search } = new URL(url);
  const visit = visitHost(app, host);
  const entered = await visit.fetch(pathname + search, { headers: asPage });
  visit.cookie = entered.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
  return Object.assign(visit, { entered });
}

/** The number that an app of the tiny template got when it started, as its preview says. */
export async function bootOf(app: Pick<TestApp, "port" | "as">, user: Pick<TestUser, "token">, projectId: string): Promise<number> {
  const visit = await enterPreview(app, user, projectId);
  expect(await visit.fetch("/", { headers: asPage })).toMatchObject({ status: 200, text: expect.stringContaining("hello") });
  return (JSON.parse((await visit.fetch("/headers")).text) as { boot: number }).boot;
}
