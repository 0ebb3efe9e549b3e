import { statfs } from "node:fs/promises";
import os from "node:os";
import { readMemory } from "./memory.ts";

export interface HostLoad {
  cpus: number;
  /** Load averages over 1, 5 and 15 minutes. */
  load: [number, number, number];
  memory_used_bytes: number;
  memory_total_bytes: number;
  /** The file system of the folder; blocks reserved for root do not count as free. */
  disk_used_bytes: number;
  disk_total_bytes: number;
  /** This process. */
  uptime_seconds: number;
  server_memory_bytes: number;
}

/** Load and free resources of this host or of this process's control group. */
export async function readHostLoad(folder: string): Promise<HostLoad> {
  const { bsize, blocks, bavail } = await statfs(folder);
  const memory = readMemory() ?? { usedBytes: os.totalmem() - os.freemem(), totalBytes: os.totalmem() };
  const [one = 0, five = 0, fifteen = 0] = os.loadavg();
  return {
    cpus: os.availableParallelism(),
    load: [one, five, fifteen],
    memory_used_bytes: memory.usedBytes,
    memory_total_bytes: memory.totalBytes,
    disk_used_bytes: bsize * (blocks - bavail),
    disk_total_bytes: bsize * blocks,
    uptime_seconds: Math.floor(process.uptime()),
    server_memory_bytes: process.memoryUsage.rss(),
  };
}
