import { Socket } from "node:net";

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

/**
 * A connection to a database server that is project code and therefore untrusted. It tracks message frames without buffering them, and closes when a message is larger than the limit, or when the client cannot interpret one: neither may
 * exhaust memory or end the process.
 */
export class LimitedSocket extends Socket {
  readonly #maxMessageBytes: number;
  readonly #framing: Framing;
  #head: Buffer = Buffer.alloc(0);
  #left = 0;

  constructor(maxMessageBytes: number, framing: Framing = postgresFraming) {
    super();
    this.#maxMessageBytes = maxMessageBytes;
    this.#framing = framing;
  }
  override push(chunk: Buffer | null): boolean {
    return super.push(chunk && this.#isFine(chunk) ? chunk : null);
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
  #isFine(chunk: Buffer): boolean {
    for (let at = 0; at < chunk.length;) {
      const taken = Math.min(this.#left > 0 ? this.#left : this.#framing.headBytes - this.#head.length, chunk.length - at);
      if (this.#left > 0) this.#left -= taken;
      else this.#head = Buffer.concat([this.#head, chunk.subarray(at, at + taken)]);
      at += taken;
      if (this.#head.length < this.#framing.headBytes) continue;
      this.#left = this.#framing.lengthOf(this.#head);
      this.#head = Buffer.alloc(0);
      if (this.#left >= 0 && this.#left <= this.#maxMessageBytes) continue;
      this.destroy(new Error(`a value of the database is larger than ${this.#maxMessageBytes / 2 ** 20} MiB`));
      return false;
    }
    return true;
  }
}
