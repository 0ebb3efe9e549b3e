import type { FileSource } from "../../types.ts";
import type { OpenCall } from "./calls.ts";

/** Sends the files of a source after the arguments of a call. Rejects when the source fails or the call is over. */
export async function sendFiles(call: OpenCall<"driver.prepare"> | OpenCall<"tree.copyIn">, source: FileSource): Promise<void> {
  for await (const file of source.files()) {
    if (file.isDirectory) {
      await call.message({ path: file.path, isDirectory: true });
      continue;
    }
    const { path, mode, size } = file;
    await call.message({ path, isDirectory: false, mode, size });
    for await (const chunk of file.data()) await call.bytes(chunk);
  }
  call.end();
}
