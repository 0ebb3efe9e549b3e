import type { AdminPodGroup, AdminRunner, ServerState } from "@tesslate/contract";

export const serverLooks = {
  serving: { label: "Serving", tone: "ok", dot: "filled" },
  starting: { label: "Starting", tone: "info", dot: "half" },
  draining: { label: "Draining", tone: "info", dot: "half" },
  late: { label: "Heartbeat late", tone: "warn", dot: "half" },
  lost: { label: "Lost", tone: "err", dot: "square" },
} as const satisfies Record<ServerState, unknown>;

const runnerLooks = {
  connected: { label: "Connected", tone: "ok", dot: "filled" },
  partly: { label: "Partly reachable", tone: "warn", dot: "half" },
  unreachable: { label: "Unreachable", tone: "err", dot: "square" },
} as const;
export const lookOfRunner = ({ is_reachable, missed_by }: AdminRunner) =>
  is_reachable ? (missed_by > 0 ? runnerLooks.partly : runnerLooks.connected) : runnerLooks.unreachable;

export const podLooks = {
  running: { label: "Running", tone: "ok", dot: "filled" },
  starting: { label: "Starting", tone: "info", dot: "half" },
  ending: { label: "Ending", tone: "neutral", dot: "half" },
  suspended: { label: "Suspended", tone: "neutral", dot: "ring" },
} as const satisfies Record<AdminPodGroup["state"], unknown>;
