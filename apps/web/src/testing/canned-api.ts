import {
  contract,
  errorCodes,
  inputOf,
  type Contract,
  type ErrorCode,
  type RouteEvent,
  type RouteOutput,
  type RouteSpec,
} from "@tesslate/contract";
import { conforming, sample } from "./sample.ts";

export type RouteName = { [G in keyof Contract & string]: `${G}.${keyof Contract[G] & string}` }[keyof Contract & string];
type RouteOf<N extends RouteName> = N extends `${infer G extends keyof Contract & string}.${infer R}`
  ? R extends keyof Contract[G]
    ? Contract[G][R] extends RouteSpec
      ? Contract[G][R]
      : never
    : never
  : never;

/** A request of the page. */
export interface Asked {
  params: Record<string, string>;
  query: URLSearchParams;
  /** JSON, or the form of an upload. */
  body: unknown;
  headers: Headers;
}
/** A response that is an error of the contract. */
export class Refusal {
  readonly code: ErrorCode;
  readonly more: { detail?: string; issues?: Record<string, string>; details?: Record<string, unknown>; retryAfter?: number };
  constructor(code: ErrorCode, more: Refusal["more"] = {}) {
    this.code = code;
    this.more = more;
  }
}
export const refuse = (code: ErrorCode, more?: Refusal["more"]): Refusal => new Refusal(code, more);

type Given<N extends RouteName> = (RouteOutput<RouteOf<N>> extends void ? void : Partial<RouteOutput<RouteOf<N>>>) | Refusal | Response;
export type CannedAnswer<N extends RouteName> = Given<N> | ((asked: Asked) => Given<N> | Promise<Given<N>>);

/** An event stream that the test feeds. */
export interface CannedStream<E> {
  /** Sends to every open connection. */
  send: (...events: E[]) => void;
  /** Ends the stream as the server does. */
  end: () => void;
  /** Breaks the connections. */
  cut: () => void;
  /** How often it was opened. */
  openings: () => number;
}

export interface CannedApi {
  /** Sets the response of a route from now on. An object needs only the fields that matter; the others get the smallest value that the contract allows. */
  answer: <N extends RouteName>(name: N, answer: CannedAnswer<N>) => void;
  /** Responses with empty lists, zeros and nulls. */
  blank: (...names: RouteName[]) => void;
  /** Every GET without a response of its own gets an empty one: for tests about one call of a page that makes many. */
  blankReads: () => void;
  /** Keeps requests waiting. The returned function responds to them, and to later ones. */
  hang: <N extends RouteName>(name: N) => (answer: CannedAnswer<N>) => void;
  /** Requests to this route fail as without a connection. */
  drop: (name: RouteName) => void;
  /** Responds with an event stream that the test sends to. `first`: sent to each connection when it opens. */
  stream: <N extends RouteName>(name: N, first?: readonly RouteEvent<RouteOf<N>>[]) => CannedStream<RouteEvent<RouteOf<N>>>;
  /** Requests to a route so far, oldest first. */
  asked: (name: RouteName) => readonly Asked[];
  fetch: typeof fetch;
  /** Requests without a response, and requests and responses that break the contract. They fail the test. */
  faults: () => readonly string[];
  /** Ends the test: later requests get no response. */
  close: () => void;
}

interface Entry {
  name: RouteName;
  spec: RouteSpec;
  pattern: RegExp;
  names: string[];
}

const table: readonly Entry[] = Object.entries(contract).flatMap(([group, routes]) =>
  Object.entries(routes as Record<string, RouteSpec>).map(([name, spec]) => {
    const names = [...spec.path.matchAll(/\{([^}]+)\}/g)].map(([, found = ""]) => found);
    const source = spec.path.replace(/[.]/g, "\\.").replace(/\{([^}]+)\}/g, (_, found: string) => (found === "path" ? "(.*)" : "([^/]+)"));
    return { name: `${group}.${name}` as RouteName, spec, pattern: new RegExp(`^${source}$`), names };
  }),
);
// `/templates` is matched before `/{id}`.
const bySpecificity = table.toSorted((a, b) => a.names.length - b.names.length);
const byName = new Map(table.map((entry) => [entry.name, entry]));
const specOf = (name: RouteName): RouteSpec => {
  const entry = byName.get(name);
  if (!entry) throw new Error(`The contract has no route ${name}.`);
  return entry.spec;
};

const never = () => new Promise<never>(() => undefined);
const whenAborted = (signal: AbortSignal | null | undefined) =>
  new Promise<never>((_, reject) => {
    const abort = () => reject(new DOMException("The request was aborted.", "AbortError"));
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
  });
const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

function refused({ code, more }: Refusal): Response {
  const { status } = errorCodes[code];
  const headers: Record<string, string> = more.retryAfter ? { "retry-after": String(more.retryAfter) } : {};
  if (more.issues)
    return json(422, { detail: Object.entries(more.issues).map(([field, msg]) => ({ loc: ["body", field], msg, type: "value_error" })) });
  return json(
    status,
    { detail: more.detail ?? `Refused: ${code}.`, code, request_id: "req-1", ...(more.details && { details: more.details }) },
    headers,
  );
}

/** The server of one test. Requests and responses are checked against the contract. */
export function createCannedApi(): CannedApi {
  const answers = new Map<RouteName, (asked: Asked, signal: AbortSignal | null | undefined) => Promise<Response>>();
  const calls = new Map<RouteName, Asked[]>();
  const faults: string[] = [];
  const writers = new Set<() => void>();
  let isOver = false;
  let isBlank = false;

  const rendered = (name: RouteName, given: unknown): Response => {
    if (given instanceof Refusal) return refused(given);
    if (given instanceof Response) return given;
    const spec = specOf(name);
    const status = typeof spec.status === "object" ? spec.status[0] : (spec.status ?? 200);
    if (status === 204 || !spec.response) return new Response(null, { status: 204 });
    const known = given as Record<string, unknown>;
    const counted = Array.isArray(known["items"]) ? { total: known["items"].length, page: 1, total_pages: 1, ...known } : known;
    try {
      return json(status, Array.isArray(given) ? conforming(spec.response, given, name) : sample(spec.response, counted as never));
    } catch (error) {
      faults.push(`${name}: ${(error as Error).message}`);
      return refused(refuse("internal_error"));
    }
  };
  const set = <N extends RouteName>(name: N, answer: CannedAnswer<N>) => {
    specOf(name);
    answers.set(name, async (asked) => rendered(name, typeof answer === "function" ? await answer(asked) : answer));
  };
  const fault = (why: string): Response => {
    if (!isOver) faults.push(why);
    return json(501, { detail: why, code: "internal_error" });
  };

  async function handle(url: string, init: RequestInit): Promise<Response> {
    if (isOver) return never();
    const address = new URL(url, location.origin);
    const method = init.method ?? "GET";
    const entry = bySpecificity.find(({ spec, pattern }) => spec.method === method && pattern.test(address.pathname));
    if (!entry) return fault(`${method} ${address.pathname} is no route of the contract.`);
    const { name, spec } = entry;
    const values = entry.pattern.exec(address.pathname)?.slice(1) ?? [];
    const asked: Asked = {
      params: Object.fromEntries(entry.names.map((param, index) => [param, decodeURIComponent(values[index] ?? "")])),
      query: address.searchParams,
      body: typeof init.body === "string" ? JSON.parse(init.body) : init.body,
      headers: new Headers(init.headers),
    };
    calls.set(name, [...(calls.get(name) ?? []), asked]);
    const answer = answers.get(name) ?? (isBlank && method === "GET" && !spec.kind ? async () => rendered(name, {}) : undefined);
    if (!answer) return fault(`${name} (${method} ${address.pathname}) was asked, and the test has no answer.`);
    const accepted = inputOf(spec);
    const names = Object.keys((accepted.query as { properties?: object } | undefined)?.properties ?? {});
    const unknown = [...address.searchParams.keys()].find((key) => !names.includes(key));
    if (unknown !== undefined && !spec.takesUnknown?.query) return fault(`The query of ${name} has no ${unknown}.`);
    if (accepted.body && typeof init.body === "string") {
      try {
        conforming(accepted.body, asked.body, `The body of ${name}`);
      } catch (error) {
        return fault((error as Error).message);
      }
    }
    return answer(asked, init.signal);
  }

  return {
    answer: set,
    blank: (...names) => {
      for (const name of names) set(name, {} as CannedAnswer<RouteName>);
    },
    blankReads: () => {
      isBlank = true;
    },
    hang: (name) => {
      let release: (answer: unknown) => void = () => undefined;
      const later = new Promise((resolve) => (release = resolve));
      answers.set(name, async (asked) => {
        const answer = await later;
        return rendered(name, typeof answer === "function" ? await answer(asked) : answer);
      });
      return (answer) => {
        set(name, answer);
        release(answer);
      };
    },
    drop: (name) => {
      answers.set(name, () => Promise.reject(new TypeError("Failed to fetch")));
    },
    stream: (name, first = []) => {
      const spec = specOf(name);
      const open = new Set<ReadableStreamDefaultController<Uint8Array>>();
      const encoder = new TextEncoder();
      let openings = 0;
      const line = (event: unknown) => {
        if (spec.events) conforming(spec.events, event, `An event of ${name}`);
        return encoder.encode(`data: ${JSON.stringify(event)}\n\n`);
      };
      const each = (callback: (controller: ReadableStreamDefaultController<Uint8Array>) => void, isLast: boolean) => {
        for (const controller of open) callback(controller);
        if (isLast) open.clear();
      };
      const end = () => each((controller) => controller.close(), true);
      writers.add(end);
      answers.set(name, async (_, signal) => {
        openings++;
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            open.add(controller);
            for (const event of first) controller.enqueue(line(event));
            signal?.addEventListener("abort", () => {
              if (!open.delete(controller)) return;
              controller.error(new DOMException("The request was aborted.", "AbortError"));
            });
          },
        });
        return new Response(body, { headers: { "content-type": "text/event-stream" } });
      });
      return {
        send: (...events) => {
          for (const event of events) each((controller) => controller.enqueue(line(event)), false);
        },
        end,
        cut: () => each((controller) => controller.error(new TypeError("network error")), true),
        openings: () => openings,
      };
    },
    asked: (name) => calls.get(name) ?? [],
    fetch: (input, init = {}) =>
      Promise.race([handle(input instanceof Request ? input.url : String(input), init), whenAborted(init.signal)]),
    faults: () => faults,
    close: () => {
      isOver = true;
      for (const end of writers) end();
    },
  };
}
