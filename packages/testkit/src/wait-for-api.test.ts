/** The proxy of the templates' Vite servers: requests wait for a restarting API, and reads that a stopping one drops are repeated. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { createLogger, createServer as createVite, type ProxyOptions, type ViteDevServer } from "vite";

const { waitForApi } = (await import(join(import.meta.dirname, "../../../templates/react-vite/files/wait-for-api.ts"))) as {
  waitForApi(options: ProxyOptions & { target: string }): ProxyOptions;
};
const root = mkdtempSync(join(tmpdir(), "wait-for-api-"));
const servers: Server[] = [];
const proxies: ViteDevServer[] = [];
const listen = async (handler: RequestListener, port = 0): Promise<Server> => {
  const server = createServer(handler).listen(port, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return server;
};
const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
const close = (server: Server) => (server.closeAllConnections(), new Promise((resolve) => server.close(resolve)));
/** A Vite server that passes `/api` on; its address. */
const openProxy = async (api: Server, options: Pick<ProxyOptions, "configure"> = {}): Promise<string> => {
  const customLogger = createLogger("silent");
  const vite = await createVite({
    root,
    configFile: false,
    appType: "custom",
    customLogger,
    optimizeDeps: { noDiscovery: true },
    server: {
      host: "127.0.0.1",
      port: 0,
      watch: null,
      ws: false,
      proxy: { "/api": waitForApi({ target: `http://127.0.0.1:${portOf(api)}`, ...options }) },
    },
  });
  proxies.push(await vite.listen());
  return `http://127.0.0.1:${portOf(vite.httpServer as unknown as Server)}/api`;
};
const echo: RequestListener = (request, response) => void request.pipe(response);
const ask = async (url: string, init: RequestInit = {}) => {
  const response = await fetch(url, init);
  return { status: response.status, text: await response.text() };
};
const post = (url: string, body: string) => ask(url, { method: "POST", body });

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(proxies.splice(0).map((vite) => vite.close()));
  await Promise.all(servers.splice(0).map(close));
});
afterAll(() => rmSync(root, { recursive: true }));

test("requests go through at once while it runs, and wait with their bodies while it restarts", async () => {
  const api = await listen(echo);
  const port = portOf(api);
  const url = await openProxy(api);
  expect(await post(url, "first")).toEqual({ status: 200, text: "first" });

  await close(api);
  let answered = 0;
  const answers = ["a", "b", "c"].map((body) => post(url, body).finally(() => answered++));
  await sleep(300);
  expect(answered).toBe(0);
  await listen(echo, port);
  expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(["a", "b", "c"]);
});

test("after ten seconds without it, requests get the error of the proxy at once, until it is back", async () => {
  const api = await listen(echo);
  const port = portOf(api);
  const url = await openProxy(api);
  await close(api);
  vi.useFakeTimers({ toFake: ["Date"] });
  const waiting = post(url, "lost");
  await sleep(100);
  vi.setSystemTime(Date.now() + 10_000);
  expect(await waiting).toMatchObject({ status: 502 });
  const begun = performance.now();
  expect(await post(url, "lost")).toMatchObject({ status: 502 });
  expect(performance.now() - begun).toBeLessThan(2000);

  await listen(echo, port);
  expect(await post(url, "back")).toEqual({ status: 200, text: "back" });
});

/** Drops the first requests that it has accepted, as a server does that stops; counts all. */
const dropping = (drops: number) => {
  const seen: string[] = [];
  const handler: RequestListener = (request, response) => {
    seen.push(`${request.method} ${request.headers["x-name"] ?? ""}`);
    if (seen.length <= drops) request.socket.destroy();
    else response.end("done");
  };
  return { seen, handler };
};

test.each(["GET", "HEAD"])("a %s that it drops without a response is repeated, with its headers", async (method) => {
  const { seen, handler } = dropping(2);
  const url = await openProxy(await listen(handler));
  const { status, text } = await ask(url, { method, headers: { "x-name": "one" } });
  expect([status, text]).toEqual([200, method === "GET" ? "done" : ""]);
  expect(seen).toEqual(Array(3).fill(`${method} one`));
});

test("a GET that it drops while it stops is responded to by the next server", async () => {
  const api = await listen((request) => {
    api.close();
    request.socket.destroy();
  });
  const port = portOf(api);
  const url = await openProxy(api);
  const answer = ask(url);
  await once(api, "close");
  await listen(echo, port);
  expect(await answer).toMatchObject({ status: 200 });
});

test.each(["POST", "PUT", "DELETE"])("a %s is sent once: it may have changed something", async (method) => {
  const { seen, handler } = dropping(1);
  const url = await openProxy(await listen(handler));
  expect(await ask(url, { method })).toMatchObject({ status: 502 });
  expect(seen).toHaveLength(1);
});

test("a GET that it always drops is repeated three times, and its error is the proxy's", async () => {
  const { seen, handler } = dropping(100);
  const errors: string[] = [];
  const url = await openProxy(await listen(handler), {
    configure: (proxy) => void proxy.on("error", (error) => errors.push(error.message)),
  });
  expect(await ask(url)).toMatchObject({ status: 502 });
  expect(seen).toHaveLength(4);
  expect(errors).toEqual(["socket hang up"]);
});

test("a response that has begun is not repeated, and breaks off for the page as well", async () => {
  let requests = 0;
  const api = await listen((request, response) => {
    requests++;
    response.write("half");
    setImmediate(() => request.socket.destroy());
  });
  const url = await openProxy(api);
  await expect(ask(url)).rejects.toThrow();
  expect(requests).toBe(1);
});
