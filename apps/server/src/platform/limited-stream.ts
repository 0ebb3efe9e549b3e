import { Duplex } from "node:stream";

/** Decides about what a server sends, piece by piece: the reason why the connection ends, if there is one. */
type Limit = (chunk: Buffer) => string | undefined;

/** How the messages of a protocol begin: bytes of the head, and the length that it gives for the rest. */
interface Framing {
  headBytes: number;
  lengthOf(head: Buffer): number;
}
const postgresFraming: Framing = { headBytes: 5, lengthOf: (head) => head.readUInt32BE(1) - 4 };
/** MySQL splits what is longer than 16 MiB into several messages, which is over every limit. */
export const mysqlFraming: Framing = {
  headBytes: 4,
  lengthOf: (head) => {
    const length = head.readUIntLE(0, 3);
    return length === 0xffffff ? Number.POSITIVE_INFINITY : length;
  },
};
/** No message may be larger. Tracks message frames without buffering them. */
export function limitMessages(maxMessageBytes: number, framing: Framing = postgresFraming): Limit {
  let head: Buffer = Buffer.alloc(0);
  let left = 0;
  return (chunk) => {
    for (let at = 0; at < chunk.length;) {
      const taken = Math.min(left > 0 ? left : framing.headBytes - head.length, chunk.length - at);
      if (left > 0) left -= taken;
      else head = Buffer.concat([head, chunk.subarray(at, at + taken)]);
      at += taken;
      if (head.length < framing.headBytes) continue;
      left = framing.lengthOf(head);
      head = Buffer.alloc(0);
      if (left < 0 || left > maxMessageBytes) return `a value of the database is larger than ${maxMessageBytes / 2 ** 20} MiB`;
    }
    return undefined;
  };
}
/** No more may arrive on the connection. */
export function limitAnswers(maxBytes: number): Limit {
  let received = 0;
  return (chunk) => ((received += chunk.byteLength) > maxBytes ? "the answer is too large" : undefined);
}

type Connect = (options: { signal: AbortSignal }) => Promise<Duplex>;
type Keepable = Duplex & { ref?(): unknown; unref?(): unknown };

/**
 * A connection to a database server that is project code and therefore untrusted, for clients that take a socket: it is opened by `connect`
 * and then emits `connect`. It closes when the limit says so, or when the client cannot interpret what it sent: neither may exhaust memory or
 * end the process.
 */
export class LimitedStream extends Duplex {
  readonly #open: Connect;
  readonly #limit: Limit;
  readonly #closed = new AbortController();
  #inner: Keepable | undefined;
  #isReferenced = true;

  constructor(open: Connect, limit: Limit) {
    super({ allowHalfOpen: false });
    this.#open = open;
    this.#limit = limit;
  }
  /** Clients give an address, which is not used. */
  connect(): this {
    this.#open({ signal: this.#closed.signal }).then(
      (stream) => this.#use(stream),
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    );
    return this;
  }
  #use(stream: Keepable): void {
    if (this.destroyed) return void stream.destroy();
    this.#inner = stream;
    if (!this.#isReferenced) stream.unref?.();
    stream
      .on("data", (chunk: Buffer) => {
        const reason = this.#limit(chunk);
        if (reason !== undefined) this.destroy(new Error(reason));
        else if (!this.push(chunk)) stream.pause();
      })
      .on("end", () => this.push(null))
      .on("error", (error) => this.destroy(error))
      // What it sent before its end can still be read.
      .on("close", () => stream.readableEnded || this.destroy());
    this.emit("connect");
  }
  override emit(event: string | symbol, ...given: unknown[]): boolean {
    if (event !== "data") return super.emit(event, ...given);
    try {
      return super.emit(event, ...given);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error("the database sent an invalid message"));
      return true;
    }
  }
  override _read(): void {
    this.#inner?.resume();
  }
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#inner) this.#inner.write(chunk, done);
    else this.once("connect", () => this.#inner?.write(chunk, done));
  }
  override _final(done: (error?: Error | null) => void): void {
    const end = (inner: Duplex) => (inner.writable ? void inner.end(() => done()) : done());
    if (this.#inner) end(this.#inner);
    else this.once("connect", () => this.#inner && end(this.#inner));
  }
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#closed.abort();
    this.#inner?.destroy();
    done(error);
  }
  /** Delays and probes of packets are up to the connection. */
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    this.#isReferenced = true;
    this.#inner?.ref?.();
    return this;
  }
  unref(): this {
    this.#isReferenced = false;
    this.#inner?.unref?.();
    return this;
  }
}
