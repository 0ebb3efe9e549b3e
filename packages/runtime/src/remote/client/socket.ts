import { Duplex } from "node:stream";
import { RuntimeError } from "../../errors.ts";
import type { OpenCall } from "./calls.ts";

/**
 * A TCP connection in a sandbox of a runner. It has those methods of a `net.Socket` that clients of databases and of HTTP call on theirs;
 * they concern the connection in the sandbox, which has no delay and no timeout.
 */
class RemoteSocket extends Duplex {
  readonly #call: OpenCall<"sandbox.connect">;
  #isReading = false;
  #timer: NodeJS.Timeout | undefined;
  #timeoutMs = 0;

  constructor(call: OpenCall<"sandbox.connect">) {
    super({ allowHalfOpen: false, emitClose: true });
    this.#call = call;
  }

  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    void this.#receive();
  }
  async #receive() {
    try {
      for (;;) {
        const part = await this.#call.next();
        this.#restart();
        if (part.kind === "result") {
          this.push(null);
          return;
        }
        if (part.kind === "bytes" && !this.push(part.bytes)) {
          this.#isReading = false;
          return;
        }
      }
    } catch (error) {
      this.destroy(Object.assign(new Error((error as Error).message, { cause: error }), { code: "ECONNRESET" }));
    }
  }
  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#restart();
    this.#call.bytes(chunk).then(
      () => callback(),
      () => callback(Object.assign(new Error("write EPIPE"), { code: "EPIPE" })),
    );
  }
  override _final(callback: (error?: Error | null) => void): void {
    this.#call.end();
    callback();
  }
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#call.abort();
    callback(error);
  }

  setTimeout(ms: number, listener?: () => void): this {
    this.#timeoutMs = ms;
    if (listener && ms > 0) this.once("timeout", listener);
    else if (listener) this.off("timeout", listener);
    this.#restart();
    return this;
  }
  #restart() {
    clearTimeout(this.#timer);
    if (this.#timeoutMs > 0 && !this.destroyed) this.#timer = setTimeout(() => this.emit("timeout"), this.#timeoutMs).unref();
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

/** Resolves once the program accepted the connection. The signal has no effect from then on. */
export async function openRemoteSocket(
  open: (options: { signal: AbortSignal }) => OpenCall<"sandbox.connect">,
  signal?: AbortSignal,
): Promise<Duplex> {
  const opening = new AbortController();
  const abort = () => opening.abort();
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const call = open({ signal: opening.signal });
    const part = await call.next();
    if (part.kind !== "event") throw new RuntimeError("unavailable", "The program closed the connection.");
    return new RemoteSocket(call);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}
