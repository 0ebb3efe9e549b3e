import { Readable } from "node:stream";
import type { MethodName } from "../methods.ts";
import type { OpenCall } from "./calls.ts";

/** The bytes of a call as a stream, which fails when the call does. Destroying it ends the call. */
export function readableBytes<M extends MethodName>(call: OpenCall<M>): Readable {
  const data = Readable.from(
    (async function* () {
      for (;;) {
        const part = await call.next();
        if (part.kind === "result") return;
        if (part.kind === "bytes") yield part.bytes;
      }
    })(),
    { objectMode: false },
  );
  // Also when it was never read.
  data.once("close", () => call.cancel());
  return data;
}
