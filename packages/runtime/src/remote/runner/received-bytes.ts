import { RuntimeError } from "../../errors.ts";
import type { MethodName } from "../methods.ts";
import type { ServedCall } from "./serve-call.ts";

/** The bytes that the client sends after the arguments, as they come. */
export async function* receivedBytes<M extends MethodName>(call: ServedCall<M>): AsyncGenerator<Buffer> {
  for await (const part of call.input()) if (part.bytes) yield part.bytes;
}

/** Content that a driver takes as one value. Larger files are staged. */
const maxWholeBytes = 256 * 2 ** 20;

/** All of them. Throws `too_large`. */
export async function allReceivedBytes<M extends MethodName>(call: ServedCall<M>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of receivedBytes(call)) {
    size += piece.length;
    if (size > maxWholeBytes) throw new RuntimeError("too_large", `The runner takes at most ${maxWholeBytes} bytes at once.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, size);
}
