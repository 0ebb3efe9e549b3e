import { statfs } from "node:fs/promises";
import os from "node:os";
import { readMemory } from "./memory.ts";

export interface HostLoad {
  cpus: number;
  /** Means over 1, 5 and 15 minutes. */
  load: [number, number, number];
  memory_used_bytes: number;
  memory_total_bytes: number;
  /** Of the file system that the folder is on; what only root may fill does not count as free. */
  disk_used_bytes: number;
  disk_total_bytes: number;
  /** Of this process. */
  uptime_seconds: number;
  server_memory_bytes: number;
}

/** What this host, or the control group that this process is in, has to spare. */
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
