import type { AdminPodGroup, AdminRunner, AdminServer, ServerProblem } from "@tesslate/contract";

/** A clock that is this far from the database's makes times in logs and rows hard to compare, and breaks requests between servers at a minute. */
const clockToleranceMs = 2_000;

/** What differs between the servers and runners of an installation, or does not work, worst first. */
export function findServerProblems({
  servers,
  runners,
  pods,
}: {
  servers: readonly AdminServer[];
  runners: readonly AdminRunner[];
  pods: readonly AdminPodGroup[];
}): ServerProblem[] {
  const live = servers.filter(({ state }) => state !== "lost");
  const problems: ServerProblem[] = [];
  for (const { address, reached_by, missed_by, last_error } of runners.filter((runner) => runner.missed_by > 0))
    problems.push({
      kind: "runner_unreachable",
      message: messageOf(address, reached_by, missed_by, last_error),
      advice: last_error?.is_permanent
        ? "Waiting doesn't help: correct what the message names. Servers try again every half minute and connect without a restart."
        : "Check the runner's process, its machine and the network to it. Projects don't work until it is back.",
    });
  for (const { address } of servers.filter(({ state }) => state === "lost"))
    problems.push({
      kind: "lost",
      message: `The server ${nameOf(address)} ended without closing. Others have taken its projects.`,
      advice: "Look at its log and start it again. It is listed here for an hour.",
    });
  for (const { address } of live.filter(({ state }) => state === "late"))
    problems.push({
      kind: "heartbeat",
      message: `The heartbeat of the server ${nameOf(address)} is late.`,
      advice: "It is overloaded, stopped or can't reach the database. Others take its projects when its lease ends.",
    });
  const builds = countBuilds(live);
  if (builds.length > 1)
    problems.push({
      kind: "versions",
      message: `The servers run ${builds.length} versions: ${builds.map(({ label, count }) => `${label} (${count})`).join(", ")}.`,
      advice: "During an upgrade this is expected. Afterwards, restart the servers that run an older version.",
    });
  for (const { address, version } of runners) {
    if (version === null) continue;
    const others = [...new Set(live.map((server) => server.version))].filter((other) => other !== version);
    if (others.length === 0) continue;
    problems.push({
      kind: "runner_version",
      message: `The runner at ${address} runs ${version}; servers run ${others.join(", ")}.`,
      advice: "Upgrade the runner first, then the servers. Minor differences work.",
    });
  }
  const clocks = [
    ...live.map(({ address, clock_offset_ms }) => ({ name: `The clock of the server ${nameOf(address)}`, clock_offset_ms })),
    ...runners.map(({ address, clock_offset_ms }) => ({ name: `The clock of the runner at ${address}`, clock_offset_ms })),
  ];
  for (const { name, clock_offset_ms } of clocks)
    if (clock_offset_ms !== null && Math.abs(clock_offset_ms) > clockToleranceMs)
      problems.push({
        kind: "clock",
        message: `${name} is ${(Math.abs(clock_offset_ms) / 1000).toFixed(1)} s ${clock_offset_ms > 0 ? "ahead of" : "behind"} the database's.`,
        advice: "Synchronize the clocks of all machines with NTP. Servers refuse requests of each other at a difference of 60 s.",
      });
  const images = new Set(pods.flatMap(({ image }) => image ?? []));
  if (images.size > 1)
    problems.push({
      kind: "pods",
      message: `Pods run ${images.size} images.`,
      advice: "A pod gets the image of the server at its next start: after it was suspended, or deleted with kubectl.",
    });
  return problems;
}

function messageOf(address: string, reachedBy: number, missedBy: number, error: AdminRunner["last_error"]): string {
  // It names the runner itself.
  if (reachedBy === 0 && error?.is_permanent) return error.message;
  const reason = error ? ` ${error.message}` : "";
  if (reachedBy === 0) return `The runner at ${address} can't be reached.${reason}`;
  return `${missedBy === 1 ? "1 server" : `${missedBy} servers`} can't reach the runner at ${address}.${reason}`;
}

const nameOf = (address: string | null): string => (address === null ? "of this installation" : `at ${address}`);

/** Commits count only where the versions are the same: a release is one commit. */
function countBuilds(servers: readonly AdminServer[]): { label: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { version, revision } of servers) {
    const isAmbiguous = servers.some((other) => other.version === version && other.revision !== null && other.revision !== revision);
    const label = isAmbiguous && revision !== null ? `${version} (${revision.slice(0, 8)})` : version;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts].map(([label, count]) => ({ label, count }));
}
