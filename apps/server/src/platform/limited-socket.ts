import { Socket } from "node:net";

/**
 * A connection to a PostgreSQL server that is project code and therefore untrusted. It tracks message frames (type byte, four length
 * bytes) without buffering them, and closes when a message is larger than the limit, or when the client cannot interpret one: neither may
 * exhaust memory or end the process.
 */
export class LimitedSocket extends Socket {
  readonly #maxMessageBytes: number;
  #head: Buffer = Buffer.alloc(0);
  #left = 0;

  constructor(maxMessageBytes: number) {
    super();
    this.#maxMessageBytes = maxMessageBytes;
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
      const taken = Math.min(this.#left > 0 ? this.#left : 5 - this.#head.length, chunk.length - at);
      if (this.#left > 0) this.#left -= taken;
      else this.#head = Buffer.concat([this.#head, chunk.subarray(at, at + taken)]);
      at += taken;
      if (this.#head.length < 5) continue;
      this.#left = this.#head.readUInt32BE(1) - 4;
      this.#head = Buffer.alloc(0);
      if (this.#left >= 0 && this.#left <= this.#maxMessageBytes) continue;
      this.destroy(new Error(`a value of the database is larger than ${this.#maxMessageBytes / 2 ** 20} MiB`));
      return false;
    }
    return true;
  }
}
