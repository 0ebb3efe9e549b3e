import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { TestApp } from "../app.ts";
import { idFieldsOf, idParametersOf, isFixed, sampleOf, type Listed } from "./routes.ts";
import { bodies } from "./world.ts";

/** Ids for path parameters and fields. */
export interface Ids {
  at: Record<string, string>;
  /** Optional fields to send besides the required ones. */
  fields?: Record<string, string>;
  /** For fields that must be there. */
  named: Record<string, string>;
}
export interface Credentials {
  bearer?: string;
  cookie?: string;
  headers?: Record<string, string>;
}
export interface CallOutcome {
  /** HTTP status; for a socket its close code, or 101 when it stayed open and responded. */
  status: number;
  code: string | undefined;
  body: string;
  authenticate: string | null;
}

/** Ids of nonexistent objects. */
export const nowhere = ({ at, named }: Pick<Ids, "at" | "named">): Ids => ({
  at: Object.fromEntries(
    Object.entries(at).map(([parameter, id]) => [
      parameter,
      isFixed(parameter) ? id : /^[0-9a-f-]{36}$/.test(id) ? randomUUID() : `no-such-${id}`,
    ]),
  ),
  named: Object.fromEntries(Object.keys(named).map((field) => [field, randomUUID()])),
});

const pathOf = ({ path }: Listed["spec"], at: Ids["at"]) =>
  path.replace(/\{([^}]+)\}/g, (match, name: string, index: number) => {
    if (name === "path") return "a/b.txt";
    const id = at[path.slice(0, index + match.length)];
    if (id === undefined) throw new Error(`no object for ${path.slice(0, index + match.length)}`);
    return encodeURIComponent(id);
  });

/** Calls a route with a query and, by default, a valid body. Streams are closed as soon as they start. */
export async function callRoute(
  app: Pick<TestApp, "url">,
  { name, spec }: Listed,
  ids: Ids,
  who: Credentials,
  given?: unknown,
  /** Additional fields, also unknown ones. */
  added: { query?: Record<string, string>; body?: Record<string, unknown> } = {},
): Promise<CallOutcome> {
  const path = pathOf(spec, ids.at);
  if (spec.kind === "socket") return callSocket(app, path, who);
  const fields = idFieldsOf(spec);
  const extra = (where: "body" | "query") =>
    Object.fromEntries(
      fields
        .filter((f) => f.where === where && ids.fields?.[f.field] !== undefined)
        .map((f) => [f.field, f.isList ? [ids.fields?.[f.field]] : ids.fields?.[f.field]]),
    );
  const required = Object.fromEntries(fields.filter((f) => f.isRequired).map((f) => [f.field, ids.named[f.field]]));
  const query = new URLSearchParams({
    ...(spec.query && (sampleOf(spec.query, required) as Record<string, string>)),
    ...(extra("query") as Record<string, string>),
    ...added.query,
  });
  const own = bodies[name] as Record<string, unknown> | undefined;
  const valid = own
    ? { ...own, ...Object.fromEntries(Object.entries(required).filter(([field]) => field in own)) }
    : spec.body
      ? (sampleOf(spec.body, required) as object)
      : undefined;
  const body = added.body ? { ...valid, ...added.body } : valid;
  const form = new FormData();
  for (const [field, value] of Object.entries(added.body ?? {})) form.append(field, String(value));
  form.append("file", new File(["text"], "text.txt", { type: "text/plain" }));
  const controller = new AbortController();
  const response = await fetch(`${app.url}${path}${query.size > 0 ? `?${query.toString()}` : ""}`, {
    method: spec.method,
    redirect: "manual",
    signal: controller.signal,
    headers: {
      ...(who.bearer !== undefined && { authorization: `Bearer ${who.bearer}` }),
      ...(who.cookie !== undefined && { cookie: who.cookie }),
      ...(body && spec.kind !== "upload" && { "content-type": "application/json" }),
      ...who.headers,
    },
    ...(body && spec.kind !== "upload" && { body: JSON.stringify(given ?? { ...body, ...extra("body") }) }),
    ...(spec.kind === "upload" && { body: form }),
  });
  const isStream = (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
  const text = isStream ? "" : await response.text();
  controller.abort();
  return {
    status: response.status,
    code: codeOf(text),
    body: text,
    authenticate: response.headers.get("www-authenticate"),
  };
}
const codeOf = (text: string): string | undefined => {
  try {
    const code: unknown = (JSON.parse(text) as { code?: unknown } | null)?.code;
    return typeof code === "string" ? code : undefined;
  } catch {
    return undefined;
  }
};

async function callSocket(app: Pick<TestApp, "url">, path: string, { bearer, cookie, headers }: Credentials): Promise<CallOutcome> {
  const socket = new WebSocket(app.url.replace(/^http/, "ws") + path, { headers: { ...(cookie !== undefined && { cookie }), ...headers } });
  const frames: string[] = [];
  socket.on("error", () => undefined);
  const outcome = await new Promise<number>((resolve) => {
    socket.on("open", () => {
      socket.send(JSON.stringify(bearer === undefined ? {} : { type: "auth", token: bearer }));
      socket.send(JSON.stringify({ type: "ping" }));
    });
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data)) as { type: string };
      frames.push(String(data));
      // Authenticated, but access is not decided yet.
      if (frame.type !== "error" && frame.type !== "authenticated") resolve(101);
    });
    socket.on("close", (code) => resolve(code));
    void sleep(15_000, undefined, { ref: false }).then(() => resolve(0));
  });
  socket.close();
  return {
    status: outcome,
    code: (JSON.parse(frames.at(-1) ?? "{}") as { data?: { code?: string } }).data?.code,
    body: outcome === 101 ? "" : frames.join("\n"),
    authenticate: null,
  };
}

/** Own ids up to the n-th parameter, foreign ones after it. */
export const mixed = (spec: Listed["spec"], mine: Ids["at"], theirs: Ids["at"], from: number): Ids["at"] =>
  Object.fromEntries(idParametersOf(spec).map((parameter, i) => [parameter, (i < from ? mine : theirs)[parameter] ?? ""]));
