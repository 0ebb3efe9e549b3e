import http2, { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from "node:http2";
import { connect as connectSocket, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Value } from "typebox/value";
import { RuntimeError } from "../../errors.ts";
import { silentLog, type RuntimeLog } from "../../log.ts";
import { headers, hello, paths, protocol, type Hello, type Timing } from "../protocol.ts";
import { parseJson } from "../wire-errors.ts";
import { limits } from "../session-limits.ts";
import { keepAlive } from "../pings.ts";

/** One connection to a runner. It ends with the connection; the next one is another session. */
export interface Session {
  readonly hello: Hello;
  readonly isClosed: boolean;
  request(path: string, more?: OutgoingHttpHeaders): ClientHttp2Stream;
}

export interface Connection {
  /** Of the last session. Throws `unavailable` before the first one. */
  readonly hello: Hello;
  /** Whether there was a session. */
  readonly isKnown: boolean;
  readonly isConnected: boolean;
  /** Since when it is connected, or not, and what went wrong last. Milliseconds since 1970. */
  readonly changes: { since: number; lastError: { at: number; message: string; isPermanent: boolean } | undefined };
  /** Called each time it has connected. */
  onConnected(listener: () => void): void;
  /** The open session, or the next one. Rejects `unavailable` when the runner cannot be reached for `patienceMs`, and `aborted`. */
  session(options?: { signal?: AbortSignal | undefined }): Promise<Session>;
  close(): void;
}

export interface ConnectionOptions {
  /** `http://host:port`, `https://host:port` or `unix:///path`. */
  url: string;
  token: string;
  /** Of this client object. */
  client: string;
  /** Certificates in PEM: the authority that signed the runner's, and those of this client. */
  tls?: { ca?: string | Buffer; cert?: string | Buffer; key?: string | Buffer } | undefined;
  timing: Timing;
  /** Tries again also if the first attempts are refused. */
  isPersistent?: boolean | undefined;
  log?: RuntimeLog | undefined;
}

/** The runner cannot be used until somebody changes its settings or version, or those of this end. */
class Refusal extends RuntimeError {
  constructor(message: string, cause?: unknown) {
    super("unavailable", message, cause === undefined ? {} : { cause });
  }
}

/** Keeps a connection to a runner. Connects when the first session is asked for, and again whenever the connection is lost. */
export function createConnection({
  url,
  token,
  client,
  tls,
  timing,
  isPersistent = false,
  log = silentLog,
}: ConnectionOptions): Connection {
  const target = parseTarget(url);
  const closing = new AbortController();
  let current: Session | undefined;
  let last: Hello | undefined;
  let connecting: Promise<Session> | undefined;
  /** The reason that was logged last. */
  let logged: string | undefined;
  /** Why the last attempt failed, and since when there is no connection. */
  let outage: { since: number; reason: RuntimeError; isTried: boolean } | undefined;
  const changes: Connection["changes"] = { since: Date.now(), lastError: undefined };
  const listeners: (() => void)[] = [];

  const authority = target.host === undefined ? "http://localhost" : target.origin;
  const baseHeaders = {
    [headers.authorization]: `Bearer ${token}`,
    [headers.protocol]: `${protocol.major}.${protocol.minor}`,
    [headers.client]: client,
  };

  async function open(): Promise<Session> {
    const socket = await openSocket(target, tls, timing.connectTimeoutMs, closing.signal);
    const h2 = http2.connect(authority, { createConnection: () => socket, ...limits });
    let refusedFor: string | undefined;
    let hasSpoken = false;
    h2.once("remoteSettings", () => (hasSpoken = true));
    const note = (error: Error) => (refusedFor ??= certificateAlert(error));
    h2.on("error", note);
    // A runner refuses a certificate after the handshake has ended here.
    socket.on("error", note);
    h2.setLocalWindowSize?.(limits.connectionWindowBytes);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      h2.destroy();
    }, timing.connectTimeoutMs);
    try {
      const facts = await greet(h2);
      keepAlive(h2, timing);
      const session: Session = {
        hello: facts,
        get isClosed() {
          return h2.closed || h2.destroyed;
        },
        request: (path, more = {}) => h2.request({ ...baseHeaders, ":method": "POST", ":path": path, ...more }),
      };
      closing.signal.addEventListener("abort", () => h2.destroy(), { once: true });
      h2.on("close", () => {
        // One that shuts down was replaced before.
        if (current !== session) return;
        current = undefined;
        if (closing.signal.aborted) return;
        outage ??= { since: performance.now(), reason: lost(), isTried: false };
        changes.since = Date.now();
        changes.lastError = { at: changes.since, message: outage.reason.message, isPermanent: false };
        log.warn({ runner: url }, "the connection to the runner was lost");
        // Reconnect although nobody asks: commands wait for it at the runner.
        void reconnect().catch(() => {});
      });
      return session;
    } catch (error) {
      h2.destroy();
      // A runner closes connections with a certificate that its authority did not sign, and does not say why.
      if (refusedFor === undefined && target.isTls && tls?.cert !== undefined && !hasSpoken && !isLate && !closing.signal.aborted)
        refusedFor =
          "closed the connection when it had seen the certificate of this server (RUNNER_CERT_FILE). RUNNER_CA_FILE on the runner must name the authority that signed it";
      if (refusedFor === undefined) throw error;
      throw new Refusal(`The runner at ${url} ${refusedFor}.`, error);
    } finally {
      clearTimeout(timer);
    }
  }

  const lost = () => new RuntimeError("unavailable", `The connection to the runner at ${url} was lost.`);

  function greet(h2: ClientHttp2Session): Promise<Hello> {
    const stream = h2.request({ ...baseHeaders, ":method": "GET", ":path": paths.hello });
    return new Promise((resolve, reject) => {
      let status = 0;
      const chunks: Buffer[] = [];
      let size = 0;
      stream.on("response", (response) => (status = Number(response[":status"])));
      stream.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > 65_536) stream.destroy();
        else chunks.push(chunk);
      });
      stream.on("error", () => {});
      stream.on("end", () => {
        if (status === 0) return; // the connection was lost
        try {
          resolve(readHello(status, parseJson(Buffer.concat(chunks))));
        } catch (error) {
          reject(error);
        }
      });
      stream.on("close", () => reject(new RuntimeError("unavailable", `The runner at ${url} does not respond.`)));
    });
  }

  function readHello(status: number, body: unknown): Hello {
    if (status === 401) throw new Refusal(`The runner at ${url} refused the token. RUNNER_TOKEN must be the same on both machines.`);
    if (status === 503) throw new RuntimeError("unavailable", `The runner at ${url} is shutting down.`);
    const theirs = body as { protocol?: { major?: unknown }; version?: unknown } | undefined;
    const major = theirs?.protocol?.major;
    if (typeof major !== "number")
      throw new Refusal(`${url} does not respond as a runner does. Check RUNNER_URL: it names the address of RUNNER_LISTEN.`);
    if (major !== protocol.major)
      throw new Refusal(
        `The runner at ${url} (version ${String(theirs?.version)}) speaks protocol ${major}, this server protocol ${protocol.major}. ` +
          `Upgrade the ${major > protocol.major ? "server" : "runner"}.`,
      );
    if (!Value.Check(hello, body))
      throw new Refusal(`The runner at ${url} describes itself in a way that this server does not understand.`);
    return body;
  }

  /** Tries until it succeeds, is refused or closed. */
  function reconnect(): Promise<Session> {
    connecting ??= (async () => {
      for (let delay = timing.backoffMs.first; ; delay = Math.min(delay * 2, timing.backoffMs.max)) {
        try {
          const session = await open();
          if (outage?.isTried) log.info({ runner: url }, "connected to the runner");
          outage = undefined;
          logged = undefined;
          changes.since = Date.now();
          current = session;
          last = session.hello;
          for (const listener of listeners) listener();
          return session;
        } catch (error) {
          if (closing.signal.aborted) throw closedError();
          const reason = toReason(error);
          const isPermanent = reason instanceof Refusal;
          // Somebody may correct the token or upgrade it.
          if (isPermanent && last === undefined && !isPersistent) throw reason;
          outage = { since: isPermanent ? Number.NEGATIVE_INFINITY : (outage?.since ?? performance.now()), reason, isTried: true };
          changes.lastError = { at: Date.now(), message: reason.message, isPermanent };
          // Once for each reason.
          if (logged !== reason.message) {
            if (isPermanent)
              log.error({ runner: url, reason: reason.message }, "the runner cannot be used until its settings or version change");
            else log.warn({ runner: url, reason: reason.message }, "the runner cannot be reached");
          }
          logged = reason.message;
          wakeImpatient();
          if (isPermanent) delay = timing.backoffMs.refused;
          await pause(delay * (0.5 + Math.random() / 2), closing.signal);
        }
      }
    })().finally(() => (connecting = undefined));
    return connecting;
  }

  const toReason = (error: unknown): RuntimeError => {
    if (error instanceof RuntimeError) return error;
    const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    const refusedFor = certificateProblem(code);
    return refusedFor === undefined
      ? new RuntimeError("unavailable", `The runner at ${url} cannot be reached (${code}).`, { cause: error })
      : new Refusal(`The runner at ${url} ${refusedFor} (${code}).`, error);
  };
  const closedError = () => new RuntimeError("unavailable", "The connection to the runner was closed.");

  /** Calls that check whether they waited long enough. */
  const impatient = new Set<() => void>();
  const wakeImpatient = () => {
    for (const check of impatient) check();
  };

  return {
    get isConnected() {
      return current !== undefined && !current.isClosed;
    },
    changes,
    get hello() {
      if (!last) throw outage?.reason ?? new RuntimeError("unavailable", `The runner at ${url} was not reached yet.`);
      return last;
    },
    get isKnown() {
      return last !== undefined;
    },
    onConnected: (listener) => void listeners.push(listener),
    async session({ signal } = {}) {
      if (closing.signal.aborted) throw closedError();
      if (signal?.aborted) throw new RuntimeError("aborted", "The call was aborted.");
      if (current && !current.isClosed) return current;
      const { promise, resolve, reject } = Promise.withResolvers<Session>();
      promise.catch(() => {}); // awaited below
      outage ??= { since: performance.now(), reason: lost(), isTried: false };
      const check = () => {
        // Not before an attempt has ended, which takes `connectTimeoutMs` at most.
        if (outage?.isTried && performance.now() - outage.since >= timing.patienceMs) reject(outage.reason);
      };
      const onAbort = () => reject(new RuntimeError("aborted", "The call was aborted."));
      signal?.addEventListener("abort", onAbort, { once: true });
      impatient.add(check);
      const timer = setInterval(check, Math.min(1_000, timing.patienceMs / 2));
      reconnect().then(resolve, reject);
      check();
      try {
        return await promise;
      } finally {
        clearInterval(timer);
        impatient.delete(check);
        signal?.removeEventListener("abort", onAbort);
      }
    },
    close() {
      closing.abort();
      wakeImpatient();
    },
  };
}

/** What the runner demands if it ended a connection that showed it no certificate. */
function certificateAlert(error: NodeJS.ErrnoException): string | undefined {
  return error.code?.endsWith("ALERT_CERTIFICATE_REQUIRED")
    ? "requires a certificate of this server (RUNNER_CERT_FILE and RUNNER_KEY_FILE), because it has RUNNER_CA_FILE"
    : undefined;
}

/** What is wrong with the certificate of the runner, or with the protocol that it speaks. */
function certificateProblem(code: string): string | undefined {
  if (
    /SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT|CERT_UNTRUSTED|INVALID_CA|CERT_SIGNATURE_FAILURE/.test(code)
  )
    return "has a certificate that this server does not trust. RUNNER_CA_FILE must name the certificate of the authority that signed it";
  if (code === "CERT_HAS_EXPIRED") return "has a certificate that has expired. Renew it and restart the runner";
  if (code === "CERT_NOT_YET_VALID") return "has a certificate that is not valid yet. Check the clocks of both machines";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return "has a certificate for another name. RUNNER_URL must have a name of the certificate";
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/.test(code))
    return "does not use TLS. Set RUNNER_CERT_FILE and RUNNER_KEY_FILE on the runner, or use http:// in RUNNER_URL";
  return undefined;
}

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });

interface Target {
  origin: string;
  /** Undefined: a unix socket. */
  host?: string;
  port?: number;
  path?: string;
  isTls: boolean;
}

/** Throws `not_supported` on what is no address of a runner. */
function parseTarget(url: string): Target {
  const parsed = URL.parse(url);
  if (parsed?.protocol === "unix:" && parsed.pathname.length > 1)
    return { origin: url, path: decodeURIComponent(parsed.pathname), isTls: false };
  if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.hostname === "")
    throw new RuntimeError("not_supported", `${url} is not an address of a runner. Example: https://runner.lan:7070`);
  const isTls = parsed.protocol === "https:";
  const host = parsed.hostname.replace(/^\[|\]$/g, "");
  return { origin: parsed.origin, host, port: Number(parsed.port) || (isTls ? 443 : 80), isTls };
}

function openSocket(
  { host, port, path, isTls }: Target,
  tls: ConnectionOptions["tls"],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = isTls
    ? connectTls({
        host: host as string,
        port: port as number,
        ...(isIP(host as string) === 0 && { servername: host as string }),
        ALPNProtocols: ["h2"],
        ...tls,
      })
    : path === undefined
      ? connectSocket({ host: host as string, port: port as number, noDelay: true })
      : connectSocket({ path });
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      done();
      socket.destroy();
      reject(error);
    };
    const onTimeout = () => fail(Object.assign(new Error("timeout"), { code: "ETIMEDOUT" }));
    const onAbort = () => fail(new Error("closed"));
    const onReady = () => {
      done();
      socket.setNoDelay(true);
      resolve(socket);
    };
    const done = () => {
      clearTimeout(timer);
      socket.off("error", fail);
      signal.removeEventListener("abort", onAbort);
    };
    const timer = setTimeout(onTimeout, timeoutMs);
    socket.once("error", fail);
    socket.once(isTls ? "secureConnect" : "connect", onReady);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
