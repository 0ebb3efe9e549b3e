import { createReadStream } from "node:fs";
import { pipeline, Readable, Transform } from "node:stream";
import { crc32, createInflateRaw } from "node:zlib";
import { openPromise, type Entry as ZipEntry, type ZipFile } from "yauzl";
import { importSkips, maxArchiveEntries } from "@tesslate/contract";
import { AppError, badRequest, limitReached } from "../../../platform/errors.ts";
import { normalisePath } from "../../projects/files/index.ts";

/** A file of an archive that may be written. */
export interface ArchivedFile {
  path: string;
  bytes: number;
  isExecutable: boolean;
  open(): Promise<Readable>;
}
export interface Archive extends AsyncDisposable {
  files: ArchivedFile[];
  /** Empty folders. */
  folders: string[];
  /** Unpacked size in bytes. An entry with another size than declared fails while it is read. */
  totalBytes: number;
}
export interface ArchiveLimits {
  /** Limit for all files unpacked: the project's disk quota. */
  totalBytes: number;
  entries?: number;
}

/** A higher compression ratio is a ZIP bomb. Text of one repeated character reaches 1030. */
const maxRatio = 200;
/** Small archives may have any ratio. */
const ratioFromBytes = 32 * 1024 * 1024;

const bad = (why: string) => badRequest(why, "bad_archive");

/**
 * Checks every entry of a ZIP file before anything is unpacked. Throws `bad_archive` when it is not a ZIP file, is encrypted, or contains
 * links, devices, absolute paths, `..` or duplicate names, and `payload_too_large` or `storage_full` when it is too large. Strips a single
 * top-level folder.
 */
export async function openArchive(file: string, archiveBytes: number, limits: ArchiveLimits): Promise<Archive> {
  const zip = await openPromise(file, { autoClose: false, lazyEntries: true, strictFileNames: false, validateEntrySizes: true }).catch(
    (error: unknown) => {
      throw new AppError("bad_archive", "This is not a readable ZIP archive.", { cause: error });
    },
  );
  try {
    const maxEntries = limits.entries ?? maxArchiveEntries;
    if (zip.entryCount > maxEntries) throw new AppError("payload_too_large", `An archive is limited to ${maxEntries} entries.`);
    const found = await entriesOf(zip, limits, archiveBytes);
    return {
      ...arranged(found, file, zip),
      totalBytes: found.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0),
      [Symbol.asyncDispose]: async () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

interface FoundEntry {
  entry: ZipEntry;
  path: string;
  isFolder: boolean;
}

async function entriesOf(zip: ZipFile, limits: ArchiveLimits, archiveBytes: number): Promise<FoundEntry[]> {
  const found: FoundEntry[] = [];
  let total = 0;
  const entries = zip.eachEntry()[Symbol.asyncIterator]();
  for (;;) {
    const next = await entries.next().catch((error: unknown) => {
      throw new AppError("bad_archive", `The archive is damaged or not allowed: ${(error as Error).message}.`, { cause: error });
    });
    if (next.done) return found;
    const entry = next.value;
    const path = pathOf(entry);
    // Skipped entries count too, because they have to be read.
    total += entry.uncompressedSize;
    if (total > limits.totalBytes)
      throw limitReached(
        "storage_full",
        `Unpacked, this archive exceeds the project's limit of ${Math.floor(limits.totalBytes / 2 ** 20)} MiB.`,
        { used: total, limit: limits.totalBytes, unit: "bytes" },
      );
    if (total > ratioFromBytes && total > archiveBytes * maxRatio)
      throw bad("This archive unpacks to far more than its size allows and was rejected as a ZIP bomb.");
    if (path.split("/").some((name) => importSkips.has(name))) continue;
    found.push({ entry, path, isFolder: entry.fileName.endsWith("/") });
  }
}

const unixKinds: Record<number, string> = {
  0o120000: "a link",
  0o020000: "a device",
  0o060000: "a device",
  0o010000: "a pipe",
  0o140000: "a socket",
};
const unixMode = ({ versionMadeBy, externalFileAttributes }: ZipEntry) =>
  [3, 19].includes(versionMadeBy >> 8) ? externalFileAttributes >>> 16 : 0;

function pathOf(entry: ZipEntry): string {
  const name = entry.fileName;
  const kind = unixKinds[unixMode(entry) & 0o170000];
  if (kind) throw bad(`${name} is ${kind}. Archives can contain only files and folders.`);
  if (entry.isEncrypted()) throw bad("This archive is password-protected.");
  if (!entry.canDecodeFileData()) throw bad(`${name} uses an unsupported compression method.`);
  if (/^[/\\]|^[a-z]:/i.test(name)) throw bad(`${name} is an absolute path.`);
  try {
    const path = normalisePath(name);
    if (path === "") throw bad("The archive contains an entry without a name.");
    return path;
  } catch (error) {
    throw new AppError("bad_archive", `${JSON.stringify(name.slice(0, 100))} is not a valid path in a project.`, { cause: error });
  }
}

function arranged(found: FoundEntry[], file: string, zip: ZipFile): Pick<Archive, "files" | "folders"> {
  if (!found.some((f) => !f.isFolder)) throw bad("This archive has no files.");
  const tops = new Set(found.map(({ path }) => path.split("/")[0]));
  const [top] = tops;
  const isWrapped = tops.size === 1 && found.every(({ path, isFolder }) => isFolder || path.includes("/"));
  const kept = isWrapped ? found.map((f) => ({ ...f, path: f.path.slice((top ?? "").length + 1) })).filter((f) => f.path !== "") : found;
  const files = new Map<string, ArchivedFile>();
  const parents = new Set<string>();
  for (const { entry, path, isFolder } of kept) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) parents.add(path.slice(0, at));
    if (isFolder) continue;
    if (files.has(path)) throw bad(`${path} is in this archive twice.`);
    const isExecutable = (unixMode(entry) & 0o111) !== 0;
    files.set(path, { path, bytes: entry.uncompressedSize, isExecutable, open: () => unpacked(file, zip, entry) });
  }
  const folders = kept.flatMap(({ path, isFolder }) => (isFolder && !parents.has(path) ? [path] : []));
  const both = [...parents, ...folders].find((path) => files.has(path));
  if (both !== undefined) throw bad(`${both} is a file and a folder in this archive.`);
  return { files: [...files.values()], folders: [...new Set(folders)] };
}

/**
 * Streams an entry's content: exactly the declared size and checksum, or an error. Uses our own file stream, because the library's breaks
 * when it is destroyed midway.
 */
async function unpacked(file: string, zip: ZipFile, entry: ZipEntry): Promise<Readable> {
  const { fileDataStart: start } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  const packed = entry.compressedSize === 0 ? Readable.from([]) : createReadStream(file, { start, end: start + entry.compressedSize - 1 });
  const check = createCheck(entry);
  // Its reader receives every failure.
  if (entry.compressionMethod === 8) pipeline(packed, createInflateRaw(), check, () => {});
  else pipeline(packed, check, () => {});
  return check;
}

function createCheck({ uncompressedSize, crc32: wanted }: ZipEntry): Transform {
  let bytes = 0;
  let sum = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.byteLength;
      sum = crc32(chunk, sum);
      if (bytes > uncompressedSize) done(new Error("more bytes than declared"));
      else done(null, chunk);
    },
    flush(done) {
      if (bytes !== uncompressedSize || sum !== wanted) done(new Error("checksum mismatch"));
      else done();
    },
  });
}
