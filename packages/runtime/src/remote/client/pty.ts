import { RuntimeError } from "../../errors.ts";
import type { Pty } from "../../types.ts";
import type { OpenCall } from "./calls.ts";

/** A terminal on a runner. It survives a lost connection; while it is paused, or nobody listens, the program's output is held back. */
export async function openRemotePty(
  call: OpenCall<"sandbox.pty"> | OpenCall<"sandbox.attachPty">,
  { isKept }: { isKept: boolean },
): Promise<Pty> {
  const first = await call.next();
  if (first.kind !== "event") throw new RuntimeError("unavailable", "The runner ended the terminal.");

  const dataListeners = new Set<(data: Uint8Array) => void>();
  const exitListeners = new Set<(exit: { exitCode: number | null }) => void>();
  const ended = Promise.withResolvers<void>();
  let exit: { exitCode: number | null } | undefined;
  let isPaused = false;
  let hasListener = false;
  let wake = () => {};
  const flows = async () => {
    while (isPaused || !hasListener)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  };

  void (async () => {
    try {
      for (;;) {
        const part = await call.next();
        if (part.kind === "result") {
          exit = part.result;
          break;
        }
        if (part.kind !== "bytes") continue;
        if (isPaused || !hasListener) await Promise.race([flows(), ended.promise]);
        for (const listener of dataListeners) listener(part.bytes);
      }
    } catch {
      // Lost with its runner.
      exit = { exitCode: null };
    }
    ended.resolve();
    for (const listener of exitListeners) listener(exit);
  })();

  const send = (sent: Promise<void>) => void sent.catch(() => {}); // the end tells
  return {
    write(data) {
      if (!exit) send(call.bytes(Buffer.from(data)));
    },
    resize(cols, rows) {
      if (!exit) send(call.message({ resize: { cols: Math.trunc(cols), rows: Math.trunc(rows) } }));
    },
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      wake();
    },
    onData(listener) {
      dataListeners.add(listener);
      hasListener = true;
      wake();
      return () => dataListeners.delete(listener);
    },
    onExit(listener) {
      if (exit) listener(exit);
      else exitListeners.add(listener);
      return () => exitListeners.delete(listener);
    },
    async kill() {
      if (exit) return;
      // The program is not waited for by a terminal that nobody reads.
      hasListener = true;
      isPaused = false;
      wake();
      send(call.message({ kill: true }));
      await ended.promise;
    },
    ...(isKept && {
      async detach() {
        if (exit) return;
        exitListeners.clear();
        hasListener = true;
        isPaused = false;
        wake();
        call.abort();
        await ended.promise;
      },
    }),
  };
}
