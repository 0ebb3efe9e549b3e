/** The Vite plugin of the templates that lets requests wait for a restarting API. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";

type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;
interface Plugin {
  configureServer(server: { middlewares: { use(path: string, handler: Handler): void } }): void;
}
const { waitForApi } = (await import(join(import.meta.dirname, "../../../templates/react-vite/files/wait-for-api.ts"))) as {
  waitForApi(path: string, target: string): Plugin;
};
const started: Server[] = [];
const listen = async (handler: RequestListener, port = 0): Promise<Server> => {
  const server = createServer(handler).listen(port, "127.0.0.1");
  started.push(server);
  await once(server, "listening");
  return server;
};
const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const close = (server: Server) => (server.closeAllConnections(), new Promise((resolve) => server.close(resolve)));
/** A proxy with the plugin in front, and the path that it was registered for. */
const openProxy = async (target: string) => {
  let wait: Handler = () => undefined;
  let path = "";
  waitForApi("/api", target).configureServer({ middlewares: { use: (at, handler) => void ([path, wait] = [at, handler]) } });
  const server = await listen((request, response) =>
    wait(request, response, () => {
      const body = request.method === "POST" ? Readable.toWeb(request) : undefined;
      fetch(`${target}${request.url ?? ""}`, {
        method: request.method ?? "GET",
        ...(body && { body, duplex: "half" }),
      } as RequestInit).then(
        async (answer) => response.writeHead(answer.status).end(await answer.text()),
        () => response.writeHead(500).end("refused"),
      );
    }),
  );
  return { url: urlOf(server), path };
};
const echo: RequestListener = (request, response) => void request.pipe(response);
const post = (url: string, body: string) => fetch(url, { method: "POST", body }).then((answer) => answer.text());

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(started.splice(0).map(close));
});

test("requests go through at once while it runs, and wait with their bodies while it restarts", async () => {
  const api = await listen(echo);
  const { port } = api.address() as AddressInfo;
  const proxy = await openProxy(urlOf(api));
  expect(proxy.path).toBe("/api");
  expect(await post(proxy.url, "first")).toBe("first");

  await close(api);
  let answered = 0;
  const answers = ["a", "b", "c"].map((body) => post(proxy.url, body).finally(() => answered++));
  await sleep(300);
  expect(answered).toBe(0);
  await listen(echo, port);
  expect(await Promise.all(answers)).toEqual(["a", "b", "c"]);
});

test("after ten seconds without it, requests get the error of the proxy at once, until it is back", async () => {
  const api = await listen(echo);
  const { port } = api.address() as AddressInfo;
  const proxy = await openProxy(urlOf(api));
  await close(api);
  vi.useFakeTimers({ toFake: ["Date"] });
  const waiting = post(proxy.url, "lost");
  await sleep(100);
  vi.setSystemTime(Date.now() + 10_000);
  expect(await waiting).toBe("refused");
  const begun = performance.now();
  expect(await post(proxy.url, "lost")).toBe("refused");
  expect(performance.now() - begun).toBeLessThan(2000);

  await listen(echo, port);
  expect(await post(proxy.url, "back")).toBe("back");
});
