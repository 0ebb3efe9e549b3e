import type { Readable } from "node:stream";
import { ZipFile } from "yazl";

/** A zip and the stream it is written to. An error of the zip, such as a file of another size than announced, destroys the stream. */
export function createZip(): { zip: ZipFile; out: Readable } {
  const zip = new ZipFile();
  const out = zip.outputStream as Readable;
  zip.on("error", (error: Error) => out.destroy(error));
  return { zip, out };
}

/**
 * Ends an archive and the source it reads together: a source that breaks destroys the archive, and an archive that is closed early
 * destroys the source. A source that was read to its end leaves no listener at the archive.
 */
export function tieSource<Source extends Readable>(out: Readable, source: Source): Source {
  const destroy = () => void source.destroy();
  source.once("error", (error) => out.destroy(error));
  source.once("close", () => out.off("close", destroy));
  if (out.destroyed) destroy();
  else out.once("close", destroy);
  return source;
}
