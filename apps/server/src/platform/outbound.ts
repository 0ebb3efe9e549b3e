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
  /** Hosts (`host` or `host:port`) that may be private: the operator's word. */
  allowHosts: readonly string[];
  /** Those of them whose repositories may be reached without TLS. Default: none. */
  plainHosts?: readonly string[];
  /** Default: the system's resolver. */
  lookup?: (hostname: string) => Promise<{ address: string; family: number }[]>;
  /** Certificates (PEM) to trust beside the well-known authorities. */
  ca?: string;
  /** Proxies of this network. What goes through one is resolved there: see below. */
  proxy?: ProxySettings;
}
export interface OutboundLimits {
  /** From the call to the last byte. Default: none, the caller's signal ends it. */
  timeoutMs?: number;
  /** Decoded bytes of the answer's body. Default: none. */
  maxBytes?: number;
  /** Default 5. */
  maxRedirects?: number;
}

/**
 * The one way out for addresses that people give (product.md Security, SSRF): web pages, model endpoints, hooks.
 * Every connection goes to an address that was checked after the name was resolved; private, loopback, link-local and metadata
 * ranges are refused in every notation, and so are names of this machine and of metadata services; each redirect is checked again. Refusals throw `AppError` `outbound_refused`.
 *
 * A proxy resolves names by itself. Before a call goes through one, private addresses and names that this machine resolves to private
 * addresses alone are refused; what the proxy makes of a public or unknown name is for the proxy's own rules.
 */
export interface Outbound {
  /** As the global one. Bodies stream; `signal` ends the call at any point. */
  readonly fetch: typeof globalThis.fetch;
  /** The same with limits, for answers that are read whole. */
  limited(limits: OutboundLimits): typeof globalThis.fetch;
  /** Throws when a call to this address would be refused; calls nothing but the resolver. An unknown name passes: its call fails by itself. */
  check(url: string): Promise<void>;
  /** Whether git may speak plain http to this host: the operator named it. */
  allowsPlain(url: URL): boolean;
  /** A connection to a checked address of that host, for programs that speak for themselves. Throws `outbound_refused`, or why there is none. */
  connect(hostname: string, port: number, signal?: AbortSignal): Promise<Socket>;
  close(): Promise<void>;
}

const maxRedirects = 5;
/** What may follow a redirect to another origin; everything else could be a credential. */
const harmlessHeaders = new Set(["accept", "accept-language", "user-agent"]);

export function createOutbound({ allowHosts, plainHosts = [], lookup = resolveAll, ca, proxy: proxies }: OutboundOptions): Outbound {
  const isAllowed = namedIn(allowHosts);
  const isPlainAllowed = namedIn(plainHosts);

  /** The addresses that may be connected to; throws when there is none. */
  const checked = async (hostname: string, port: string) => {
    // Before a resolver is asked: what it knows of such a name may be another thing when the call is made.
    if (isLocalName(hostname) && !isAllowed(hostname, port)) throw refused(hostname);
    const family = isIP(hostname);
    const found = family ? [{ address: hostname, family }] : await lookup(hostname);
    const usable = isAllowed(hostname, port) ? found : found.filter(({ address }) => isPublicAddress(address));
    if (usable.length === 0) throw refused(hostname);
    return usable;
  };

  const authorities = ca === undefined ? undefined : [...rootCertificates, ca];
  const proxy = createOutboundProxy(proxies ?? { http: undefined, https: undefined, none: [] }, { ca: authorities });
  const targetOf = (url: { protocol: string; hostname: string; port: string }) => ({
    protocol: url.protocol,
    hostname: bare(url.hostname),
    port: portOf(url),
  });
  /** Throws when a call that goes through a proxy is known to lead to a private address. */
  const checkProxied = async ({ hostname, port }: { hostname: string; port: string }) => {
    await checked(hostname, port).catch((error: unknown) => {
      // A name that only the proxy can resolve.
      if (error instanceof AppError) throw error;
    });
  };
  /** Which way a call goes; through a proxy it is checked before, else when it connects. */
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
        // The connection is made to what was checked: the name is not resolved again.
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
        throw new AppError("outbound_refused", `${url.hostname} redirected too often.`);
      const next = addressOf(location, url);
      if (response.status === 303 || (method === "POST" && response.status < 303)) {
        if (method !== "HEAD") method = "GET";
        body = undefined;
        for (const name of ["content-type", "content-length", "content-encoding"]) headers.delete(name);
      }
      if (next.origin !== url.origin) {
        if (body) throw new AppError("outbound_refused", `${url.hostname} redirected this call to another host.`);
        headers = new Headers([...headers].filter(([name]) => harmlessHeaders.has(name)));
      } else if (body instanceof ReadableStream) throw new AppError("outbound_refused", `${url.hostname} redirected an upload.`);
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
      // Programs that come here speak TLS, or HTTP without it at port 80.
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

/** The operator's own base URL as an entry of `allowHosts`. */
export function hostEntry(url: string): string | undefined {
  const parsed = URL.parse(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol)) return undefined;
  return `${parsed.hostname}:${portOf(parsed)}`;
}
const portOf = (url: { port: string; protocol: string }) => url.port || (url.protocol === "https:" ? "443" : "80");

const refused = (hostname: string) =>
  new AppError(
    "outbound_refused",
    `Calls to ${hostname} are not allowed because it is a private or local address. The operator of this server can allow it with OUTBOUND_ALLOW_HOSTS.`,
  );

/** URL parsing brings decimal, octal, hexadecimal and short forms of addresses into the plain one. */
function addressOf(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  if (!url) throw new AppError("outbound_refused", "This is not a valid web address.");
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new AppError("outbound_refused", "Only http and https addresses can be called.");
  if (url.username || url.password) throw new AppError("outbound_refused", "Credentials do not belong in a web address.");
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

/** A refusal of ours comes back wrapped by the HTTP client. */
function causeOf(error: unknown, url: URL): unknown {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if (e instanceof AppError) return e;
    if (e instanceof AggregateError) for (const inner of e.errors) if (inner instanceof AppError) return inner;
  }
  if (error instanceof TypeError && error.cause instanceof Error && error.cause.message === "bad port")
    return new AppError("outbound_refused", `The port of ${url.host} is not allowed.`);
  return error;
}

/** Cuts the body off when it grows over the limit. */
function capped(response: Response, maxBytes: number): Response {
  if (!response.body) return response;
  let size = 0;
  const body = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength;
        if (size > maxBytes) controller.error(new AppError("outbound_refused", "The answer is larger than allowed."));
        else controller.enqueue(chunk);
      },
    }),
  );
  const { status, statusText, headers, url } = response;
  return Object.defineProperty(new Response(body, { status, statusText, headers }), "url", { value: url });
}
