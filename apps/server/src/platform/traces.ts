import { AsyncLocalStorage } from "node:async_hooks";
import type { Attributes, Context, Span as ApiSpan } from "@opentelemetry/api";
import type pg from "pg";

/** Span attributes: names, counts, sizes, codes. Never content of users or models, secrets or query parameters. */
export type SpanFacts = Attributes;
export interface Span {
  set(facts: SpanFacts): void;
  /** Error code or name. */
  fail(code: string): void;
  end(): void;
}
/** Of W3C Trace Context. */
export interface TraceHeaders {
  traceparent?: string;
  tracestate?: string;
}
export interface SpanOrigin {
  /** Trace headers of the caller, to continue its trace. */
  from?: TraceHeaders;
  /** Begins a trace of its own that refers to these (`traceparent`). */
  links?: readonly string[];
}
export interface Traces {
  /** Runs `work` in a span, the parent of spans started inside. A throw marks it failed. */
  within<T>(name: string, facts: SpanFacts, work: (span: Span) => Promise<T>, kind?: SpanKind): Promise<T>;
  /** The same, but the caller ends the span. */
  open<T>(name: string, kind: SpanKind, facts: SpanFacts, run: (span: Span) => T, origin?: SpanOrigin): T;
  /** Of the span that runs now, for calls of other processes. Undefined outside of any. */
  headers(): TraceHeaders | undefined;
  /** Flushes pending spans. */
  close(): Promise<void>;
}

type SpanKind = "server" | "client" | "internal" | "consumer";

/** From the standard OTEL_* variables. */
export interface TracesConfig {
  /** Full URL, including `/v1/traces`. */
  url: string;
  protocol: "http/protobuf" | "http/json";
  headers?: { reveal(): string };
  serviceName: string;
  /** Resource attributes as `key=value` pairs. */
  attributes: string;
  /** Sampling ratio, 0 to 1. */
  ratio: number;
  /** Export interval. */
  delayMs: number;
}

const callerRule = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** `key=value,key2=value2` of the OTEL_* variables, percent-encoded. */
const readPairs = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split(",")
      .map((pair) => pair.split("="))
      .filter((parts) => parts.length > 1)
      .map(([key = "", ...value]) => [key.trim(), decodeURIComponent(value.join("=").trim())]),
  );

/**
 * Traces over OTLP/HTTP with the official SDK, loaded only when enabled. It does not use the SDK's globals, so that several servers in one process
 * are independent.
 */
export async function startTraces(config: TracesConfig | undefined, version: string): Promise<Traces | undefined> {
  if (!config) return undefined;
  const [api, sdk, { resourceFromAttributes }, { OTLPTraceExporter }] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/sdk-trace"),
    import("@opentelemetry/resources"),
    config.protocol === "http/json"
      ? import("@opentelemetry/exporter-trace-otlp-http")
      : import("@opentelemetry/exporter-trace-otlp-proto"),
  ]);
  const exporter = new OTLPTraceExporter({ url: config.url, headers: readPairs(config.headers?.reveal() ?? "") });
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ "service.name": config.serviceName, "service.version": version, ...readPairs(config.attributes) }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(config.ratio) }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter, scheduledDelayMillis: config.delayMs })],
  });
  const tracer = provider.getTracer("tesslate-studio", version);
  const here = new AsyncLocalStorage<Context>();
  const kinds = {
    server: api.SpanKind.SERVER,
    client: api.SpanKind.CLIENT,
    internal: api.SpanKind.INTERNAL,
    consumer: api.SpanKind.CONSUMER,
  };

  const viewOf = (span: ApiSpan): Span => ({
    set: (facts) => void span.setAttributes(facts),
    fail: (code) => void span.setAttribute("error.type", code).setStatus({ code: api.SpanStatusCode.ERROR }),
    end: () => span.end(),
  });
  /** W3C Trace Context; honours the caller's sampling decision. */
  const remote = ({ traceparent = "", tracestate }: TraceHeaders) => {
    const [, version, traceId = "", spanId = "", flags = "", rest = ""] = callerRule.exec(traceparent.trim()) ?? [];
    const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & api.TraceFlags.SAMPLED, isRemote: true };
    if (version === undefined || version === "ff" || (version === "00" && rest !== "") || !api.isSpanContextValid(context))
      return undefined;
    const state = tracestate === undefined ? undefined : api.createTraceState(tracestate.slice(0, 512));
    return api.trace.setSpanContext(api.ROOT_CONTEXT, { ...context, ...(state && { traceState: state }) });
  };
  const open: Traces["open"] = (name, kind, facts, run, { from, links } = {}) => {
    const parent = links ? api.ROOT_CONTEXT : ((from && remote(from)) ?? here.getStore() ?? api.ROOT_CONTEXT);
    const linked = (links ?? []).flatMap((traceparent) => {
      const found = remote({ traceparent });
      const context = found && api.trace.getSpanContext(found);
      return context ? { context } : [];
    });
    const span = tracer.startSpan(name, { kind: kinds[kind], attributes: facts, links: linked }, parent);
    return here.run(api.trace.setSpan(parent, span), () => run(viewOf(span)));
  };
  const headers = (): TraceHeaders | undefined => {
    const span = here.getStore();
    const context = span && api.trace.getSpanContext(span);
    if (!context) return undefined;
    const flags = (context.traceFlags & api.TraceFlags.SAMPLED).toString(16).padStart(2, "0");
    const tracestate = context.traceState?.serialize();
    return { traceparent: `00-${context.traceId}-${context.spanId}-${flags}`, ...(tracestate && { tracestate }) };
  };
  return {
    open,
    headers,
    within: (name, facts, work, kind = "internal") =>
      open(name, kind, facts, async (span) => {
        try {
          return await work(span);
        } catch (error) {
          span.fail(error instanceof Error ? ("code" in error ? String(error.code) : error.name) : "unknown");
          throw error;
        } finally {
          span.end();
        }
      }),
    close: () => provider.shutdown(),
  };
}

const verbs =
  /^\s*(?:\/\*.*?\*\/\s*)?(select|insert|update|delete|begin|commit|rollback|savepoint|release|listen|notify|with|set|create|alter|lock)\b/i;
const tables = /\b(?:from|into|update)\s+(?:only\s+)?"?([a-z_][a-z0-9_.]*)"?/i;
/** Span name of a statement: verb and table, e.g. `select users`. */
export const summaryOf = (text: string): string =>
  [verbs.exec(text)?.[1]?.toLowerCase() ?? "query", tables.exec(text)?.[1]].filter(Boolean).join(" ");

/** Creates a span for every statement of this connection. */
export function traceQueries(client: pg.ClientBase, traces: Traces): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  const traced = (...args: unknown[]): unknown => {
    const first = args[0];
    const text =
      typeof first === "string" ? first : typeof first === "object" && first !== null && "text" in first ? String(first.text) : "";
    const summary = summaryOf(text);
    return traces.open(summary, "client", { "db.system.name": "postgresql", "db.query.summary": summary }, (span) => {
      const done = (error: unknown) => {
        if (error) span.fail(typeof error === "object" && "code" in error ? String(error.code) : "error");
        span.end();
      };
      const callback = args.at(-1);
      if (typeof callback === "function")
        return query(...args.slice(0, -1), (error: unknown, result: unknown) => {
          done(error);
          (callback as (error: unknown, result: unknown) => void)(error, result);
        });
      const answer = query(...args);
      if (answer instanceof Promise) answer.then(() => done(undefined), done);
      else done(undefined);
      return answer;
    });
  };
  client.query = traced as typeof client.query;
}
