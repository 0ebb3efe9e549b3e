import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { SystemStore } from "./system.store.ts";

export interface MetricsSources {
  store: SystemStore;
  pool: { totalCount: number; idleCount: number; waitingCount: number };
  /** Sandboxes that are there, whatever they do. */
  sandboxes(): Promise<number>;
  version: string;
}

/** What stands at `/metrics`, in a registry of its own. Requests are counted in this process; runs, tokens and jobs are the database's and the same in every process. */
export type Metrics = ReturnType<typeof createMetrics>;
export function createMetrics({ store, pool, sandboxes, version }: MetricsSources) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: "http_request_duration_seconds",
    help: "Duration of requests by route template, to the end of the answer; streams are left out",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const streams = new Counter({ name: "http_streams_total", help: "Event streams that ended", labelNames: ["route"], registers });
  new Gauge({ name: "studio_info", help: "Always 1", labelNames: ["version"], registers }).set({ version }, 1);
  const gauge = (name: string, help: string, labelNames: string[] = []) => new Gauge({ name, help, labelNames, registers });
  const poolUse = gauge("database_pool_connections", "Connections to the database by state", ["state"]);
  const waiting = gauge("database_pool_waiting", "Queries that wait for a connection");
  const tasks = gauge("studio_tasks", "Long operations that wait or go on, by type", ["type", "status"]);
  const runs = gauge("studio_runs", "Runs of the agent of the last 24 hours, by how they ended", ["status"]);
  const tokens = gauge("studio_model_tokens_total", "Tokens of model calls since the beginning", ["direction"]);
  const calls = gauge("studio_model_calls_total", "Model calls since the beginning");
  const jobs = gauge("studio_jobs", "Background jobs by state", ["state"]);
  const cells = gauge("studio_sandboxes", "Sandboxes that are there");
  const up = gauge("studio_source_up", "Whether a source of these numbers answered", ["source"]);

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
    /** The Prometheus text. A source that does not answer is told as one; the rest is there. */
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
