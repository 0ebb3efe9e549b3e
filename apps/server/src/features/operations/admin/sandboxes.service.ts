import { setTimeout as sleep } from "node:timers/promises";
import type { AdminSandbox, List } from "@tesslate/contract";
import type { RuntimeDriver, Sandbox } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { isDeploymentSandbox } from "../../delivery/deployments/index.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { AdminProjectsStore } from "./projects.store.ts";

interface Sample {
  at: number;
  cpuSeconds: number;
}
/** Usage is measured at this interval while there are watchers; state changes are sent at once. */
const measureEveryMs = 5_000;
/** Bursts of state changes are sent as one update. */
const settleMs = 250;
/** Interval between the first two samples of a sandbox. */
const firstLookMs = 250;
const sampleLifeMs = 60_000;

/** Running sandboxes of this server with their resource usage. */
export type AdminSandboxes = ReturnType<typeof createAdminSandboxes>;
export function createAdminSandboxes({
  store,
  runtime,
  projects,
  isAdministrator,
  log,
}: {
  store: Pick<AdminProjectsStore, "ownersOf">;
  runtime: RuntimeDriver;
  projects: Pick<Projects, "peekSandbox" | "onServiceState">;
  /** Rechecked before every update of a stream. */
  isAdministrator: (userId: string) => Promise<boolean>;
  log: Logger;
}) {
  const samples = new Map<string, Sample>();
  const watchers = new Set<() => void>();
  projects.onServiceState(() => {
    for (const wake of watchers) wake();
  });

  /** Sandboxes with a running service, command or terminal. */
  const living = async (): Promise<Sandbox[]> => {
    const found = await Promise.all(
      (await runtime.list()).map(async ({ id, services }) => {
        // Skip sandboxes of deployments.
        if (isDeploymentSandbox(id)) return undefined;
        const isUp = services.some(({ state }) => state === "running" || state === "starting" || state === "frozen");
        const sandbox = isUp ? await runtime.find(id) : await projects.peekSandbox(id)?.catch(() => undefined);
        if (!sandbox) return undefined;
        return isUp || (await sandbox.usage()).pids > 0 ? sandbox : undefined;
      }),
    );
    return found.filter((sandbox) => sandbox !== undefined);
  };
  const cpuOf = (id: string, cpuSeconds: number): number | undefined => {
    const now = performance.now();
    const before = samples.get(id);
    samples.set(id, { at: now, cpuSeconds });
    if (!before || now - before.at > sampleLifeMs || now === before.at) return undefined;
    return Math.max(0, Math.round(((cpuSeconds - before.cpuSeconds) / (now - before.at)) * 1e6) / 10);
  };
  const read = async (): Promise<AdminSandbox[]> => {
    const sandboxes = await living();
    const owners = new Map((await store.ownersOf(sandboxes.map(({ id }) => id))).map((row) => [row.id, row]));
    const known = sandboxes.filter(({ id }) => owners.has(id));
    for (const id of samples.keys()) if (!owners.has(id)) samples.delete(id);
    const isCounted = runtime.can.limits;
    if (isCounted && known.some(({ id }) => !samples.has(id))) {
      for (const sandbox of known) if (!samples.has(sandbox.id)) cpuOf(sandbox.id, (await sandbox.usage()).cpuSeconds);
      await sleep(firstLookMs);
    }
    const rows = await Promise.all(
      known.map(async (sandbox): Promise<AdminSandbox | undefined> => {
        const owner = owners.get(sandbox.id);
        if (!owner) return undefined;
        try {
          const { memoryBytes, cpuSeconds, pids } = await sandbox.usage();
          const services = (await sandbox.services()).filter(({ status }) => status !== "stopped");
          const started = Math.min(...services.flatMap(({ startedAt }) => startedAt ?? []));
          return {
            ...owner,
            services: services.map(({ name, status }) => ({ name, status })),
            memory_bytes: isCounted ? memoryBytes : null,
            cpu_percent: isCounted ? (cpuOf(sandbox.id, cpuSeconds) ?? null) : null,
            processes: isCounted ? pids : null,
            started_at: Number.isFinite(started) ? new Date(started).toISOString() : null,
          };
        } catch (err) {
          // The sandbox may have ended during the measurement.
          log.debug({ err, project_id: sandbox.id }, "sandbox not measured");
          return undefined;
        }
      }),
    );
    return rows
      .filter((row) => row !== undefined)
      .toSorted(
        (a, b) => (b.memory_bytes ?? 0) - (a.memory_bytes ?? 0) || a.project_name.localeCompare(b.project_name) || a.id.localeCompare(b.id),
      );
  };

  return {
    list: async (query: PageQuery): Promise<List<AdminSandbox>> => {
      const page = pageOf(query);
      const all = await read();
      return page.envelope(all.slice(page.offset, page.offset + page.limit), all.length);
    },
    /** Yields all sandboxes now, after every state change, and every 5 s. Ends when the watcher is no longer an administrator. */
    async *follow(userId: string, signal: AbortSignal): AsyncIterable<{ seq: number; type: "sandboxes"; data: AdminSandbox[] }> {
      let wake = () => {};
      let isRung = false;
      const ring = () => {
        isRung = true;
        wake();
      };
      watchers.add(ring);
      try {
        for (let seq = 1; !signal.aborted; seq++) {
          if (!(await isAdministrator(userId))) return;
          isRung = false;
          yield { seq, type: "sandboxes", data: await read() };
          if (!isRung)
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, measureEveryMs);
              wake = () => {
                clearTimeout(timer);
                resolve();
              };
              signal.addEventListener("abort", wake, { once: true });
              if (signal.aborted) wake();
            });
          signal.removeEventListener("abort", wake);
          if (isRung) await sleep(settleMs, undefined, { signal }).catch(() => undefined);
        }
      } finally {
        watchers.delete(ring);
      }
    },
  };
}
