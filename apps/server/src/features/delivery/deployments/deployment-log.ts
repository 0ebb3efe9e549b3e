import { stripVTControlCharacters } from "node:util";
import { deploymentSteps, type DeploymentStep } from "@tesslate/contract";
import type { Bus } from "../../../platform/bus.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { DeploymentsStore } from "./deployments.store.ts";

const maxLines = 2000;
const maxBytes = 256 * 1024;
const maxLineLength = 2000;
const flushMs = 150;
const channel = "deployment_log";

const stepLine = (step: DeploymentStep): string => `== ${deploymentSteps[step]} ==`;
const steps = Object.keys(deploymentSteps) as DeploymentStep[];
/** The step that starts with a stored line. */
export const stepOfLine = (line: string): DeploymentStep | undefined => steps.find((step) => line.endsWith(`] ${stepLine(step)}`));

/** Appends the lines of one deployment in order, with secrets redacted. Stops at a size limit, with a final line that says so. */
export interface DeploymentLog {
  line(text: string): void;
  /** The line with which a step starts. */
  step(step: DeploymentStep): void;
  /** Raw output, in pieces. */
  chunk(text: string): void;
  /** Resolves when all lines so far are stored. */
  flush(): Promise<void>;
}

export type DeploymentLogs = ReturnType<typeof createDeploymentLogs>;
/** Deployment logs, stored in batches, with change notifications across servers. */
export function createDeploymentLogs({ store, bus, isShared, log }: { store: DeploymentsStore; bus: Bus; isShared: boolean; log: Logger }) {
  const listeners = new Map<string, Set<() => void>>();
  const wake = (id: string) => {
    for (const listener of listeners.get(id) ?? []) listener();
  };
  bus.listen<{ id: string }>(channel, ({ id }) => wake(id));
  bus.onReconnect(() => {
    for (const id of listeners.keys()) wake(id);
  });
  const notify = async (id: string) => {
    wake(id);
    if (isShared) await bus.notify(channel, { id }).catch((err: unknown) => log.warn({ err }, "deployment log notification failed"));
  };

  return {
    /** Wakes followers on all servers. */
    notify,
    open: async (id: string, redact: (text: string) => string): Promise<DeploymentLog> => {
      const size = await store.countLines(id);
      let { lines, bytes, last } = size;
      let isFull = lines >= maxLines || bytes >= maxBytes;
      let pending: string[] = [];
      let rest = "";
      let timer: NodeJS.Timeout | undefined;
      let writing: Promise<void> = Promise.resolve();
      const flush = (): Promise<void> => {
        clearTimeout(timer);
        timer = undefined;
        const batch = pending;
        pending = [];
        if (batch.length === 0) return writing;
        const from = last + 1;
        last += batch.length;
        writing = writing
          .then(() => store.appendLines(id, from, batch))
          .then(() => notify(id))
          .catch((err: unknown) => log.warn({ err, deployment_id: id }, "deployment log lines not stored"));
        return writing;
      };
      const line = (text: string) => {
        if (isFull) return;
        // Redact before truncating: half a secret would not be recognized.
        const shown = redact(stripVTControlCharacters(text).replaceAll("\0", "").trimEnd()).slice(0, maxLineLength);
        let entry = `[${new Date().toISOString()}] ${shown}`;
        lines += 1;
        bytes += Buffer.byteLength(entry);
        if (lines >= maxLines || bytes >= maxBytes) {
          isFull = true;
          entry = `[${new Date().toISOString()}] The log reached its size limit. Later lines are not stored.`;
        }
        pending.push(entry);
        timer ??= setTimeout(() => void flush(), flushMs);
      };
      return {
        line,
        step: (step) => line(stepLine(step)),
        chunk: (text) => {
          const parts = (rest + text).split(/\r?\n|\r/);
          rest = (parts.pop() ?? "").slice(-100_000);
          for (const part of parts) if (part.trim() !== "") line(part);
        },
        flush: () => {
          if (rest.trim() !== "") line(rest);
          rest = "";
          return flush();
        },
      };
    },
    /** `wait` resolves on the next change, or at once when there was one since the last call. */
    follow: (id: string, signal: AbortSignal) => {
      let resolve: (() => void) | undefined;
      let isNotified = false;
      const listener = () => {
        isNotified = true;
        resolve?.();
      };
      const set = listeners.get(id) ?? new Set();
      listeners.set(id, set.add(listener));
      signal.addEventListener("abort", listener);
      return {
        wait: async () => {
          if (!isNotified && !signal.aborted) await new Promise<void>((done) => (resolve = done));
          isNotified = false;
        },
        end: () => {
          signal.removeEventListener("abort", listener);
          set.delete(listener);
          if (set.size === 0) listeners.delete(id);
        },
      };
    },
  };
}
