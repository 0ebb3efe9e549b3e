import { randomUUID } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import http2, { type Http2Server, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { RuntimeError } from "../../errors.ts";
import { silentLog, type RuntimeLog } from "../../log.ts";
import type { RuntimeDriver } from "../../types.ts";
import { methods, type MethodName } from "../methods.ts";
import { keepAlive } from "../pings.ts";
import { defaultTiming, headers, paths, protocol, type Hello, type Timing } from "../protocol.ts";
import { limits } from "../session-limits.ts";
import { encodeError } from "../wire-errors.ts";
import { isSameToken } from "./tokens.ts";

export { hasHashIn } from "./tokens.ts";
import { createClients } from "./clients.ts";
import { createHandlers } from "./handlers.ts";
import { createKeptTerminals } from "./kept-terminals.ts";
import { createCallServer } from "./serve-call.ts";
import type { RunnerTracing } from "../tracing.ts";
import { createStatus, type ReadMachine } from "./status.ts";
import { createUnattended } from "./unattended.ts";
import { createUsage } from "./usage.ts";

export interface RunnerOptions {
  /** A driver of this machine. The runner does not close it. */
  driver: RuntimeDriver;
  /** The secret that servers show, or whether one is it. */
  token: string | ((shown: string) => boolean);
  listen: { host: string; port: number } | { path: string };
  /** Certificates in PEM. With `ca`, servers must show a certificate of that authority as well. Without `tls` nothing is encrypted. */
  tls?: { cert: string | Buffer; key: string | Buffer; ca?: string | Buffer } | undefined;
  /** Of the product. */
  version: string;
  /** The commit that it runs. */
  revision?: string | undefined;
  /** Memory and disk of this machine, for servers that ask. */
  readMachine?: ReadMachine | undefined;
  tracing?: RunnerTracing | undefined;
  /** How long services keep running when no server is connected. Unset: forever. */
  orphanGraceMs?: number | undefined;
  timing?: Partial<Timing> | undefined;
  log?: RuntimeLog | undefined;
}

export interface Runner {
  /** `http://host:port`, `https://host:port` or `unix:///path`. */
  readonly url: string;
  /** Servers with a connection, or within the grace after one. */
  clientCount(): number;
  /** Refuses new calls, waits for running ones, at most `drainMs`, then ends the rest: commands and terminals, not services. */
  close(): Promise<void>;
}

/** Serves the sandboxes of this machine's driver to servers that have the token. */
export async function createRunner({
  driver,
  token,
  listen,
  tls,
  version,
  revision,
  readMachine,
  tracing,
  orphanGraceMs,
  log = silentLog,
  ...options
}: RunnerOptions): Promise<Runner> {
  const timing = { ...defaultTiming, ...options.timing };
  const { name, isolation } = driver;
  if (name === "remote" || isolation === "unknown")
    throw new RuntimeError("not_supported", "A runner runs projects on its own machine, not on another runner.");
  if (typeof token === "string" && token.length < minTokenLength)
    throw new RuntimeError("not_supported", `The token of a runner has at least ${minTokenLength} characters.`);
  const instance = randomUUID();
  const unattended = createUnattended(driver, { afterMs: orphanGraceMs, log });
  const clients = createClients(timing.graceMs, (count) => {
    log.info({ servers: count }, "servers of this runner");
    unattended.setAttended(count > 0);
  });
  const status = createStatus(driver, { servers: () => [...clients.all()].length, readMachine });
  const terminals = createKeptTerminals();
  const usage = createUsage(() => terminals.hasAny() || [...clients.all()].some(({ stagedCount }) => stagedCount > 0));
  const calls = createCallServer(
    createHandlers({ driver, clients, terminals, usage, status, undecidedMs: timing.undecidedMs }),
    usage,
    log,
    tracing,
  );
  const isAllowed = typeof token === "string" ? isSameToken(token) : token;
  const sessions = new Set<ServerHttp2Session>();
  let isDraining = false;

  const describe = (): Hello => ({
    protocol,
    version,
    ...(revision !== undefined && { revision }),
    instance,
    graceMs: timing.graceMs,
    driver: { name, isolation, warnings: [...driver.warnings], can: { ...driver.can } },
  });

  function answer(stream: ServerHttp2Stream, status: number, body: unknown) {
    const payload = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    stream.respond({ ":status": status, "content-type": "application/json", "content-length": payload.length });
    stream.end(payload);
    stream.resume();
  }
  const refuse = (stream: ServerHttp2Stream, status: number, message: string, code: RuntimeError["code"] = "unavailable") =>
    answer(stream, status, encodeError(new RuntimeError(code, message), log, ""));

  const one = (value: string | string[] | undefined): string => (typeof value === "string" ? value : "");

  function onStream(stream: ServerHttp2Stream, received: IncomingHttpHeaders) {
    stream.on("error", () => {});
    const [, shown = ""] = /^Bearer (.+)$/.exec(one(received[headers.authorization])) ?? [];
    if (shown === "") return refuse(stream, 401, "No token was sent.");
    if (!isAllowed(shown)) return refuse(stream, 401, "The token is wrong.");
    const path = one(received[":path"]);
    if (path === paths.hello) return answer(stream, isDraining ? 503 : 200, describe());
    const [major] = one(received[headers.protocol]).split(".");
    if (Number(major) !== protocol.major)
      return refuse(stream, 426, `This runner (version ${version}) speaks protocol ${protocol.major}. Upgrade the older end.`);
    const name = path.startsWith(paths.call) ? path.slice(paths.call.length) : "";
    const id = one(received[headers.client]);
    if (!isMethod(name) || received[":method"] !== "POST" || id === "" || id.length > 100)
      return refuse(stream, 400, `The runner does not know ${path.slice(0, 100)}. Upgrade it.`, "not_supported");
    if (!stream.session) return stream.destroy();
    const client = clients.arrive(id, stream.session);
    const call = one(received[headers.call]);
    if (methods[name].kind !== "command") {
      if (isDraining) return refuse(stream, 503, "The runner is shutting down.");
      return calls.serveStream(name, stream, client, received);
    }
    const known = client.commands.get(call);
    const peerReceived = received[headers.received];
    if (peerReceived !== undefined) {
      if (!known) return refuse(stream, 404, "The runner does not know this command.");
      return calls.resumeCommand(known.link, stream, Number(peerReceived), headers.received);
    }
    if (call === "" || call.length > 200) return refuse(stream, 400, "A command needs an id.", "not_supported");
    if (known) return refuse(stream, 409, "The command arrived before.");
    if (isDraining) return refuse(stream, 503, "The runner is shutting down.");
    try {
      calls.serveCommand(name, { id: call, receivedHeader: headers.received }, stream, client, received);
    } catch (error) {
      answer(stream, 429, encodeError(error, log, name));
    }
  }

  const server = tls
    ? http2.createSecureServer({ ...limits, ...tls, ...(tls.ca !== undefined && { requestCert: true, rejectUnauthorized: true }) })
    : http2.createServer(limits);
  server.on("stream", onStream);
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    session.on("error", () => {});
    session.setLocalWindowSize(limits.connectionWindowBytes);
    keepAlive(session, timing);
  });
  server.on(tls ? "secureConnection" : "connection", (socket: Socket) => socket.setNoDelay(true));
  // A connection that never speaks HTTP/2, or whose TLS handshake does not end.
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  });
  server.on("sessionError", () => {});
  let lastRefusedAt = Number.NEGATIVE_INFINITY;
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const now = performance.now();
    // Whoever reaches the port can cause these.
    if (now - lastRefusedAt < refusedEveryMs) return;
    lastRefusedAt = now;
    const needsCertificate = error.code === "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE";
    log.warn(
      { address: socket.remoteAddress, reason: error.code ?? error.message },
      needsCertificate ? "connection without a client certificate refused" : "TLS handshake refused",
    );
  });
  const url = await listenOn(server, listen, tls !== undefined);

  return {
    url,
    clientCount: () => [...clients.all()].length,
    async close() {
      isDraining = true;
      unattended.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) if (!session.destroyed) session.goaway(0);
      await Promise.race([calls.idle(), new Promise((resolve) => setTimeout(resolve, timing.drainMs).unref())]);
      for (const { id } of clients.all()) clients.leave(id);
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** At most one refused handshake in this time is logged. */
const refusedEveryMs = 60_000;

/** 128 bits in hexadecimal digits. */
export const minTokenLength = 32;

const isMethod = (name: string): name is MethodName => Object.hasOwn(methods, name);

function listenOn(server: Http2Server | http2.Http2SecureServer, listen: RunnerOptions["listen"], isTls: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const done = () => {
      server.off("error", reject);
      server.on("error", () => {});
      if ("path" in listen) {
        chmodSync(listen.path, 0o600);
        return resolve(`unix://${listen.path}`);
      }
      const { address, family, port } = server.address() as AddressInfo;
      resolve(`${isTls ? "https" : "http"}://${family === "IPv6" ? `[${address}]` : address}:${port}`);
    };
    if ("path" in listen) {
      // Left by a runner that was killed: the driver's lock says that no other one runs.
      rmSync(listen.path, { force: true });
      server.listen({ path: listen.path }, done);
    } else server.listen(listen.port, listen.host, done);
  });
}
