import type { IncomingHttpHeaders } from "node:http";
import type { TraceHeaders } from "../platform/traces.ts";

/** What a caller says of its trace. */
export function traceHeadersOf({ traceparent, tracestate }: IncomingHttpHeaders): TraceHeaders {
  return { ...(typeof traceparent === "string" && { traceparent }), ...(typeof tracestate === "string" && { tracestate }) };
}
