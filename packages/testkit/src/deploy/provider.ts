import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fieldsOfForm, recorderOf, type PublishedProvider, type Recorder } from "../specifications/index.ts";

/** A response: JSON or bytes. */
export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}
export interface ProviderCall {
  params: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  /** The request body. */
  body: Buffer;
  token: string | undefined;
  /** The body as JSON. Throws `Refusal` for another content type. */
  json(): Record<string, unknown>;
}
export interface Endpoint {
  /** `GET /sites/:id`; a last `*` takes the rest, still encoded. */
  route: string;
  /** Supported query parameters; others are rejected. */
  query?: readonly string[];
  /** Whether the endpoint checks the token itself. */
  isOpen?: boolean;
  answer(call: ProviderCall): Reply | Promise<Reply>;
}

/** Thrown by endpoints to send this response. */
export class Refusal extends Error {
  readonly reply: Reply;
  constructor(reply: Reply) {
    super(JSON.stringify(reply.body));
    this.reply = reply;
  }
}

/** A fault for calls whose `METHOD /path` matches. */
export interface Trouble {
  on: RegExp;
  /** Number of calls. Default 1. */
  times?: number;
  /** Sent instead of the real response; with `after` the call is executed and only its response is lost. */
  reply?: Reply;
  after?: boolean;
  /** Executed, or answered, only when this resolves. */
  until?: Promise<unknown>;
  /** The connection breaks after this many bytes of the body. */
  cutAfterBytes?: number;
}

export interface Provider {
  /** `http://127.0.0.1:<port>`. */
  url: string;
  /** Every call: `METHOD /path` and its status; 0 for a broken connection. */
  calls: { call: string; status: number; headers: IncomingMessage["headers"]; at: number }[];
  /** Calls compared with the provider's published specification. A call that does not match is rejected and fails `close`. */
  published: Recorder;
  trouble(trouble: Trouble): void;
  /** Ends all faults. */
  settle(): void;
  /** Accepted tokens; the first exists from the start. */
  tokens: Set<string>;
  token: string;
  /** Serves a site over HTTP on its own port. */
  open(read: SiteReader): Promise<string>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A site's response to a path (decoded, with its leading slash). */
export type SiteReader = (path: string) => { status: number; body: Buffer; type: string } | undefined;

/** A provider's API on loopback: strict about paths, methods, queries, lengths and tokens. */
export async function startProvider({
  endpoints,
  denied,
  forbids,
  unknown,
  publishedAs,
  apiPath = "",
}: {
  endpoints: readonly Endpoint[];
  /** The response to an invalid or expired token. */
  denied: Reply;
  unknown: (what: string) => Reply;
  /** What a valid token may not do. */
  forbids?: (token: string, what: string) => Reply | undefined;
  publishedAs: PublishedProvider;
  /** Prefix of the specification's paths. */
  apiPath?: string;
}): Promise<Provider> {
  const published = recorderOf(publishedAs);
  const token = `tok_${randomBytes(12).toString("hex")}`;
  const tokens = new Set([token]);
  const calls: Provider["calls"] = [];
  const troubles: Trouble[] = [];
  const routes = endpoints.map((endpoint) => {
    const [method = "", path = ""] = endpoint.route.split(" ");
    const pattern = path
      .replace(/[.]/g, "\\.")
      .replace(/:(\w+)/g, "(?<$1>[^/]+)")
      .replace(/\*$/, "(?<rest>.+)");
    return { method, pattern: new RegExp(`^${pattern}$`), endpoint };
  });

  const troubleOf = (what: string): Trouble | undefined => {
    const found = troubles.find(({ on, times }) => on.test(what) && (times ?? 1) > 0);
    if (found) found.times = (found.times ?? 1) - 1;
    return found;
  };

  const compare = async (request: IncomingMessage, { pathname, searchParams: query }: URL, body: Buffer): Promise<string[]> => {
    const contentType = request.headers["content-type"];
    const path = pathname.startsWith(`${apiPath}/`) ? pathname.slice(apiPath.length) : pathname;
    const fields = contentType?.startsWith("multipart/form-data") ? await fieldsOfForm(contentType, body).catch(() => body) : body;
    return published.record({ method: request.method ?? "GET", path, query, contentType, body: fields });
  };
  const carryOut = async (request: IncomingMessage, url: URL, body: Buffer): Promise<Reply> => {
    const problems = await compare(request, url, body);
    if (problems.length > 0) return { status: 400, body: { message: `not as published: ${problems.join("; ")}` } };
    const known = routes.filter(({ pattern }) => pattern.test(url.pathname));
    const route = known.find(({ method }) => method === request.method);
    if (!route)
      return known.length > 0 ? { status: 405, body: { message: "method not allowed" } } : unknown(`${request.method} ${url.pathname}`);
    const { endpoint, pattern } = route;
    const given = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (!endpoint.isOpen && (given === undefined || !tokens.has(given))) return denied;
    const forbidden = !endpoint.isOpen && given !== undefined ? forbids?.(given, `${request.method} ${url.pathname}`) : undefined;
    if (forbidden) return forbidden;
    const odd = [...url.searchParams.keys()].find((key) => !(endpoint.query ?? []).includes(key));
    if (odd !== undefined) return { status: 400, body: { message: `unknown query parameter ${odd}` } };
    const declared = request.headers["content-length"];
    if (declared !== undefined && Number(declared) !== body.length)
      return { status: 400, body: { message: "content-length does not fit" } };
    const groups = pattern.exec(url.pathname)?.groups ?? {};
    const params = Object.fromEntries(
      Object.entries(groups).map(([key, value]) => [key, key === "rest" ? value : decodeURIComponent(value)]),
    );
    const json = () => {
      if (!/^application\/json\b/.test(request.headers["content-type"] ?? ""))
        throw new Refusal({ status: 415, body: { message: "application/json expected" } });
      return JSON.parse(body.toString()) as Record<string, unknown>;
    };
    try {
      return await endpoint.answer({ params, query: url.searchParams, headers: request.headers, body, token: given, json });
    } catch (error) {
      if (error instanceof Refusal) return error.reply;
      return { status: 400, body: { message: String(error) } };
    }
  };

  const send = (response: ServerResponse, { status, body, headers }: Reply) => {
    const isBytes = Buffer.isBuffer(body);
    response.writeHead(status, { ...(body !== undefined && !isBytes && { "content-type": "application/json" }), ...headers });
    response.end(body === undefined ? undefined : isBytes ? body : JSON.stringify(body));
  };

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://provider");
    const what = `${request.method} ${url.pathname}`;
    const note = (status: number) => calls.push({ call: what, status, headers: request.headers, at: Date.now() });
    const trouble = troubleOf(what);
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of request) {
      pieces.push(piece as Buffer);
      size += (piece as Buffer).length;
      if (trouble?.cutAfterBytes !== undefined && size >= trouble.cutAfterBytes) {
        note(0);
        return void request.socket.destroy();
      }
    }
    if (trouble?.cutAfterBytes !== undefined) {
      note(0);
      return void request.socket.destroy();
    }
    await trouble?.until;
    const real = trouble?.reply && !trouble.after ? undefined : await carryOut(request, url, Buffer.concat(pieces));
    const reply = trouble?.reply ?? real ?? { status: 500 };
    note(reply.status);
    send(response, reply);
  };

  const servers: Server[] = [];
  const listen = async (handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> => {
    const server = createServer(handle);
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const url = await listen((request, response) => void serve(request, response).catch(() => response.destroy()));
  const close = async () => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    published.verify();
  };
  return {
    url,
    calls,
    published,
    tokens,
    token,
    trouble: (trouble) => void troubles.push({ ...trouble, times: trouble.times ?? 1 }),
    settle: () => void (troubles.length = 0),
    open: (read) =>
      listen((request, response) => {
        const found = read(decodeURIComponent(new URL(request.url ?? "/", "http://site").pathname));
        if (!found) return void response.writeHead(404).end("not found");
        response.writeHead(found.status, { "content-type": found.type }).end(found.body);
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const types: Record<string, string> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  json: "application/json",
  svg: "image/svg+xml",
  png: "image/png",
  txt: "text/plain; charset=utf-8",
};
/** How static hosting responds; `fallback` is the file for unknown paths. */
export const staticSite =
  (files: () => ReadonlyMap<string, Buffer> | undefined, fallback: () => string | undefined): SiteReader =>
  (path) => {
    const known = files();
    if (!known) return undefined;
    const name = path.slice(1);
    const tries = [name, `${name}.html`, name === "" || name.endsWith("/") ? `${name}index.html` : `${name}/index.html`];
    const found = tries.find((candidate) => known.has(candidate)) ?? fallback();
    const body = found === undefined ? undefined : known.get(found);
    return body && { status: 200, body, type: types[found?.split(".").at(-1) ?? ""] ?? "application/octet-stream" };
  };

/** How builds proceed: the number of status requests until they end, and how they end. */
export interface BuildPlan {
  /** Status requests before the final state. Default 1. */
  polls?: number;
  /** The build fails with this reason. */
  error?: string;
  lines?: string[];
}
export const newId = (prefix: string) => `${prefix}${randomBytes(10).toString("hex")}`;
export const isText = (value: unknown): value is string => typeof value === "string";
