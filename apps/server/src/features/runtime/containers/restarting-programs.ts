import { setTimeout as sleep } from "node:timers/promises";
import type { FoundProblem } from "@tesslate/contract/problem-finder";
import { accepts, sandboxPort, type Sandbox } from "@tesslate/runtime";

/** A program that restarts after a change of its files listens again well within this time. */
const longestRestartMs = 8_000;
const retryMs = 250;
const connectMs = 2_000;

const connectionError = /\b(?:ECONNREFUSED|ECONNRESET|EPIPE)\b|socket hang up/;
const portOfRefusal = /\bECONNREFUSED\b[^\n]*?:(\d{1,5})\b/;

type Printed = Pick<FoundProblem, "message" | "lines">;
const textOf = ({ message, lines }: Printed): string => [message, ...lines].join("\n");
/** Whether a program reports that it lost, or did not get, a connection to another one. */
export const isConnectionError = (problem: Printed): boolean => connectionError.test(textOf(problem));
/** The port that refused the connection, if the error names it. */
export const refusedPort = (problem: Printed): number | undefined => {
  const port = portOfRefusal.exec(textOf(problem))?.[1];
  return port === undefined ? undefined : Number(port);
};

/**
 * Whether a connection failed only because the other program was restarting, as in watch mode: it listens again soon. `ports`: those of the
 * project's other containers. Without the port of the refusal, one of them must not have listened at first.
 */
export async function wasRestarting(
  sandbox: Pick<Sandbox, "id" | "connect">,
  refused: number | undefined,
  ports: readonly number[],
  signal: AbortSignal,
): Promise<boolean> {
  // Nothing of the project listens there, now or later.
  if (refused !== undefined && !ports.includes(refused)) return false;
  const awaited = refused === undefined ? ports : [refused];
  let hasWaited = false;
  for (const end = Date.now() + longestRestartMs; Date.now() < end && !signal.aborted;) {
    const listening = await Promise.all(awaited.map((port) => accepts(sandboxPort(sandbox, port), { timeoutMs: connectMs })));
    if (listening.every(Boolean)) return hasWaited || refused !== undefined;
    hasWaited = true;
    await sleep(retryMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
