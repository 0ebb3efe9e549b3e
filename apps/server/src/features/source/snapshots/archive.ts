import { once } from "node:events";
import { pipeline, Readable } from "node:stream";
import { pipeline as piped } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack as createPack } from "tar-stream";
import type { History, KeptEntry } from "@tesslate/runtime";
import { createZip, tieSource } from "../../../platform/zip.ts";

export type ArchiveFormat = "zip" | "tar.gz";

/** Folder of database dumps in the archive. */
const besideTree = ".studio-snapshot";

/**
 * Streams a snapshot as an archive: all files including `.git` and `.env`, and databases as SQL below `.studio-snapshot`. Links that leave
 * the project are omitted. Destroying the stream stops the work. Throws `not_found` before the first byte.
 */
export async function archiveOf(history: History, name: string, format: ArchiveFormat): Promise<Readable> {
  const attachments = (await history.find(name))?.attachments ?? [];
  const entries = history.read(name)[Symbol.asyncIterator]();
  // Read the first entry here, so that failures become regular errors.
  const first = await entries.next();
  async function* all(): AsyncGenerator<KeptEntry> {
    for (let next = first; !next.done; next = await entries.next()) if (!leadsOut(next.value)) yield next.value;
    for (const path of attachments) {
      const kept = await history.attachment(name, path);
      if (kept) yield { path: `${besideTree}/${path}`, kind: "file", isExecutable: false, size: kept.size, content: () => kept.data };
    }
  }
  return format === "zip" ? zipOf(all()) : tarGzOf(all());
}

/** Links are checked by their target's text, read when the entry is written: only short relative ones are kept. */
const leadsOut = ({ kind, size }: KeptEntry) => kind === "link" && size > 1024;
async function textOf(entry: KeptEntry): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of entry.content()) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}
function staysInside(path: string, target: string): boolean {
  if (target.startsWith("/")) return false;
  let depth = path.split("/").length - 1;
  for (const part of target.split("/")) {
    depth += part === ".." ? -1 : part === "." || part === "" ? 0 : 1;
    if (depth < 0) return false;
  }
  return true;
}
const modeOf = ({ isExecutable }: KeptEntry) => (isExecutable ? 0o755 : 0o644);

function zipOf(entries: AsyncIterable<KeptEntry>): Readable {
  const { zip, out } = createZip();
  const mtime = new Date();
  const write = async () => {
    for await (const entry of entries) {
      if (out.destroyed) return;
      if (entry.kind === "folder") zip.addEmptyDirectory(entry.path, { mtime, mode: 0o040755 });
      else if (entry.kind === "link") {
        const target = await textOf(entry);
        if (staysInside(entry.path, target)) zip.addBuffer(Buffer.from(target), entry.path, { mtime, mode: 0o120777, compress: false });
      } else {
        const data = tieSource(out, Readable.from(entry.content()));
        const read = once(data, "close");
        zip.addReadStream(data, entry.path, { mtime, mode: 0o100000 | modeOf(entry), size: entry.size });
        await read;
      }
    }
    zip.end();
  };
  write().catch((error: unknown) => out.destroy(error as Error));
  return out;
}

function tarGzOf(entries: AsyncIterable<KeptEntry>): Readable {
  const pack = createPack();
  const write = async () => {
    for await (const entry of entries) {
      if (pack.destroyed) return;
      const head = { name: entry.path, mode: modeOf(entry), mtime: new Date() };
      if (entry.kind === "folder") pack.entry({ ...head, mode: 0o755, type: "directory" });
      else if (entry.kind === "link") {
        const target = await textOf(entry);
        if (staysInside(entry.path, target)) pack.entry({ ...head, type: "symlink", linkname: target });
      } else await piped(Readable.from(entry.content()), pack.entry({ ...head, size: entry.size }));
    }
    pack.finalize();
  };
  write().catch((error: unknown) => pack.destroy(error as Error));
  // A source error reaches the reader at the end of the pipe.
  return pipeline(pack, createGzip(), () => {});
}
