import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { Duplex } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectTo } from "./connect.ts";
import { fetchPort, forwardPort, PortAgent, requestPort, type SandboxPort } from "./sandbox-port.ts";

const server = createServer(async (request, response) => {
  if (request.url === "/empty") return response.writeHead(204).end();
  const body = await new Response(request as never).text();
  response.setHeader("x-peer", String(request.socket.remotePort)).end(`${request.method} ${request.url} ${request.headers.host} ${body}`);
});
server.on("upgrade", (_, socket: Duplex) => {
  socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: echo\r\n\r\n");
  socket.pipe(socket);
});
const address = () => ({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
beforeEach(() => once(server.listen(0, "127.0.0.1"), "listening"));
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** A stream without the methods of sockets, as a connection over another one is. */
const plain = async (): Promise<Duplex> => {
  const socket = await connectTo(address());
  const stream: Duplex = new Duplex({
    allowHalfOpen: false,
    read: () => void socket.resume(),
    write: (chunk, _, done) => void socket.write(chunk as Buffer, done),
    final: (done) => void socket.end(() => done()),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket
    .on("data", (chunk: Buffer) => void (stream.push(chunk) || socket.pause()))
    .on("end", () => stream.push(null))
    .on("error", (error) => stream.destroy(error));
  return stream;
};
const ports: [string, () => SandboxPort][] = [
  ["a socket", () => ({ key: "a:80", port: 80, connect: (options) => connectTo(address(), options) })],
  ["a plain stream", () => ({ key: "a:80", port: 80, connect: plain })],
];

test.each(ports)("fetch over %s", async (_, port) => {
  expect(await (await fetchPort(port(), "/a?b", { method: "POST", body: "c" })).text()).toBe("POST /a?b localhost:80 c");
  expect((await fetchPort(port(), "/empty")).status).toBe(204);
  expect((await fetchPort(port(), "/", { method: "HEAD" })).headers.get("x-peer")).not.toBeNull();
});

test.each(ports)("an agent uses %s again, for the same port only", async (_, port) => {
  const agent = new PortAgent({ keepAlive: true });
  const peerOf = async (to: SandboxPort) => {
    const [response] = (await once(requestPort(to, { path: "/" }, agent).end(), "response")) as [IncomingMessage];
    response.resume();
    await once(response, "end");
    // The connection is free after the event.
    await new Promise((resolve) => setImmediate(resolve));
    return response.headers["x-peer"];
  };
  const first = await peerOf(port());
  expect(await peerOf(port())).toBe(first);
  expect(await peerOf({ ...port(), key: "b:80" })).not.toBe(first);
  agent.destroy();
});

test.each(ports)("an upgrade over %s passes both directions", async (_, port) => {
  const request = requestPort(port(), { path: "/", headers: { connection: "Upgrade", upgrade: "echo" } }).end();
  const [, stream] = (await once(request, "upgrade")) as [IncomingMessage, Duplex];
  stream.write("hello");
  expect(String((await once(stream, "data"))[0])).toBe("hello");
  stream.destroy();
});

test("a request fails with the error of connecting", async () => {
  const refused: SandboxPort = { key: "a:1", port: 1, connect: (options) => connectTo({ host: "127.0.0.1", port: 1 }, options) };
  await expect(fetchPort(refused, "/")).rejects.toMatchObject({ name: "RuntimeError", code: "unavailable" });
  await expect(once(requestPort(refused, { path: "/" }, new PortAgent()).end(), "response")).rejects.toMatchObject({ code: "unavailable" });
  await expect(fetchPort(refused, "/", { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
  // A request that was destroyed while it connected fails once.
  for (const agent of [undefined, new PortAgent({ keepAlive: true })]) {
    const request = requestPort(refused, { path: "/" }, agent).end();
    const errors: unknown[] = [];
    request.on("error", (error) => errors.push(error));
    request.destroy();
    await new Promise((resolve) => request.once("close", resolve));
    await refused.connect().catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toHaveLength(1);
  }
});

test.each(ports)("a forwarded port leads to %s until it is closed", async (_, port) => {
  const forwarded = await forwardPort(port());
  expect(await (await fetch(`${forwarded.url}/a`)).text()).toBe(`GET /a 127.0.0.1:${forwarded.port} `);
  const socket = connect(forwarded.port, forwarded.host);
  await once(socket, "connect");
  const closed = once(socket, "close");
  await forwarded.close();
  await closed;
  await expect(fetch(forwarded.url)).rejects.toThrow();
});
