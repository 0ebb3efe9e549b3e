import type { RunnerMachine, RuntimeDriver } from "../../types.ts";
import type { Result } from "../methods.ts";

/** Memory and disk of the runner's machine. */
export type ReadMachine = () => Promise<Pick<RunnerMachine, "memoryUsedBytes" | "memoryTotalBytes" | "diskFreeBytes" | "diskTotalBytes">>;
export type ReadStatus = () => Promise<Result<"driver.status">>;

/** Every server asks every few seconds: sandboxes are listed once for all of them. */
const keptMs = 5_000;

export function createStatus(
  driver: Pick<RuntimeDriver, "list">,
  { servers, readMachine }: { servers: () => number; readMachine: ReadMachine | undefined },
): ReadStatus {
  const startedAt = Date.now();
  let known: { at: number; facts: Promise<Omit<Result<"driver.status">, "now" | "servers">> } | undefined;
  const read = async () => {
    const [all, machine] = await Promise.all([driver.list(), readMachine?.()]);
    const awake = all.filter(({ services }) => services.some(({ state }) => state === "running" || state === "starting")).length;
    return { startedAt, sandboxes: all.length, awake, ...machine };
  };
  return async () => {
    if (!known || Date.now() - known.at > keptMs) {
      const asked = { at: Date.now(), facts: read() };
      known = asked;
      asked.facts.catch(() => {
        if (known === asked) known = undefined;
      });
    }
    const facts = await known.facts;
    return { ...facts, servers: servers(), now: Date.now() };
  };
}
