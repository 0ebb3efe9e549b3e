import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface ReceivedSpan {
  trace_id: string;
  span_id: string;
  parent_id: string | undefined;
  name: string;
  /** 1 internal, 2 server, 3 client, 5 consumer. */
  kind: number;
  attributes: Record<string, unknown>;
  isFailed: boolean;
  /** Spans of other traces that it refers to. */
  links: { trace_id: string; span_id: string }[];
  resource: Record<string, unknown>;
}
export interface OtlpReceiver extends AsyncDisposable {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string;
  /** From JSON exports, in order of arrival. */
  spans: ReceivedSpan[];
  /** Path, headers and raw body of every request. */
  requests: { path: string; headers: NodeJS.Dict<string | string[]>; body: Buffer }[];
  close(): Promise<void>;
}
interface Value {
  stringValue?: string;
  intValue?: number | string;
  doubleValue?: number;
  boolValue?: boolean;
  arrayValue?: { values: Value[] };
}
interface Export {
  resourceSpans: {
    resource: { attributes: { key: string; value: Value }[] };
    scopeSpans: {
      spans: {
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        name: string;
        kind: number;
        attributes: { key: string; value: Value }[];
        status?: { code?: number };
        links?: { traceId: string; spanId: string }[];
      }[];
    }[];
  }[];
}
const plain = (value: Value): unknown =>
  value.stringValue ??
  (value.intValue === undefined ? undefined : Number(value.intValue)) ??
  value.doubleValue ??
  value.boolValue ??
  value.arrayValue?.values.map(plain);
const factsOf = (attributes: { key: string; value: Value }[] = []) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]));

/** A collector for OTLP/HTTP: parses JSON and stores protobuf as it is. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const requests: OtlpReceiver["requests"] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const pieces: Buffer[] = [];
      for await (const chunk of request) pieces.push(chunk as Buffer);
      const body = Buffer.concat(pieces);
      requests.push({ path: request.url ?? "", headers: request.headers, body });
      const isJson = request.headers["content-type"] === "application/json";
      if (isJson)
        for (const { resource, scopeSpans } of (JSON.parse(body.toString("utf8")) as Export).resourceSpans)
          for (const span of scopeSpans.flatMap((scope) => scope.spans))
            spans.push({
              trace_id: span.traceId,
              span_id: span.spanId,
              parent_id: span.parentSpanId || undefined,
              name: span.name,
              kind: span.kind,
              attributes: factsOf(span.attributes),
              isFailed: span.status?.code === 2,
              links: (span.links ?? []).map(({ traceId, spanId }) => ({ trace_id: traceId, span_id: spanId })),
              resource: factsOf(resource.attributes),
            });
      response.writeHead(200, { "content-type": isJson ? "application/json" : "application/x-protobuf" }).end(isJson ? "{}" : undefined);
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, requests, close, [Symbol.asyncDispose]: close };
}
