import { once } from "node:events";
import type { RuntimeLog } from "../../log.ts";
import type { ExecResult, Sandbox } from "../../types.ts";
import type { Calls, Marks, OpenCall } from "./calls.ts";
import { createRemoteHistory } from "./history.ts";
import { openRemotePty } from "./pty.ts";
import { openRemoteSocket } from "./socket.ts";
import { createStates } from "./states.ts";
import { createRemoteTree } from "./tree.ts";
import { isOutage, waitForRetry } from "./watch.ts";

export interface RemoteSandbox {
  sandbox: Sandbox;
  readonly epoch: number;
  setEpoch(epoch: number): void;
  /** Ends subscriptions. */
  close(): void;
}

/** A sandbox of a runner. */
export function createRemoteSandbox({
  id,
  epoch: firstEpoch,
  calls,
  protocol,
  log,
}: {
  id: string;
  epoch: number;
  calls: Calls;
  /** The runner's. */
  protocol: () => { minor: number };
  log?: RuntimeLog | undefined;
}): RemoteSandbox {
  let epoch = firstEpoch;
  const { query, command, open } = calls;
  const target = () => ({ id, epoch });
  const states = createStates({ open, target, log });

  /** Changes of states that happened before a call returned are told before it returns. */
  const settled = async <T>(call: Promise<{ result: T; marks: Marks }>): Promise<T> => {
    const { result, marks } = await call.catch(async (error: unknown) => {
      await states.settle();
      throw error;
    });
    await states.reached(marks);
    return result;
  };

  const sandbox: Sandbox = {
    id,
    files: createRemoteTree({ calls, target }),
    history: createRemoteHistory({ calls, target, protocol }),
    async start(spec) {
      await states.subscribed();
      return settled(command("sandbox.start", { ...target(), spec }));
    },
    async ready(name, { signal, ...options } = {}) {
      return settled(query("sandbox.ready", { ...target(), name, ...options }, { signal }));
    },
    async stop(name) {
      await states.subscribed();
      await settled(command("sandbox.stop", { ...target(), ...(name !== undefined && { name }) }));
    },
    async removeVolume(name) {
      await command("sandbox.removeVolume", { ...target(), name });
    },
    services: () => settled(query("sandbox.services", target())),
    onState: states.onState,
    async exec(argv, { input, signal, onOutput, encoding = "utf8", ...options } = {}) {
      if (signal?.aborted) return { exitCode: null, signal: null, stdout: "", stderr: "", timedOut: false, aborted: true, durationMs: 0 };
      await states.subscribed();
      const isLive = typeof input === "object" && Symbol.asyncIterator in input;
      const call = open(
        "sandbox.exec",
        {
          ...target(),
          argv,
          encoding,
          ...options,
          ...(input !== undefined && { input: isLive ? ("live" as const) : ("whole" as const) }),
          ...(onOutput && { isFollowed: true }),
        },
        { signal },
      );
      const ended = new AbortController();
      if (input !== undefined) void feed(call, isLive ? input : [input], ended.signal);
      const texts: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
      let current: "stdout" | "stderr" = "stdout";
      try {
        for (;;) {
          const part = await call.next();
          if (part.kind === "result") {
            await states.reached(part.marks);
            const text = (stream: typeof current) => Buffer.concat(texts[stream]).toString(encoding);
            return { ...part.result, stdout: text("stdout"), stderr: text("stderr") } satisfies ExecResult;
          }
          if (part.kind === "bytes") texts[current].push(part.bytes);
          else if ("text" in part.event) current = part.event.text;
          else await onOutput?.(part.event.chunk, part.event.stream);
        }
      } finally {
        ended.abort();
      }
    },
    async pty(argv, options = {}) {
      await states.subscribed();
      return openRemotePty(open("sandbox.pty", { ...target(), argv, ...options }), { isKept: options.keepAs !== undefined });
    },
    async attachPty(keptAs) {
      await states.subscribed();
      return openRemotePty(open("sandbox.attachPty", { ...target(), keptAs }), { isKept: true });
    },
    async *logs(name, { tail, follow = false, signal } = {}) {
      let last = 0;
      let isAgain = false;
      for (;;) {
        const ended = new AbortController();
        const end = () => ended.abort();
        signal?.addEventListener("abort", end, { once: true });
        if (signal?.aborted) end();
        const call = open(
          "sandbox.logs",
          // Lines since the last one that arrived, as far as the runner keeps them.
          { ...target(), name, follow, ...(tail !== undefined && !isAgain && { tail }) },
          { signal: ended.signal },
        );
        try {
          for (;;) {
            const part = await call.next();
            if (part.kind === "result") return;
            for (const line of part.kind === "event" ? part.event : []) {
              if (line.seq <= last) continue;
              last = line.seq;
              if (signal?.aborted) return;
              yield line;
            }
          }
        } catch (error) {
          if (signal?.aborted) return;
          if (!follow || !isOutage(error)) throw error;
          isAgain = true;
          if (!(await waitForRetry(signal))) return;
        } finally {
          end();
          signal?.removeEventListener("abort", end);
        }
      }
    },
    connect: (port, { signal } = {}) => openRemoteSocket((options) => open("sandbox.connect", { ...target(), port }, options), signal),
    peerAddress: async (port) => (await query("sandbox.peerAddress", { ...target(), port })).result,
    assignPort: async (port) => (protocol().minor < 1 ? port : (await query("sandbox.assignPort", { ...target(), port })).result),
    stats: async () => (await query("sandbox.stats", target())).result,
    programs: async () => (await query("sandbox.programs", target())).result,
    usage: async () => (await query("sandbox.usage", target())).result,
    serviceUsage: async () => (protocol().minor < 3 ? { services: [] } : (await query("sandbox.serviceUsage", target())).result),
    async freeze() {
      await states.subscribed();
      await settled(query("sandbox.freeze", target()));
    },
    async thaw() {
      await states.subscribed();
      await settled(query("sandbox.thaw", target()));
    },
  };
  return {
    sandbox,
    get epoch() {
      return epoch;
    },
    setEpoch: (next) => (epoch = Math.max(epoch, next)),
    close: states.close,
  };
}

/** Sends a program's input until it ends or the program does. Never rejects: a program may exit without reading. */
async function feed(
  call: OpenCall<"sandbox.exec">,
  input: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  ended: AbortSignal,
): Promise<void> {
  try {
    const pieces = Symbol.asyncIterator in input ? input[Symbol.asyncIterator]() : input[Symbol.iterator]();
    const end = once(ended, "abort").then(() => ({ done: true as const, value: undefined }));
    for (;;) {
      const piece = await Promise.race([pieces.next(), end]);
      if (ended.aborted) {
        void pieces.return?.();
        return;
      }
      if (piece.done) break;
      await call.bytes(typeof piece.value === "string" ? Buffer.from(piece.value) : piece.value);
    }
    call.end();
  } catch {
    // The source failed: the program's input ends.
    call.end();
  }
}
