import type Docker from "dockerode";
import type { Place } from "../host/process-isolation.ts";
import { groupOf, label, type Walls } from "./container-config.ts";
import { ignoreGone } from "./engine.ts";

interface Usage {
  memoryBytes: number;
  cpuSeconds: number;
  pids: number;
}

/** What a sandbox uses: its group's account, else the sum of what its containers use now. */
export async function sandboxUsage({ docker, key, cgroups }: Walls, place: Place): Promise<Usage> {
  if (cgroups.kind !== "none")
    return cgroups.names().includes(groupOf(place)) ? cgroups.group(groupOf(place)).usage() : { memoryBytes: 0, cpuSeconds: 0, pids: 0 };
  const running = await docker.listContainers({ filters: { label: [`${label.key}=${key}`, `${label.sandbox}=${place.spec.id}`] } });
  const each = await Promise.all(
    running
      .filter(({ Labels }) => Labels[label.role] !== "pod")
      .map(({ Id }) => docker.getContainer(Id).stats({ stream: false, "one-shot": true }).catch(ignoreGone)),
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
