import { once } from "node:events";
import { lookup as dnsLookup } from "node:dns/promises";
import { connect as dial, isIP, type LookupFunction, type Socket } from "node:net";
import { rootCertificates } from "node:tls";
import { Agent, buildConnector, fetch as undiciFetch, type Dispatcher, type RequestInit as UndiciRequestInit } from "undici";
import { AppError } from "./errors.ts";
import { isLocalName, plainName } from "./host-names.ts";
import { isPublicAddress } from "./ip-address.ts";
import { createOutboundProxy, type ProxySettings } from "./outbound-proxy.ts";

export interface OutboundOptions {
  /** Private hosts (`host` or `host:port`) the operator allows. */
  allowHosts: readonly string[];
  /** Hosts whose git repositories may use plain http. Default: none. */
  plainHosts?: readonly string[];
  /** Default: the system's resolver. */
  lookup?: (hostname: string) => Promise<{ address: string; family: number }[]>;
  /** Additional trusted CA certificates (PEM). */
  ca?: string;
  /** Proxies, which resolve names themselves: see below. */
  proxy?: ProxySettings;
}
export interface OutboundLimits {
  /** From the request to the last byte. Default: none, the caller's signal ends it. */
  timeoutMs?: number;
  /** Maximum decoded bytes of the response body. Default: none. */
  maxBytes?: number;
  /** Default 5. */
  maxRedirects?: number;
}

/**
 * Fetches user-supplied URLs (web pages, model endpoints, webhooks) with SSRF protection.
 * Connections only go to addresses checked after DNS resolution; private, loopback, link-local and metadata
 * ranges are refused in every notation, and so are names of this host and of metadata services; every redirect is checked again. Throws `AppError` `outbound_refused`.
 *
 * A proxy resolves names itself. Before a request is sent through one, private addresses and names that resolve only to private
 * addresses here are refused; for public or unknown names the proxy's own rules apply.
 */
export interface Outbound {
  /** Like the global `fetch`. Bodies are streamed; `signal` ends the request at any point. */
  readonly fetch: typeof globalThis.fetch;
  /** The same with limits, for responses that are read completely. */
  limited(limits: OutboundLimits): typeof globalThis.fetch;
  /** Throws when a request to this URL would be refused; only resolves the name. An unknown name passes, because its request fails anyway. */
  check(url: string): Promise<void>;
  /** Whether the operator allows plain http for git on this host. */
  allowsPlain(url: URL): boolean;
  /** Opens a TCP connection to a checked address of that host. Throws `outbound_refused` or the connection error. */
  connect(hostname: string, port: number, signal?: AbortSignal): Promise<Socket>;
  close(): Promise<void>;
}

const maxRedirects = 5;
/** Headers kept on a redirect to another origin; any other could be a credential. */
const harmlessHeaders = new Set(["accept", "accept-language", "user-agent"]);

export function createOutbound({ allowHosts, plainHosts = [], lookup = resolveAll, ca, proxy: proxies }: OutboundOptions): Outbound {
  const isAllowed = namedIn(allowHosts);
  const isPlainAllowed = namedIn(plainHosts);

  /** The allowed addresses of a host; throws when there is none. */
  const checked = async (hostname: string, port: string) => {
    // Before DNS, because the result for such a name may change until the connection is made.
    if (isLocalName(hostname) && !isAllowed(hostname, port)) throw refused(hostname, port);
    const family = isIP(hostname);
    const found = family ? [{ address: hostname, family }] : await lookup(hostname);
    const usable = isAllowed(hostname, port) ? found : found.filter(({ address }) => isPublicAddress(address));
    if (usable.length === 0) throw refused(hostname, port);
    return usable;
  };

  const authorities = ca === undefined ? undefined : [...rootCertificates, ca];
  const proxy = createOutboundProxy(proxies ?? { http: undefined, https: undefined, none: [] }, { ca: authorities });
  const targetOf = (url: { protocol: string; hostname: string; port: string }) => ({
    protocol: url.protocol,
    hostname: bare(url.hostname),
    port: portOf(url),
  });
  /** Throws when a proxied request is known to lead to a private address. */
  const checkProxied = async ({ hostname, port }: { hostname: string; port: string }) => {
    await checked(hostname, port).catch((error: unknown) => {
      // Only the proxy can resolve this name.
      if (error instanceof AppError) throw error;
    });
  };
  /** Chooses direct or proxied; proxied requests are checked here, direct ones when connecting. */
  const wayTo = async (url: URL): Promise<Dispatcher> => {
    const target = targetOf(url);
    if (!proxy.isProxied(target)) return agent;
    await checkProxied(target);
    return proxy.dispatcherFor(target);
  };

  const agent = new Agent({
    bodyTimeout: 300_000,
    headersTimeout: 300_000,
    keepAliveTimeout: 10_000,
    connect: (options, done) => {
      const hostname = bare(options.hostname);
      void checked(hostname, portOf(options)).then(
        // Connects to the checked address; the name is not resolved again.
        (addresses) =>
          buildConnector({
            timeout: 10_000,
            maxCachedSessions: 0,
            lookup: always(addresses),
            ...(authorities && { ca: authorities }),
          })({ ...options, hostname }, done),
        (error: Error) => done(error, null),
      );
    },
  });

  const send = async (input: string | URL | Request, init: RequestInit | undefined, limits: OutboundLimits): Promise<Response> => {
    const request = input instanceof Request ? new Request(input, init) : undefined;
    let url = addressOf(request?.url ?? String(input));
    const timeout = limits.timeoutMs === undefined ? undefined : AbortSignal.timeout(limits.timeoutMs);
    const given = request?.signal ?? init?.signal ?? undefined;
    const signal = timeout && given ? AbortSignal.any([timeout, given]) : (timeout ?? given);
    let method = (request?.method ?? init?.method ?? "GET").toUpperCase();
    let headers = new Headers(request?.headers ?? init?.headers);
    let body = request ? request.body : init?.body;
    for (let hop = 0; ; hop++) {
      const response = (await undiciFetch(url, {
        method,
        headers: [...headers],
        body,
        signal,
        redirect: "manual",
        dispatcher: await wayTo(url),
        ...(body instanceof ReadableStream && { duplex: "half" }),
      } as UndiciRequestInit).catch((error: unknown) => {
        throw causeOf(error, url);
      })) as unknown as Response;
      const location = [301, 302, 303, 307, 308].includes(response.status) ? response.headers.get("location") : null;
      if (location === null || init?.redirect === "manual")
        return limits.maxBytes === undefined ? response : capped(response, limits.maxBytes);
      await response.body?.cancel();
      if (hop >= (limits.maxRedirects ?? maxRedirects) || init?.redirect === "error")
        throw new AppError("outbound_refused", `${url.hostname} redirected too many times.`);
      const next = addressOf(location, url);
      if (response.status === 303 || (method === "POST" && response.status < 303)) {
        if (method !== "HEAD") method = "GET";
        body = undefined;
        for (const name of ["content-type", "content-length", "content-encoding"]) headers.delete(name);
      }
      if (next.origin !== url.origin) {
        if (body) throw new AppError("outbound_refused", `${url.hostname} redirected the request to another host, which is not allowed.`);
        headers = new Headers([...headers].filter(([name]) => harmlessHeaders.has(name)));
      } else if (body instanceof ReadableStream)
        throw new AppError("outbound_refused", `${url.hostname} redirected an upload, which is not allowed.`);
      url = next;
    }
  };

  return {
    fetch: (input, init) => send(input, init, {}),
    limited: (limits) => (input, init) => send(input, init, limits),
    check: async (text) => {
      const url = addressOf(text);
      await checked(bare(url.hostname), portOf(url)).catch((error: unknown) => {
        if (error instanceof AppError) throw error;
      });
    },
    allowsPlain: (url) => isPlainAllowed(bare(url.hostname), portOf(url)),
    connect: async (hostname, port, signal) => {
      // Clients use TLS, or plain HTTP on port 80.
      const target = targetOf({ protocol: port === 80 ? "http:" : "https:", hostname, port: String(port) });
      if (proxy.isProxied(target)) {
        await checkProxied(target);
        return proxy.connect(target, signal);
      }
      const addresses = await checked(bare(hostname), String(port));
      const socket = dial({ host: bare(hostname), port, lookup: always(addresses), autoSelectFamily: true, ...(signal && { signal }) });
      socket.setTimeout(10_000, () => socket.destroy(new Error("no connection within 10 s")));
      await once(socket, "connect");
      socket.setTimeout(0);
      return socket;
    },
    close: async () => {
      await Promise.all([agent.destroy(), proxy.close()]);
    },
  };
}

/** Whether entries (`host` or `host:port`) name a host. */
function namedIn(entries: readonly string[]): (hostname: string, port: string) => boolean {
  const named = new Set(entries.map((entry) => entry.trim().toLowerCase()).filter(Boolean));
  return (given, port) => {
    const hostname = plainName(given);
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    return named.has(hostname) || named.has(host) || named.has(`${host}:${port}`);
  };
}

/** A configured base URL as an entry of `allowHosts`. */
export function hostEntry(url: string): string | undefined {
  const parsed = URL.parse(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol)) return undefined;
  return `${parsed.hostname}:${portOf(parsed)}`;
}
const portOf = (url: { port: string; protocol: string }) => url.port || (url.protocol === "https:" ? "443" : "80");

const refused = (hostname: string, port: string) =>
  new AppError(
    "outbound_refused",
    `Requests to ${hostname} are not allowed because it is a private or local address. The operator can allow it with OUTBOUND_ALLOW_HOSTS=${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}.`,
  );

/** URL parsing normalizes decimal, octal, hexadecimal and short IP notations. */
function addressOf(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  if (!url) throw new AppError("outbound_refused", "Not a valid URL.");
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new AppError("outbound_refused", "URL must start with http:// or https://.");
  if (url.username || url.password) throw new AppError("outbound_refused", "URL must not contain a user name or password.");
  return url;
}

const bare = (hostname: string) => hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
const resolveAll = (hostname: string) => dnsLookup(hostname, { all: true });

const always =
  (addresses: { address: string; family: number }[]): LookupFunction =>
  (_hostname, options, done) => {
    const [first] = addresses;
    if (options.all) done(null, addresses);
    else done(null, first?.address ?? "", first?.family);
  };

/** Unwraps our own errors from those of the HTTP client. */
function causeOf(error: unknown, url: URL): unknown {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if (e instanceof AppError) return e;
    if (e instanceof AggregateError) for (const inner of e.errors) if (inner instanceof AppError) return inner;
  }
  if (error instanceof TypeError && error.cause instanceof Error && error.cause.message === "bad port")
    return new AppError("outbound_refused", `The port of ${url.host} is not allowed.`);
  return error;
}

/** Aborts the body when it exceeds the limit. */
function capped(response: Response, maxBytes: number): Response {
  if (!response.body) return response;
  let size = 0;
  const body = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength;
        if (size > maxBytes) controller.error(new AppError("outbound_refused", "The response exceeds the size limit."));
        else controller.enqueue(chunk);
      },
    }),
  );
  const { status, statusText, headers, url } = response;
  return Object.defineProperty(new Response(body, { status, statusText, headers }), "url", { value: url });
}
