import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";

/** How a model call ended: `completed`, `aborted`, or what failed (`ModelErrorKind`, else the code of the `ModelError`). */
export interface MeasuredModelCall {
  /** A known provider, or `custom`. */
  provider: string;
  outcome: string;
  seconds: number;
  /** Until the first part of the reply; `undefined` if none came. */
  firstTokenSeconds: number | undefined;
  usage: { tokens_in: number; tokens_out: number; tokens_cached: number } | null;
}

/**
 * Counts and durations of what this process does, for Prometheus. Recording costs no I/O. A label has few values: never an id, an address or a
 * name that a person chooses.
 */
export interface Measurements {
  /** Also for gauges that are read at each scrape. */
  registry: Registry;
  request(one: { method: string; route: string; status: number; seconds: number }): void;
  /** An error response; `code`: of the contract, or `validation_error`. */
  refused(code: string): void;
  /** An event stream or a socket was opened. Returns what to call once when it is closed. */
  connected(one: { kind: "stream" | "socket"; route: string; userId: string | undefined }): () => void;
  modelCall(call: MeasuredModelCall): void;
  /** A long operation that ended in this process. `outcome`: its status, or `interrupted`. Agent runs are the type `agent_execution`. */
  task(one: { type: string; outcome: string; seconds: number }): void;
  /** A snapshot was copied to the object store, or the copies of a project failed. */
  snapshotCopy(outcome: "completed" | "failed", bytes: number): void;
  /** Streams and sockets that are open now. */
  open(): { streams: number; sockets: number };
  /** A request to a preview. */
  previewRequest(status: number): void;
  /** A request to a preview that waited for its project to start. */
  previewWait(seconds: number): void;
}

export function createMeasurements(version: string): Measurements {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({ name: "studio_info", help: "Always 1", labelNames: ["version"], registers }).set({ version }, 1);
  const requests = new Histogram({
    name: "http_request_duration_seconds",
    help: "Duration of requests by route template, until the end of the response; streams are excluded",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const errors = new Counter({ name: "http_errors_total", help: "Error responses by code", labelNames: ["code"], registers });
  const open = {
    stream: new Gauge({ name: "http_streams_open", help: "Open event streams", labelNames: ["route"], registers }),
    socket: new Gauge({ name: "http_sockets_open", help: "Open WebSockets", labelNames: ["route"], registers }),
  };
  const opened = {
    stream: new Counter({ name: "http_streams_total", help: "Event streams that were opened", labelNames: ["route"], registers }),
    socket: new Counter({ name: "http_sockets_total", help: "WebSockets that were opened", labelNames: ["route"], registers }),
  };
  const openNow = { stream: 0, socket: 0 };
  /** Open streams and sockets of each user. */
  const connections = new Map<string, number>();
  new Gauge({
    name: "studio_users_connected",
    help: "Signed-in users with an open event stream or WebSocket",
    registers,
    collect() {
      this.set(connections.size);
    },
  });
  const modelCalls = new Histogram({
    name: "studio_model_call_duration_seconds",
    help: "Duration of model calls, by provider and outcome; each attempt is a call",
    labelNames: ["provider", "outcome"],
    buckets: [0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320],
    registers,
  });
  const firstTokens = new Histogram({
    name: "studio_model_first_token_seconds",
    help: "Time from a model call to the first part of its reply",
    labelNames: ["provider"],
    buckets: [0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64],
    registers,
  });
  const tokens = new Counter({
    name: "studio_model_tokens_total",
    help: "Tokens of model calls as reported by the provider; direction is input, cached or output, and input excludes cached",
    labelNames: ["provider", "direction"],
    registers,
  });
  const tasks = new Histogram({
    name: "studio_task_duration_seconds",
    help: "Duration of long operations that ended, by type and outcome",
    labelNames: ["type", "outcome"],
    buckets: [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600],
    registers,
  });
  const previews = new Counter({
    name: "studio_preview_requests_total",
    help: "Requests to previews by class of status",
    labelNames: ["status"],
    registers,
  });
  const waits = new Histogram({
    name: "studio_preview_wait_seconds",
    help: "How long requests to previews waited for their project to start",
    buckets: [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64],
    registers,
  });

  const copies = new Counter({
    name: "studio_snapshot_copies_total",
    help: "Copies of snapshots to the file storage by outcome",
    labelNames: ["outcome"],
    registers,
  });
  const copiedBytes = new Counter({ name: "studio_snapshot_copied_bytes_total", help: "Size of the copies of snapshots", registers });

  return {
    registry,
    request: ({ method, route, status, seconds }) => requests.observe({ method, route, status: String(status) }, seconds),
    refused: (code) => errors.inc({ code }),
    connected: ({ kind, route, userId }) => {
      const count = (by: 1 | -1) => {
        open[kind].inc({ route }, by);
        openNow[kind] += by;
        if (userId === undefined) return;
        const left = (connections.get(userId) ?? 0) + by;
        if (left > 0) connections.set(userId, left);
        else connections.delete(userId);
      };
      opened[kind].inc({ route });
      count(1);
      return () => count(-1);
    },
    open: () => ({ streams: openNow.stream, sockets: openNow.socket }),
    modelCall: ({ provider, outcome, seconds, firstTokenSeconds, usage }) => {
      modelCalls.observe({ provider, outcome }, seconds);
      if (firstTokenSeconds !== undefined) firstTokens.observe({ provider }, firstTokenSeconds);
      if (!usage) return;
      tokens.inc({ provider, direction: "input" }, Math.max(0, usage.tokens_in - usage.tokens_cached));
      tokens.inc({ provider, direction: "cached" }, usage.tokens_cached);
      tokens.inc({ provider, direction: "output" }, usage.tokens_out);
    },
    task: ({ type, outcome, seconds }) => tasks.observe({ type, outcome }, seconds),
    snapshotCopy: (outcome, bytes) => {
      copies.inc({ outcome });
      copiedBytes.inc(bytes);
    },
    // The status is the app's own, which can be any number.
    previewRequest: (status) => previews.inc({ status: status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : "other" }),
    previewWait: (seconds) => waits.observe(seconds),
  };
}
