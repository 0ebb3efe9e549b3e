import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { AppError } from "./errors.ts";
import type { Outbound } from "./outbound.ts";

/** A proxy for one process to one host. */
export interface EgressProxy extends AsyncDisposable {
  /** Proxy URL with password. Pass it in the environment of the process, not on its command line. */
  readonly proxyUrl: string;
  /** Why a connection was refused or closed, if one was; the process itself only reports a failure. */
  failure(): AppError | undefined;
}

/**
 * A loopback proxy for a process that makes its own TLS connections, such as git: it accepts authenticated `CONNECT` requests to exactly that
 * host and port and connects to a checked address (`Outbound.connect`), so that DNS and redirects cannot lead elsewhere. After `maxBytes`
 * of responses it closes all connections with `payload_too_large`.
 */
export async function openEgressProxy(
  outbound: Pick<Outbound, "connect">,
  {
    hostname,
    port,
    maxBytes,
    tooLarge,
    isPlain = false,
  }: {
    hostname: string;
    port: number;
    maxBytes: number;
    tooLarge: string;
    /** Forwards plain `http:` requests to that host instead of tunneling. */
    isPlain?: boolean;
  },
): Promise<EgressProxy> {
  const password = randomBytes(18).toString("base64url");
  const authorization = Buffer.from(`Basic ${Buffer.from(`git:${password}`).toString("base64")}`);
  const open = new Set<Duplex>();
  let received = 0;
  let failure: AppError | undefined;
  const hold = (socket: Duplex) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
  };
  const mayPass = (request: IncomingMessage): boolean => {
    const given = Buffer.from(request.headers["proxy-authorization"] ?? "");
    return given.length === authorization.length && timingSafeEqual(given, authorization);
  };
  const dial = (): Promise<Socket | undefined> =>
    outbound.connect(hostname, port).catch((error: unknown) => {
      failure ??= error instanceof AppError ? error : new AppError("bad_gateway", `${hostname} could not be reached.`, { cause: error });
      return undefined;
    });
  const count = (chunk: Buffer) => {
    received += chunk.byteLength;
    if (received <= maxBytes) return;
    failure ??= new AppError("payload_too_large", tooLarge);
    for (const socket of open) socket.destroy();
  };
  const serve = async (request: IncomingMessage, client: Duplex, head: Buffer) => {
    hold(client);
    if (!mayPass(request))
      return client.end("HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n");
    if (request.url?.toLowerCase() !== `${hostname}:${port}`) {
      failure ??= new AppError("outbound_refused", `${hostname} redirected the request to another host, which is not allowed.`);
      return client.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    }
    const server = await dial();
    if (!server) return client.end("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
    hold(server);
    client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    if (head.length > 0) server.write(head);
    server.on("data", count);
    server.pipe(client).pipe(server);
    client.once("close", () => server.destroy());
    return server.once("close", () => client.destroy());
  };
  const forward = async (request: IncomingMessage, response: ServerResponse) => {
    hold(request.socket);
    if (!mayPass(request)) return response.writeHead(407, { "proxy-authenticate": "Basic" }).end();
    const url = URL.parse(request.url ?? "");
    if (url?.protocol !== "http:" || url.hostname !== hostname || Number(url.port || 80) !== port) {
      failure ??= new AppError("outbound_refused", `${hostname} redirected the request to another host, which is not allowed.`);
      return response.writeHead(403).end();
    }
    const server = await dial();
    if (!server) return response.writeHead(502).end();
    hold(server);
    const { "proxy-authorization": _password, "proxy-connection": _kept, ...headers } = request.headers;
    const onward = httpRequest({
      createConnection: () => server,
      method: request.method,
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, connection: "close" },
    });
    onward.once("error", () => response.destroy());
    onward.once("response", (answer) => {
      const { connection: _connection, "keep-alive": _keepAlive, ...passed } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, passed);
      answer.on("data", count);
      answer.once("error", () => response.destroy());
      answer.pipe(response);
    });
    response.once("close", () => onward.destroy());
    return request.pipe(onward);
  };
  const proxy = createServer((request, response) => {
    if (isPlain) void forward(request, response);
    else response.writeHead(405).end();
  });
  proxy.on("connect", (request: IncomingMessage, client: Duplex, head: Buffer) => void serve(request, client, head));
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port: own } = proxy.address() as { port: number };
  return {
    proxyUrl: `http://git:${password}@127.0.0.1:${own}`,
    failure: () => failure,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      proxy.close();
      proxy.closeAllConnections();
    },
  };
}
