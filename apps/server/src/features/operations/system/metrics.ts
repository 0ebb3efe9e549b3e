import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { SystemStore } from "./system.store.ts";

export interface PrometheusSources {
  store: SystemStore;
  pool: { totalCount: number; idleCount: number; waitingCount: number };
  /** Number of existing sandboxes. */
  sandboxes(): Promise<number>;
  version: string;
}

/** Prometheus metrics of `/metrics`. Requests are counted per process; runs, tokens and jobs come from the database and are the same in every process. */
export type PrometheusMetrics = ReturnType<typeof createPrometheusMetrics>;
export function createPrometheusMetrics({ store, pool, sandboxes, version }: PrometheusSources) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: "http_request_duration_seconds",
    help: "Duration of requests by route template, until the end of the response; streams are excluded",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const streams = new Counter({ name: "http_streams_total", help: "Event streams that ended", labelNames: ["route"], registers });
  new Gauge({ name: "studio_info", help: "Always 1", labelNames: ["version"], registers }).set({ version }, 1);
  const gauge = (name: string, help: string, labelNames: string[] = []) => new Gauge({ name, help, labelNames, registers });
  const poolUse = gauge("database_pool_connections", "Connections to the database by state", ["state"]);
  const waiting = gauge("database_pool_waiting", "Queries waiting for a connection");
  const tasks = gauge("studio_tasks", "Queued and running tasks by type", ["type", "status"]);
  const runs = gauge("studio_runs", "Agent runs of the last 24 hours by status", ["status"]);
  const tokens = gauge("studio_model_tokens_total", "Total tokens of model calls", ["direction"]);
  const calls = gauge("studio_model_calls_total", "Total model calls");
  const jobs = gauge("studio_jobs", "Background jobs by state", ["state"]);
  const cells = gauge("studio_sandboxes", "Existing sandboxes");
  const up = gauge("studio_source_up", "Whether a metrics source responded", ["source"]);

  const read = async (source: string, work: () => Promise<void>) => {
    try {
      await work();
      up.set({ source }, 1);
    } catch {
      up.set({ source }, 0);
    }
  };
  return {
    contentType: registry.contentType,
    request: (method: string, route: string, status: number, seconds: number): void =>
      requests.observe({ method, route, status: String(status) }, seconds),
    stream: (route: string): void => streams.inc({ route }),
    /** The metrics in Prometheus text format. A failed source is reported by `studio_source_up`. */
    text: async (): Promise<string> => {
      poolUse.set({ state: "idle" }, pool.idleCount);
      poolUse.set({ state: "busy" }, pool.totalCount - pool.idleCount);
      waiting.set(pool.waitingCount);
      await Promise.all([
        read("runtime", async () => cells.set(await sandboxes())),
        read("database", async () => {
          const numbers = await store.numbers();
          for (const one of [tasks, runs, jobs]) one.reset();
          for (const { type, status, count } of numbers.tasks) tasks.set({ type, status }, count);
          for (const { status, count } of numbers.runs) runs.set({ status }, count);
          for (const [state, count] of Object.entries(numbers.jobs)) jobs.set({ state }, count);
          tokens.set({ direction: "input" }, numbers.usage.input);
          tokens.set({ direction: "output" }, numbers.usage.output);
          calls.set(numbers.usage.calls);
        }),
      ]);
      return registry.metrics();
    },
  };
}
