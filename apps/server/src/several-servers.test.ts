import { request as httpRequest } from "node:http";
import { createRuntime, type RuntimeDriver } from "@tesslate/runtime";
import { startS3Server } from "@tesslate/testkit";
import type { PresenceFrame } from "@tesslate/contract";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { forwardHeader } from "./platform/servers/index.ts";
import { testApp, type TestApp, type TestUser } from "./testing/app.ts";
import { ended } from "./testing/projects.ts";
import { tinyTemplates } from "./testing/tiny-template.ts";
import { severalServersEnv, sharedBucket } from "./testing/several-servers.ts";

/** Two servers of one installation in this process, on one runtime. */
let runtime: RuntimeDriver;
let servers: [TestApp, TestApp];
let ada: TestUser;
/** The server that owns the project, and the other one. */
let [owner, other]: TestApp[] = [];
let projectId: string;
let objects: Awaited<ReturnType<typeof startS3Server>>;

beforeAll(async () => {
  objects = await startS3Server(sharedBucket);
  runtime = await createRuntime({ driver: "memory", dataDir: "/nowhere" });
  const shared: RuntimeDriver = { ...runtime, close: async () => undefined };
  const templatesDir = await tinyTemplates();
  const start = (database?: string) =>
    testApp({
      env: {
        ...severalServersEnv(objects),
        DRAIN_SECONDS: "0",
      },
      swap: { runtime: shared, templatesDir },
      configure: (config) => {
        config.servers.address = `http://127.0.0.1:${config.http.port}`;
        config.servers.leaseMs = 1_500;
        config.servers.renewMs = 100;
      },
      ...(database !== undefined && { database }),
    });
  const first = await start();
  servers = [first, await start(first.database)];
  ada = await first.signUp();
  const created = await servers[1].as(ada).projects.create({ body: { name: "Shop" } });
  projectId = created.id;
  expect(await ended(servers[1], ada, created.task_id)).toMatchObject({ status: "completed", error: null });
  await findOwner();
}, 60_000);
afterAll(async () => {
  for (const server of servers.toReversed()) await server.close();
  await runtime.close();
  await objects[Symbol.asyncDispose]();
});

async function findOwner(): Promise<void> {
  const { rows } = await servers[0].studio.database.pool.query<{ address: string }>(
    "select s.address from project_owners o join servers s on s.id = o.server_id where o.project_id = $1",
    [projectId],
  );
  const isFirst = rows[0]?.address === `http://127.0.0.1:${servers[0].port}`;
  [owner, other] = isFirst ? servers : servers.toReversed();
}

test("requests that need the project are answered by its owner: read, write, upload, delete", async () => {
  const params = { id: projectId };
  const at = other?.as(ada);
  await at?.files.put({ params: { ...params, path: "a.txt" }, body: { content: "written" } });
  expect(await owner?.as(ada).files.get({ params: { ...params, path: "a.txt" } })).toMatchObject({ content: "written" });
  // A body that is streamed to the owner, in one piece and in chunks.
  const form = new FormData();
  form.append("file", new File([Buffer.alloc(300_000, "x")], "big.txt"));
  const uploaded = await other?.request(`/api/projects/${projectId}/file-upload`, { method: "POST", body: form, user: ada });
  expect([uploaded?.status, await uploaded?.text()]).toEqual([expect.toBeOneOf([200, 201]), expect.stringContaining("big.txt")]);
  expect(await at?.files.get({ params: { ...params, path: "big.txt" } })).toMatchObject({ size: 300_000 });
  await at?.files.remove({ params: { ...params, path: "a.txt" }, query: {} });
  await expect(owner?.as(ada).files.get({ params: { ...params, path: "a.txt" } })).rejects.toMatchObject({ status: 404 });
  // Named by its slug, and in the body.
  const { slug } = (await at?.projects.get({ params })) ?? { slug: "" };
  expect(await at?.files.list({ params: { id: slug }, query: {} })).toMatchObject({ items: expect.any(Array) });
  await at?.git.init({ body: { project_id: projectId } }).catch((error: { code: string }) => expect(error.code).not.toBe("internal_error"));
});

test("the owner authenticates and checks: 401, 404 of a stranger, 422, and forged headers have no effect", async () => {
  const path = `/api/projects/${projectId}/files/a.txt`;
  expect((await other?.request(path))?.status).toBe(401);
  const stranger = await servers[0].signUp();
  expect((await other?.request(path, { user: stranger }))?.status).toBe(404);
  expect((await other?.request(path, { method: "PUT", json: { wrong: 1 }, user: ada }))?.status).toBe(422);
  expect((await other?.request("/api/projects/00000000-0000-4000-8000-000000000000/files", { user: ada }))?.status).toBe(404);
  // As if another server had forwarded it: it is forwarded like any other request.
  const forged = await other?.request(`/api/projects/${projectId}/files`, { user: ada, headers: { [forwardHeader]: "e30.AAAA" } });
  expect(forged?.status).toBe(200);
});

test("an `Expect: 100-continue` of a client is answered by the server that it asks", async () => {
  const body = JSON.stringify({ content: "continued" });
  const status = await new Promise((resolve, reject) => {
    const call = httpRequest({
      host: "127.0.0.1",
      port: other?.port,
      method: "PUT",
      path: `/api/projects/${projectId}/files/b.txt`,
      headers: {
        host: "localhost",
        authorization: `Bearer ${ada.token}`,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        expect: "100-continue",
      },
    });
    call.once("continue", () => call.end(body));
    call.once("response", (response) => resolve(response.resume().statusCode)).once("error", reject);
    call.flushHeaders();
  });
  expect(status).toBeOneOf([200, 201]);
});

/** A window that has the project open, through one of the servers; it closes when the test ends. */
function openWindow(server: TestApp | undefined) {
  const socket = new WebSocket(`ws://127.0.0.1:${server?.port}/api/projects/${projectId}/presence/ws`, {
    headers: { authorization: `Bearer ${ada.token}`, host: "localhost" },
  });
  onTestFinished(() => socket.on("error", () => undefined).terminate());
  let place: string | null | undefined;
  socket.on("message", (data) => (place = (JSON.parse(String(data)) as PresenceFrame).data[0]?.view));
  return {
    place: () => place,
    move: (view: string) => socket.send(JSON.stringify({ type: "move", view, file: null })),
    closed: new Promise<number>((resolve) => socket.once("close", resolve)),
  };
}

test("windows that are connected to different servers are present in one project", async () => {
  const [here, there] = [openWindow(owner), openWindow(other)];
  await vi.waitFor(() => expect([here.place(), there.place()]).toEqual([null, null]));
  there.move("canvas");
  await vi.waitFor(() => expect(here.place()).toBe("canvas"));
  here.move("code");
  await vi.waitFor(() => expect(there.place()).toBe("code"));
});

test("a drained server hands its projects over, and both answer for them meanwhile", async () => {
  const [before, after] = [owner, other];
  const params = { id: projectId, path: "c.txt" };
  const stop = new AbortController();
  const failures: unknown[] = [];
  const work = async (server: TestApp | undefined) => {
    for (let i = 0; !stop.signal.aborted; i++)
      await server
        ?.as(ada)
        .files.put({ params, body: { content: String(i) } })
        .catch((error: unknown) => failures.push(error));
  };
  const working = [work(before), work(after)];
  const window = openWindow(after);
  await vi.waitFor(() => expect(window.place()).toBeNull());
  expect((await before?.request("/ready"))?.status).toBe(200);
  await before?.studio.drain();
  expect((await before?.request("/ready"))?.status).toBe(503);
  await vi.waitFor(async () => {
    await findOwner();
    expect(owner).toBe(after);
  }, 10_000);
  // Its window connects to the new owner.
  expect(await window.closed).toBe(1001);
  const next = openWindow(after);
  await vi.waitFor(() => expect(next.place()).toBeNull());
  await before?.as(ada).files.put({ params, body: { content: "at the drained one" } });
  stop.abort();
  await Promise.all(working);
  expect(failures).toEqual([]);
  expect(await after?.as(ada).files.get({ params })).toMatchObject({ content: expect.any(String) });
});
