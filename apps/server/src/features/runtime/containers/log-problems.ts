import { createProblemFinder, type FoundProblem } from "@tesslate/contract/problem-finder";
import type { Sandbox, ServiceState } from "@tesslate/runtime";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Redactions } from "../../projects/secrets/index.ts";
import type { ContainersStore } from "./containers.store.ts";
import { isConnectionError, refusedPort, wasRestarting } from "./restarting-programs.ts";
import { isActive, isManaged, portOf } from "./service-state.ts";

/** An error is complete when no line follows for this long. */
const quietMs = 150;
const maxPerWindow = 20;
const windowMs = 10_000;
/** Look this far back when a service starts. */
const missedMs = 3000;

/**
 * Detects build and runtime errors in containers' output and emits `log_problem` to the project's followers. Reads only while the project
 * is followed; at most 20 errors per container and 10 s. An error of a connection to another container of the project is only emitted if that
 * one does not listen again soon: programs in watch mode restart with every change.
 */
export type LogProblems = ReturnType<typeof createLogProblems>;

export function createLogProblems({
  store,
  onServiceState,
  events,
  redactions,
  log,
}: {
  store: Pick<ContainersStore, "findByKey" | "listAll">;
  onServiceState: (listener: (projectId: string, state: ServiceState) => void) => void;
  events: EventLog;
  redactions: Redactions;
  log: Logger;
}) {
  interface Reading {
    followers: number;
    abort: AbortController;
    sandbox: Promise<Sandbox>;
    /** Services whose output is being read. */
    names: Set<string>;
  }
  const readings = new Map<string, Reading>();

  const emit = async (projectId: string, containerId: string, problems: FoundProblem[]) => {
    const { redactIn } = await redactions.of(projectId);
    await events.append(
      projectId,
      problems.map(({ message, place, lines }) => ({
        type: "log_problem" as const,
        data: redactIn({ container_id: containerId, message, lines, ...(place !== undefined && { place }) }),
      })),
    );
  };

  const read = async (projectId: string, reading: Reading, name: string, hasJustStarted: boolean) => {
    if (reading.names.has(name)) return;
    reading.names.add(name);
    const { signal } = reading.abort;
    const timers = new Map<string, NodeJS.Timeout>();
    try {
      const sandbox = await reading.sandbox;
      const row = await store.findByKey(projectId, name);
      if (!row || signal.aborted) return;
      // One per stream, because lines of the other may be interleaved.
      const finders = { stdout: createProblemFinder(row.directory), stderr: createProblemFinder(row.directory) };
      let window = { endsAt: 0, count: 0 };
      const emitLimited = (found: FoundProblem[]) => {
        const now = Date.now();
        if (now > window.endsAt) window = { endsAt: now + windowMs, count: 0 };
        const reported = found.slice(0, Math.max(0, maxPerWindow - window.count));
        window.count += reported.length;
        if (reported.length > 0)
          void emit(projectId, row.id, reported).catch((err: unknown) =>
            log.warn({ err, project_id: projectId }, "log problem not emitted"),
          );
      };
      /** Errors of connections, by the port that refused: decided together. */
      const held = new Map<number | undefined, FoundProblem[]>();
      const decide = async (port: number | undefined) => {
        const others = (await store.listAll(projectId)).filter((other) => other.id !== row.id && isManaged(other));
        const states = new Map((await sandbox.services()).map((state) => [state.name, state]));
        const ports = others.map((other) => states.get(other.service_key)?.port ?? portOf(other));
        return wasRestarting(sandbox, port, ports, signal);
      };
      const hold = (problem: FoundProblem) => {
        const port = refusedPort(problem);
        const known = held.get(port);
        if (known) {
          if (known.length < maxPerWindow) known.push(problem);
          return;
        }
        held.set(port, [problem]);
        decide(port)
          .catch((err: unknown) => {
            log.warn({ err, project_id: projectId }, "restart of another container not checked");
            return false;
          })
          .then((isOver) => {
            const problems = held.get(port) ?? [];
            held.delete(port);
            if (!isOver && !signal.aborted) emitLimited(problems);
          });
      };
      const pass = (found: FoundProblem[]) => {
        for (const problem of found) if (isConnectionError(problem)) hold(problem);
        const others = found.filter((problem) => !isConnectionError(problem));
        if (others.length > 0) emitLimited(others);
      };
      const since = Date.now() - missedMs;
      for await (const line of sandbox.logs(name, { tail: hasJustStarted ? 100 : 0, follow: true, signal })) {
        if (line.stream === "system" || Date.parse(line.ts) < since) continue;
        const finder = finders[line.stream];
        clearTimeout(timers.get(line.stream));
        pass(finder.push(line.line));
        timers.set(
          line.stream,
          setTimeout(() => pass(finder.flush()), quietMs),
        );
      }
    } finally {
      for (const timer of timers.values()) clearTimeout(timer);
      reading.names.delete(name);
    }
  };
  const readSoon = (projectId: string, reading: Reading, name: string, hasJustStarted: boolean) =>
    void read(projectId, reading, name, hasJustStarted).catch((err: unknown) => {
      if (!reading.abort.signal.aborted) log.warn({ err, project_id: projectId, service: name }, "reading output for problems failed");
    });

  onServiceState((projectId, state) => {
    const reading = readings.get(projectId);
    if (reading && isActive(state)) readSoon(projectId, reading, state.name, true);
  });

  return {
    /** Reads until the signal aborts; callers for the same project share one reader. */
    follow(projectId: string, open: () => Promise<Sandbox>, signal: AbortSignal): void {
      if (signal.aborted) return;
      const known = readings.get(projectId);
      const reading = known ?? { followers: 0, abort: new AbortController(), sandbox: open(), names: new Set<string>() };
      reading.followers += 1;
      if (!known) {
        readings.set(projectId, reading);
        reading.sandbox
          .then((sandbox) => sandbox.services())
          .then(
            (states) => {
              for (const state of states) if (isActive(state)) readSoon(projectId, reading, state.name, false);
            },
            (err: unknown) => log.warn({ err, project_id: projectId }, "reading output for problems failed"),
          );
      }
      signal.addEventListener(
        "abort",
        () => {
          reading.followers -= 1;
          if (reading.followers > 0) return;
          if (readings.get(projectId) === reading) readings.delete(projectId);
          reading.abort.abort();
        },
        { once: true },
      );
    },
    close(): void {
      for (const { abort } of readings.values()) abort.abort();
      readings.clear();
    },
  };
}
