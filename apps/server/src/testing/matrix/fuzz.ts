import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";
import { idParametersOf, sampleOf, type Listed } from "./routes.ts";
import { bodies, type MatrixWorld } from "./world.ts";

/** Seeded random numbers from 0 to 1. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
type Random = () => number;
const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

const deep = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);
const hostileTexts = [
  "\u0000",
  "a\u0000b",
  "\ud800",
  "x\udfffy",
  "",
  " ",
  "\u202e\u200b\ufeff",
  "😀".repeat(50),
  "a".repeat(5000),
  "a".repeat(300_000),
  "'; drop table users; --",
  "%s%n%x",
  "../../../../etc/passwd",
  "..\\..\\windows",
  "C:\\x",
  "-rf",
  "--upload-pack=touch /tmp/x",
  "$(id)`id`",
  "{{7*7}}${7*7}",
  "<script>alert(1)</script>",
  "file:///etc/passwd",
  "http://169.254.169.254/",
  "http://[::1",
  "javascript:alert(1)",
  "__proto__",
  "constructor",
  "null",
  "NaN",
  "9".repeat(400),
  "00000000-0000-4000-8000-00000000000g",
  "2026-02-31T00:00:00Z",
  "+275760-09-13T00:00:00.001Z",
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:60Z",
  "[a-z]+(a+)+$",
  "(",
  "\\",
  "**/*{",
  "é\u0301".normalize("NFD"),
  "\r\nx-injected: 1",
];
const hostileNumbers = [-1, 0, 1.5, 1e308, -1e308, 2 ** 31, 2 ** 53, 2 ** 63, Number.MIN_VALUE, -0, 1e21];
const hostileValues: unknown[] = [null, true, [], {}, [[]], { $ne: 1 }, ["a", null], { toString: 1 }, { length: -1 }];
const hostileValue = (random: Random): unknown => {
  const kind = random();
  return kind < 0.6 ? pick(random, hostileTexts) : kind < 0.8 ? pick(random, hostileNumbers) : pick(random, hostileValues);
};
/** As in a path or a query. */
const hostileParts = [
  "%00",
  "a%00b",
  "%ED%A0%80",
  "%ff%fe",
  "%",
  "%zz",
  "..%2f..%2fetc",
  "%2e%2e",
  "%5c..%5c",
  "%0d%0aset-cookie:%20a=b",
  "a".repeat(3000),
  "%F0%9F%98%80",
  "-1",
  "0",
  "99999999999999999999",
  "1e400",
  "__proto__",
  "constructor",
  "undefined",
  "%27%20or%201=1",
  "%20",
  ".",
  "..",
];
const hostileBodies = [
  "",
  "{",
  '{"a":',
  "[]",
  "null",
  "0",
  '"text"',
  "\ufeff{}",
  '{"a":1,"a":2}',
  "{'a':1}",
  "NaN",
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  deep(5000, "[", "]"),
  `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`,
  `{"name":"${"x".repeat(1_200_000)}"}`,
  '{"name":"\\u0000"}',
  '{"name":"\\ud800"}',
  "name=x&project_id=y",
  "--x\r\ncontent-disposition: form-data; name=file\r\n\r\n",
];
const contentTypes = [
  "text/plain",
  "text/plain; charset=utf-8",
  "application/xml",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "multipart/form-data; boundary=x",
  "application/json; charset=utf-16",
  "application/json;;;",
  "application/jsonp",
  "a/b/c",
  "",
];
const hostileHeaders: Record<string, string>[] = [
  { "if-match": '"' },
  { "if-match": "*" },
  { "if-none-match": "W/" },
  { range: "bytes=-0" },
  { range: "bytes=99999999999999999999-" },
  { range: "bytes=5-1,0-0,-" },
  { "last-event-id": "-1" },
  { "last-event-id": "99999999999999999999" },
  { "last-event-id": "\u00ff" },
  { accept: "application/xml" },
  { "accept-encoding": "identity;q=0" },
  { cookie: "tesslate_auth=%; a=%00; =; ;;" },
  { "x-forwarded-for": "not an address, 1.1.1.1" },
  { "x-forwarded-host": "evil.example" },
  { "content-encoding": "gzip" },
  { origin: "null" },
  { "x-csrf-token": "\u00e9" },
  { "x-http-method-override": "DELETE" },
];

export interface FuzzCase {
  route: string;
  method: string;
  target: string;
  headers: Record<string, string>;
  body: string | undefined;
}

/** A call that is invalid somewhere: path, query, body, content type or a header. */
export function fuzzCase(random: Random, { name, spec }: Listed, world: Pick<MatrixWorld, "at" | "named">): FuzzCase {
  const hasBody = spec.body !== undefined || spec.kind === "upload";
  const ways = ["path", "query", ...(hasBody ? ["field", "field", "field", "body", "type"] : []), "header"];
  const wrong = new Set([pick(random, ways), ...(random() < 0.3 ? [pick(random, ways)] : [])]);
  // Use nonexistent objects, so that nothing is really changed.
  const isRisky = spec.method === "DELETE" || (spec.method === "POST" && !wrong.has("body"));
  if (isRisky && !hasBody) wrong.add("path");
  const parameters = idParametersOf(spec);
  const bad = wrong.has("path") && parameters.length > 0 ? Math.floor(random() * parameters.length) : -1;
  const path = spec.path.replace(/\{([^}]+)\}/g, (match, key: string, index: number) => {
    const parameter = spec.path.slice(0, index + match.length);
    if (parameters.indexOf(parameter) === bad) return pick(random, hostileParts);
    if (key === "path") return "a/b.txt";
    return spec.method === "DELETE" ? randomUUID() : encodeURIComponent(world.at[parameter] ?? randomUUID());
  });
  const names = Object.keys((spec.query as { properties?: object } | undefined)?.properties ?? {});
  const query: string[] = [];
  const required = sampleOf(spec.query ?? {}, world.named);
  if (typeof required === "object" && required)
    for (const [key, value] of Object.entries(required)) query.push(`${key}=${encodeURIComponent(String(value))}`);
  if (wrong.has("query")) {
    const field = pick(random, [...names, "limit", "page", "skip", "__proto__", "constructor[prototype][x]", "a[]", "%00"]);
    const value =
      random() < 0.6 ? pick(random, hostileParts) : encodeURIComponent(pick(random, hostileTexts).toWellFormed().slice(0, 2000));
    query.push(`${field}=${value}`, ...(random() < 0.4 ? [`${field}=${pick(random, hostileParts)}`] : []));
  }
  let body: string | undefined;
  let type = "application/json";
  if (name === "mcpEndpoint.call") {
    const method = pick(random, ["initialize", "tools/call", "tools/list", "ping", "__proto__", ...hostileTexts]);
    const params = {
      name: pick(random, ["read_file", "list_projects", "write_file", "search_files", "\u0000"]),
      arguments: {
        project_id: world.named["project_id"],
        path: hostileValue(random),
        query: hostileValue(random),
        content: hostileValue(random),
      },
    };
    body = wrong.has("body") ? pick(random, hostileBodies) : JSON.stringify({ jsonrpc: "2.0", id: hostileValue(random), method, params });
  } else if (spec.body) {
    const valid = { ...(sampleOf(spec.body, world.named) as object), ...(bodies[name] as object | undefined) } as Record<string, unknown>;
    const fields = [...Object.keys((spec.body as { properties?: object }).properties ?? {}), "__proto__", "extra"];
    if (wrong.has("field"))
      for (let left = 1 + Math.floor(random() * 3); left > 0; left--) {
        const field = pick(random, fields);
        const known = valid[field];
        const value =
          typeof known === "object" && known !== null && !Array.isArray(known) && random() < 0.5
            ? { ...known, [pick(random, [...Object.keys(known), "\u0000"])]: hostileValue(random) }
            : Array.isArray(known) && random() < 0.5
              ? [...(known as unknown[]), hostileValue(random)]
              : hostileValue(random);
        Object.defineProperty(valid, field, { value, enumerable: true, configurable: true, writable: true });
      }
    body = wrong.has("body") ? pick(random, hostileBodies) : JSON.stringify(valid);
  }
  if (spec.kind === "upload") {
    const file = pick(random, ["a.txt", "\u0000", "../../x", "", "a".repeat(3000), "x\ud83d"]).toWellFormed();
    type = "multipart/form-data; boundary=BOUND";
    body = wrong.has("body")
      ? pick(random, hostileBodies)
      : `--BOUND\r\ncontent-disposition: form-data; name="${pick(random, ["file", "__proto__", "directory", ""])}"; filename="${file}"\r\ncontent-type: ${pick(random, contentTypes)}\r\n\r\n${pick(random, hostileTexts).toWellFormed()}\r\n--BOUND${pick(random, ["--", "", "--\r\n"])}`;
  }
  if (wrong.has("type")) type = pick(random, contentTypes);
  // Without this Accept header the MCP endpoint rejects the request before reading it.
  const accepts: Record<string, string> = name.startsWith("mcpEndpoint.") ? { accept: "application/json, text/event-stream" } : {};
  return {
    route: name,
    method: spec.method,
    target: `${path}${query.length > 0 ? `?${query.join("&")}` : ""}`,
    headers: { ...accepts, ...(body !== undefined && { "content-type": type }), ...(wrong.has("header") && pick(random, hostileHeaders)) },
    body,
  };
}

/** 5xx is allowed for unconfigured features and failed external services; any other is a bug. */
const allowed = new Set([
  "not_configured",
  "oauth_not_configured",
  "bad_gateway",
  "gateway_timeout",
  "payments_not_configured",
  "model_not_configured",
  "model_error",
]);

/** The problem with a response; `undefined` for any success or proper error. */
export async function faultOf(url: string, one: FuzzCase, bearer: string | undefined): Promise<string | undefined> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error("no answer within 20 s")), 20_000);
  const shown = `${one.method} ${one.target.slice(0, 300)} ${JSON.stringify(one.headers)} ${(one.body ?? "").slice(0, 400)}`;
  try {
    const response = await fetch(url + one.target, {
      method: one.method,
      redirect: "manual",
      signal: controller.signal,
      headers: { ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }), ...one.headers },
      ...(one.body !== undefined && { body: one.body }),
    });
    const isStream = (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
    const text = isStream || response.status < 400 ? "" : await response.text();
    controller.abort();
    if (response.status >= 500) {
      const { code } = JSON.parse(text) as { code?: string };
      if (!allowed.has(code ?? "")) return `${one.route} answered ${response.status} ${text.slice(0, 300)} to ${shown}`;
    }
    // The MCP endpoint uses JSON-RPC errors, and OAuth callbacks return a page.
    const isPage = one.route === "deploymentOauth.callback" && text.startsWith("<!doctype html>");
    if (response.status >= 400 && !isPage && !['{"jsonrpc":"2.0","error"', '{"detail":'].some((begin) => text.startsWith(begin)))
      return `${one.route} refused without our words (${response.status} ${text.slice(0, 200)}) ${shown}`;
    return undefined;
  } catch (error) {
    return `${one.route} did not answer (${String((error as Error).cause ?? error)}) ${shown}`;
  } finally {
    clearTimeout(timer);
  }
}

const hostileFrames: (string | Buffer)[] = [
  "",
  "{",
  "null",
  "[]",
  "0",
  '{"type":null}',
  '{"type":"__proto__"}',
  '{"type":"constructor","data":{}}',
  '{"__proto__":{"polluted":true}}',
  '{"type":"subscribe","after_seq":-1}',
  '{"type":"subscribe","after_seq":1e308}',
  '{"type":"subscribe","task_id":"\\u0000"}',
  '{"type":"message","data":{"message":"\\ud800"}}',
  '{"type":"message","message":"\\u0000"}',
  '{"type":"input","data":{}}',
  '{"type":"resize","cols":-1,"rows":1e9}',
  '{"type":"approval_response","approval_id":"x"}',
  '{"type":"cancel","task_id":[]}',
  deep(5000, "[", "]"),
  Buffer.from([0xff, 0xfe, 0x00]),
];
/** Sends every hostile frame over a socket. Returns the close code when the server failed. */
export async function socketFault(url: string, { name }: Listed, path: string, bearer: string): Promise<string | undefined> {
  const socket = new WebSocket(url.replace(/^http/, "ws") + path);
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("open", resolve));
  socket.send(JSON.stringify({ type: "auth", token: bearer }));
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  const pong = new Promise<undefined>((resolve) => socket.on("message", (data) => String(data).includes('"pong"') && resolve(undefined)));
  for (const frame of hostileFrames) socket.send(frame);
  socket.send('{"type":"ping"}');
  const code = await Promise.race([closed, pong]);
  socket.terminate();
  return code === 1011 || code === 1006 ? `${name} closed with ${code}` : undefined;
}
