import { RuntimeError } from "../../errors.ts";
import type { SourceFile } from "../../types.ts";
import type { ServedCall } from "./serve-call.ts";

/** The files that a client sends after the arguments. Throws `unavailable` when one is not as long as announced. */
export async function* receivedFiles(call: ServedCall<"driver.prepare"> | ServedCall<"tree.copyIn">): AsyncGenerator<SourceFile> {
  const input = call.input();
  let next = await input.next();
  while (!next.done) {
    if (next.value.bytes) throw incomplete();
    const file = next.value.message;
    if (file.isDirectory) {
      yield file;
      next = await input.next();
      continue;
    }
    let left = file.size;
    const data = async function* () {
      for (;;) {
        next = await input.next();
        if (next.done || !next.value.bytes) break;
        left -= next.value.bytes.length;
        if (left < 0) throw incomplete();
        yield next.value.bytes;
      }
      if (left !== 0) throw incomplete();
    };
    let content: AsyncGenerator<Uint8Array> | undefined;
    yield { ...file, data: () => (content = data()) };
    // What was not read is skipped.
    content ??= data();
    for await (const _ of content);
  }
}

const incomplete = () => new RuntimeError("unavailable", "A file of the source changed while it was sent. Try again.");
