import type { PausedSandbox, RuntimeDriver } from "@tesslate/runtime";
import type { Bus } from "../../../platform/bus.ts";
import type { Logger } from "../../../platform/logger.ts";

/*
 * A backup runs in a process of its own and asks the server to pause a sandbox while it copies it. A pause ends when the backup says so, or
 * when it has not been heard of for a moment: it may have been killed.
 */

const requests = "backup_pauses";
const answers = "backup_paused";
const leaseMs = 15_000;
const renewMs = 4_000;
const answerMs = 30_000;

type Request = { op: "pause" | "keep" | "resume"; id: string; sandbox: string };
type Answer = { id: string } & Omit<PausedSandbox, "resume">;

/** Freezes what runs in a sandbox until `resume`. `isStill`: false where that is not possible. */
export type PauseSandbox = (sandbox: string) => Promise<PausedSandbox>;

/** The server's side. */
export function createBackupPauses({ bus, runtime, log }: { bus: Bus; runtime: Pick<RuntimeDriver, "pause">; log: Logger }) {
  const active = new Map<string, { paused: Promise<PausedSandbox>; timer: NodeJS.Timeout }>();
  const end = async (id: string) => {
    const found = active.get(id);
    if (!found) return;
    active.delete(id);
    clearTimeout(found.timer);
    await (await found.paused).resume();
  };
  const warn = (id: string) => (err: unknown) => log.warn({ err, pause: id }, "a sandbox could not be paused for a backup");
  const expireLater = (id: string) => setTimeout(() => void end(id).catch(warn(id)), leaseMs).unref();
  bus.listen<Request>(requests, ({ op, id, sandbox }) => {
    const found = active.get(id);
    if (op === "resume") void end(id).catch(warn(id));
    else if (op === "keep" && found) {
      clearTimeout(found.timer);
      found.timer = expireLater(id);
    } else if (op === "pause" && !found) {
      const paused = runtime.pause(sandbox);
      active.set(id, { paused, timer: expireLater(id) });
      paused
        .then(({ isStill, wasRunning }) => bus.notify(answers, { id, isStill, wasRunning } satisfies Answer))
        .catch((error: unknown) => {
          active.delete(id);
          warn(id)(error);
          return bus.notify(answers, { id, isStill: false, wasRunning: true } satisfies Answer).catch(warn(id));
        });
    }
  });
  return {
    close: async () => {
      await Promise.allSettled([...active.keys()].map(end));
    },
  };
}

/** The side of the backup. Without an answer the sandbox is copied as it is. */
export function createPauseClient(bus: Bus): PauseSandbox {
  const waiting = new Map<string, (answer: Omit<Answer, "id">) => void>();
  const unknown = { isStill: false, wasRunning: true };
  /** The server is of a version that does not pause, or it is stuck. */
  let isDeaf = false;
  bus.listen<Answer>(answers, ({ id, ...answer }) => waiting.get(id)?.(answer));
  return async (sandbox) => {
    if (isDeaf) return { ...unknown, resume: async () => undefined };
    const id = crypto.randomUUID();
    const send = (op: Request["op"]) => bus.notify(requests, { op, id, sandbox } satisfies Request);
    const answered = new Promise<Omit<Answer, "id">>((resolve) => {
      const timer = setTimeout(() => {
        isDeaf = true;
        resolve(unknown);
      }, answerMs);
      waiting.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
    const renewal = setInterval(() => void send("keep").catch(() => undefined), renewMs);
    const resume = async () => {
      clearInterval(renewal);
      waiting.delete(id);
      await send("resume");
    };
    try {
      await send("pause");
      const answer = await answered;
      if (!answer.isStill) await resume();
      return { ...answer, resume };
    } catch (error) {
      clearInterval(renewal);
      throw error;
    }
  };
}
