import { monitorEventLoopDelay } from "node:perf_hooks";

export interface ProcessLoad {
  memory_bytes: number;
  /** Of one core, since the last reading. */
  cpu_percent: number;
  /** 99th percentile since the last reading. */
  event_loop_delay_ms: number;
}

/** The histogram records how long its timer took, which is this much when nothing delays it. */
const resolutionMs = 50;

/** Load of this process between two readings. */
export function createProcessLoad() {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  let last = { at: performance.now(), cpu: process.cpuUsage() };
  return {
    read(): ProcessLoad {
      const now = { at: performance.now(), cpu: process.cpuUsage() };
      const microseconds = now.cpu.user + now.cpu.system - last.cpu.user - last.cpu.system;
      const elapsed = Math.max(1, now.at - last.at);
      last = now;
      const delay = delays.count === 0 ? 0 : delays.percentile(99) / 1e6 - resolutionMs;
      delays.reset();
      return {
        memory_bytes: process.memoryUsage.rss(),
        cpu_percent: Math.round(microseconds / elapsed) / 10,
        event_loop_delay_ms: Math.max(0, Math.round(delay * 10) / 10),
      };
    },
    close: () => void delays.disable(),
  };
}
