import type Docker from "dockerode";
import type { SandboxLocation } from "../host/process-isolation.ts";
import { groupOf, label, type DriverContext } from "./container-config.ts";
import { ignoreMissing } from "./engine.ts";

interface Usage {
  memoryBytes: number;
  cpuSeconds: number;
  pids: number;
}

/** A sandbox's usage: its control group's accounting, otherwise the sum over its containers. */
export async function sandboxUsage({ docker, key, cgroups }: DriverContext, location: SandboxLocation): Promise<Usage> {
  if (cgroups.kind !== "none")
    return cgroups.names().includes(groupOf(location))
      ? cgroups.group(groupOf(location)).usage()
      : { memoryBytes: 0, cpuSeconds: 0, pids: 0 };
  const running = await docker.listContainers({ filters: { label: [`${label.key}=${key}`, `${label.sandbox}=${location.spec.id}`] } });
  const each = await Promise.all(
    running
      .filter(({ Labels }) => Labels[label.role] !== "pod")
      .map(({ Id }) => docker.getContainer(Id).stats({ stream: false, "one-shot": true }).catch(ignoreMissing)),
  );
  const sum = (pick: (stats: Docker.ContainerStats) => number) => each.reduce((total, stats) => total + (stats ? pick(stats) : 0), 0);
  return {
    memoryBytes: sum(({ memory_stats: { usage = 0, stats } }) =>
      Math.max(0, usage - (stats?.total_inactive_file ?? stats?.inactive_file ?? 0)),
    ),
    cpuSeconds: sum(({ cpu_stats }) => cpu_stats.cpu_usage.total_usage / 1e9),
    pids: sum(({ pids_stats }) => pids_stats?.current ?? 0),
  };
}
