import type { Readable } from "node:stream";
import { ZipFile } from "yazl";

/** A zip and its output stream. An error, such as a file whose size differs from the announced one, destroys the stream. */
export function createZip(): { zip: ZipFile; out: Readable } {
  const zip = new ZipFile();
  const out = zip.outputStream as Readable;
  zip.on("error", (error: Error) => out.destroy(error));
  return { zip, out };
}

/** Name of a file in a ZIP archive. What would be a folder or a drive on Windows, where archives must not reach outside, becomes `_`. */
export const zipName = (path: string): string => path.replaceAll("\\", "_").replace(/^([a-z]):/i, "$1_");

/**
 * Ties an archive to its source: an error of the source destroys the archive, and closing the archive early
 * destroys the source. A completed source leaves no listener on the archive.
 */
export function tieSource<Source extends Readable>(out: Readable, source: Source): Source {
  const destroy = () => void source.destroy();
  source.once("error", (error) => out.destroy(error));
  source.once("close", () => out.off("close", destroy));
  if (out.destroyed) destroy();
  else out.once("close", destroy);
  return source;
}
