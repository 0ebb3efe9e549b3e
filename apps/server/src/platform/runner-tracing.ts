import type { ClientTracing, RunnerTracing } from "@tesslate/runtime";
import type { Traces, TraceHeaders } from "./traces.ts";
import { readBaggage, writeBaggage, type WorkContext } from "./work-context.ts";

/** Sends the trace and the ids of the caller with each call of a runner. Calls that belong to no trace get no span. */
export const createClientTracing = (traces: Traces | undefined, work: WorkContext): ClientTracing => ({
  begin: (method) => {
    const baggage = writeBaggage(work.ids());
    const more = { ...(baggage !== undefined && { baggage }) };
    if (!traces?.headers()) return { headers: more, fail: () => undefined, end: () => undefined };
    const facts = { "rpc.system": "studio-runner", "rpc.method": method };
    return traces.open(`runner ${method}`, "client", facts, (span) => ({ ...span, headers: { ...traces.headers(), ...more } }));
  },
});

/** Continues the trace of each call, with a span for the call and one for the driver's part, and logs with the caller's ids. */
export const createRunnerTracing = (traces: Traces | undefined, work: WorkContext): RunnerTracing => ({
  serve: (method, { traceparent, tracestate, baggage }, run) =>
    work.within(readBaggage(typeof baggage === "string" ? baggage : undefined), () => {
      const from: TraceHeaders = {
        ...(typeof traceparent === "string" && { traceparent }),
        ...(typeof tracestate === "string" && { tracestate }),
      };
      // A server that traces nothing sends no header: its calls begin no traces here.
      if (!traces || from.traceparent === undefined) return run(silent);
      return traces.open(method, "server", { "rpc.system": "studio-runner", "rpc.method": method }, run, { from });
    }),
  within: (method, run) => (traces?.headers() ? traces.open(`driver ${method}`, "internal", {}, run) : run(silent)),
});

const silent = { fail: () => undefined, end: () => undefined };
