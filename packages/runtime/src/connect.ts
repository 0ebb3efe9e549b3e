import { connect, type Socket } from "node:net";
import { RuntimeError } from "./errors.ts";

/** Connects to a TCP port of a sandbox, as `Sandbox.connect` does. */
export type ConnectPort = (port: number, options?: { signal?: AbortSignal }) => Promise<Socket>;

/** Connects to an address of this machine's networks. Rejects `unavailable` when nothing listens, `aborted` when the signal aborts first. */
export function connectTo({ host, port }: { host: string; port: number }, { signal }: { signal?: AbortSignal } = {}): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, autoSelectFamily: false });
    const settle = () => {
      socket.off("connect", onConnect).off("error", onError);
      signal?.removeEventListener("abort", onAbort);
    };
    const onConnect = () => {
      settle();
      resolve(socket);
    };
    const onError = (cause: Error) => {
      settle();
      reject(new RuntimeError("unavailable", `no program accepts connections on port ${port}`, { cause }));
    };
    const onAbort = () => {
      settle();
      socket.destroy();
      reject(new RuntimeError("aborted", `connecting to port ${port} was aborted`));
    };
    socket.once("connect", onConnect).once("error", onError);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) onAbort();
  });
}
