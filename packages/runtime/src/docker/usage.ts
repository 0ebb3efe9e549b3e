import type Docker from "dockerode";
import type { SandboxLocation } from "../host/process-isolation.ts";
import type { SandboxUsage } from "../types.ts";
import { groupOf, label, type DriverContext } from "./container-config.ts";
import { ignoreMissing } from "./engine.ts";

/** Of one container; `undefined` when it does not exist. */
export async function containerUsage(container: Docker.Container): Promise<SandboxUsage | undefined> {
  const stats = await container.stats({ stream: false, "one-shot": true }).catch(ignoreMissing);
  if (!stats) return undefined;
  const { usage = 0, stats: parts } = stats.memory_stats;
  return {
    memoryBytes: Math.max(0, usage - (parts?.total_inactive_file ?? parts?.inactive_file ?? 0)),
    cpuSeconds: stats.cpu_stats.cpu_usage.total_usage / 1e9,
    pids: stats.pids_stats?.current ?? 0,
  };
}

/** A sandbox's usage: its control group's accounting, otherwise the sum over its containers. */
export async function sandboxUsage({ docker, key, cgroups }: DriverContext, location: SandboxLocation): Promise<SandboxUsage> {
  if (cgroups.kind !== "none")
    return cgroups.names().includes(groupOf(location))
      ? cgroups.group(groupOf(location)).usage()
      : { memoryBytes: 0, cpuSeconds: 0, pids: 0 };
  const running = await docker.listContainers({ filters: { label: [`${label.key}=${key}`, `${label.sandbox}=${location.spec.id}`] } });
  const each = await Promise.all(
    running.filter(({ Labels }) => Labels[label.role] !== "pod").map(({ Id }) => containerUsage(docker.getContainer(Id))),
  );
  const sum = (field: keyof SandboxUsage) => each.reduce((total, usage) => total + (usage?.[field] ?? 0), 0);
  return { memoryBytes: sum("memoryBytes"), cpuSeconds: sum("cpuSeconds"), pids: sum("pids") };
}
